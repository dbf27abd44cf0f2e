from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dam.core.errors import DeadlockError, DecodeError
from dam.media.images import decoding as image
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models import DimensionsComponent, ImagePerceptualHashPhashComponent, SystemFailureComponent, SystemSet
from dam.services.components import ecs
from dam.services.ingest import writer
from dam.services.ingest.run_systems import PAGE, bytes_to_read, run_systems
from dam.services.library import Library
from dam.systems.system import System, all_systems, system
from tests.services.conftest import MakeImage, UseSystems, ingest_all, spoil


def measure(version: int, *, works: bool = True) -> System:
    @system(kinds={Kind.IMAGE}, produces=DimensionsComponent, version=version)
    def measured(_sample: Sample) -> DimensionsComponent:
        if not works:
            raise DecodeError(f"failed in version {version}")
        return DimensionsComponent(width=version, height=version)

    return measured


def width(library: Library, entity_id: int | None) -> int | None:
    with library.read() as session:
        found = ecs.get_component(session, entity_id or 0, DimensionsComponent)
        return found.width if found else None


def failures(library: Library) -> list[str]:
    with library.read() as session:
        return list(session.scalars(select(SystemFailureComponent.reason)))


def test_a_library_that_is_up_to_date_needs_nothing(library: Library, make_image: MakeImage) -> None:
    assert list(run_systems(library)) == []
    ingest_all(library, make_image("a.png").parent / "a.png")
    assert list(run_systems(library)) == []


def test_what_another_process_writes_at_once_is_written_again(
    library: Library, make_image: MakeImage, use_systems: UseSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = all_systems()
    use_systems()
    [outcome] = ingest_all(library, make_image("a.png"))
    use_systems(*ours)
    write = writer.write_analyses
    stumble = iter([DeadlockError(""), IntegrityError("", {}, Exception())])

    def write_and_stumble(session: Session, *arguments: Any, **more: Any) -> None:
        write(session, *arguments, **more)
        if error := next(stumble, None):
            raise error

    monkeypatch.setattr(writer, "write_analyses", write_and_stumble)
    assert [update.entity_id for update in run_systems(library)] == [outcome.entity_id]
    assert list(run_systems(library)) == []
    assert width(library, outcome.entity_id) == 320


def test_what_is_missing_is_filled_in_once(
    each_library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    ours = all_systems()
    use_systems()
    [outcome] = ingest_all(each_library, make_image("a.png", size=(30, 20)))
    assert width(each_library, outcome.entity_id) is None

    use_systems(*ours)
    [update] = run_systems(each_library)
    assert update.entity_id == outcome.entity_id
    assert update.ran == tuple(system.name for system in ours if Kind.IMAGE in system.kinds and not system.on_request)
    assert update.error is None
    assert width(each_library, outcome.entity_id) == 30
    assert list(run_systems(each_library)) == []


def test_only_systems_of_another_version_run_again(
    each_library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    phash = [system for system in all_systems() if system.name == "image_phash"]
    use_systems(measure(1), *phash)
    [outcome] = ingest_all(each_library, make_image("a.png"))
    use_systems(measure(2), *phash)
    [update] = run_systems(each_library)
    assert update.ran == ("measured",)
    assert width(each_library, outcome.entity_id) == 2
    assert list(run_systems(each_library)) == []
    with each_library.read() as session:
        assert ecs.get_component(session, update.entity_id, ImagePerceptualHashPhashComponent)
        assert session.scalar(select(func.count()).select_from(SystemSet)) == 2


def test_ingesting_again_also_brings_up_to_date(
    library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    use_systems(measure(1))
    photo = make_image("a.png")
    [outcome] = ingest_all(library, photo)
    use_systems(measure(2))
    ingest_all(library, photo)
    assert width(library, outcome.entity_id) == 2
    assert list(run_systems(library)) == []


def test_a_failure_is_recorded_once_and_goes_when_it_works(
    each_library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    use_systems(measure(1, works=False))
    [outcome] = ingest_all(each_library, make_image("a.png"))
    assert list(run_systems(each_library)) == []

    use_systems(measure(2, works=False))
    [update] = run_systems(each_library)
    assert update.error == "failed in version 2"
    assert failures(each_library) == ["failed in version 2"]
    assert update.size > 0

    use_systems(measure(3))
    [update] = run_systems(each_library)
    assert update.error is None
    assert failures(each_library) == []
    assert width(each_library, outcome.entity_id) == 3


def test_what_an_earlier_version_said_goes_when_a_later_one_fails_or_says_nothing(
    each_library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    use_systems(measure(1))
    [outcome] = ingest_all(each_library, make_image("a.png"))
    use_systems(measure(2, works=False))
    list(run_systems(each_library))
    assert width(each_library, outcome.entity_id) is None

    use_systems(measure(3))
    list(run_systems(each_library))
    assert width(each_library, outcome.entity_id) == 3

    def measured(_sample: Sample) -> None:
        """Say nothing."""

    use_systems(replace(measure(4), run=measured))
    assert bytes_to_read(each_library) == outcome.size
    list(run_systems(each_library))
    assert bytes_to_read(each_library) == 0
    assert width(each_library, outcome.entity_id) is None


def test_more_assets_than_a_page(library: Library, tmp_path: Path, use_systems: UseSystems) -> None:
    @system(kinds={Kind.DOCUMENT}, produces=DimensionsComponent, version=1)
    def counted(sample: Sample) -> DimensionsComponent:
        with sample.open_content() as content:
            return DimensionsComponent(width=int(content.read()), height=0)

    for number in range(2 * PAGE + 1):
        (tmp_path / f"{number}.txt").write_text(str(number))
    outcomes = ingest_all(library, *(tmp_path / f"{number}.txt" for number in range(2 * PAGE + 1)))
    use_systems(counted)
    updates = list(run_systems(library))
    assert [update.entity_id for update in updates] == [outcome.entity_id for outcome in outcomes]
    assert [width(library, update.entity_id) for update in updates] == list(range(2 * PAGE + 1))


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_blob_that_is_not_right_is_reported_and_not_recorded(
    library: Library, make_image: MakeImage, use_systems: UseSystems, damage: str
) -> None:
    use_systems(measure(1))
    [bad, good] = ingest_all(library, make_image("bad.png"), make_image("good.png", seed=2))
    spoil(library, bad.sha256, b"\x89PNG\r\n\x1a\n" if damage == "truncated" else None)

    use_systems(measure(2))
    [first, second] = run_systems(library)
    assert (first.entity_id, first.ran) == (bad.entity_id, ())
    assert first.error
    assert (second.entity_id, second.error) == (good.entity_id, None)
    assert failures(library) == []

    ingest_all(library, make_image("again/bad.png"))
    assert width(library, bad.entity_id) == 2


def test_without_the_image_libraries_fingerprints_wait(
    library: Library, make_image: MakeImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_image("a.png", size=(30, 20))
    with monkeypatch.context() as patch:
        patch.setattr(image, "installed", lambda: False)
        [outcome] = ingest_all(library, photo)
        assert outcome.status == "added"
        assert "the extra `" in (outcome.obstacle or "")
        assert ingest_all(library, photo)[0].status == "unchanged"
        assert [update.obstacle is not None for update in run_systems(library)] == [True]
    assert width(library, outcome.entity_id) is None
    assert [update.error for update in run_systems(library)] == [None]
    assert width(library, outcome.entity_id) == 30


def test_several_components_of_one_system_take_the_place_of_those_before(
    each_library: Library, make_image: MakeImage, use_systems: UseSystems
) -> None:
    def paths(*names: str, version: int) -> System:
        @system(kinds={Kind.IMAGE}, produces=SystemFailureComponent, version=version)
        def several(_sample: Sample) -> list[SystemFailureComponent]:
            return [SystemFailureComponent(system=name, version=version, reason="a row") for name in names]

        return several

    use_systems(paths("one", "two", "three", version=1))
    [outcome] = ingest_all(each_library, make_image("a.png"))
    use_systems(paths("two", "four", version=2))
    [_] = run_systems(each_library)
    with each_library.read() as session:
        rows = ecs.get_components(session, outcome.entity_id or 0, SystemFailureComponent)
        assert [(row.system, row.version) for row in rows] == [("two", 2), ("four", 2)]


def test_an_asset_that_is_removed_for_good_meanwhile(
    each_library: Library, make_image: MakeImage, use_systems: UseSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows would refer to no asset."""
    use_systems(measure(1))
    gone, kept = [
        outcome.entity_id for outcome in ingest_all(each_library, make_image("a.png"), make_image("b.png", seed=2))
    ]
    use_systems(measure(2))
    write_again = Library.write_again

    def remove_first(library: Library, work: Any) -> Any:
        with library.write() as session:
            ecs.delete_entity(session, gone or 0)
        return write_again(library, work)

    monkeypatch.setattr(Library, "write_again", remove_first)
    assert {update.entity_id for update in run_systems(each_library)} == {gone, kept}
    assert (width(each_library, gone), width(each_library, kept)) == (None, 2)
