"""Systems that run on request: what is asked for is done once, and an asset is up to date without it."""

from pathlib import Path

import pytest

from dam.core.errors import DecodeError
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.ocr_component import OcrComponent
from dam.services.components import ecs
from dam.services.ingest.run_systems import read_words, run_systems
from dam.services.library import Library
from dam.services.processes.limits import NO_LIMITS
from dam.services.processes.pool import Pool
from dam.systems.system import System, all_systems, system
from tests.services.conftest import MakeImage, UseSystems, ingest_all

POOL = Pool(0, NO_LIMITS)


def reader(version: int = 1, *, works: bool = True) -> System:
    @system(kinds={Kind.IMAGE, Kind.DOCUMENT}, produces=OcrComponent, version=version, on_request=True)
    def ocr(_sample: Sample) -> OcrComponent:
        if not works:
            raise DecodeError("too dark")
        return OcrComponent(text=f"words {version}", confidence=0.9, boxes=[], is_cut=False)

    return ocr


@pytest.fixture
def others() -> list[System]:
    return [each for each in all_systems() if each.name in ("image_dimensions", "document_text")]


def words(library: Library, entity_id: int) -> str | None:
    with library.read() as session:
        found = ecs.get_component(session, entity_id, OcrComponent)
        return found.text if found else None


def read(library: Library, *ids: int) -> list[tuple[int, tuple[str, ...]]]:
    return [(update.entity_id, update.ran) for update in read_words(library, ids, POOL)]


def test_it_runs_only_when_asked_for_and_once(
    each_library: Library, make_image: MakeImage, use_systems: UseSystems, others: list[System]
) -> None:
    use_systems(*others, reader())
    picture = make_image("a.png")
    [outcome] = ingest_all(each_library, picture)
    asset = outcome.entity_id or 0
    assert words(each_library, asset) is None
    assert list(run_systems(each_library)) == []
    assert read(each_library, asset) == [(asset, ("ocr",))]
    assert words(each_library, asset) == "words 1"
    assert read(each_library, asset) == []
    assert list(run_systems(each_library)) == []
    ingest_all(each_library, picture)
    assert words(each_library, asset) == "words 1"


def test_a_new_version_runs_when_it_is_asked_for(
    library: Library, make_image: MakeImage, use_systems: UseSystems, others: list[System]
) -> None:
    use_systems(*others, reader())
    [outcome] = ingest_all(library, make_image("a.png"))
    asset = outcome.entity_id or 0
    read(library, asset)
    use_systems(*others, reader(2))
    assert [update.ran for update in run_systems(library)] in ([], [()])
    assert words(library, asset) == "words 1"
    assert read(library, asset) == [(asset, ("ocr",))]
    assert words(library, asset) == "words 2"


def test_other_systems_leave_it_alone(
    library: Library, make_image: MakeImage, use_systems: UseSystems, others: list[System]
) -> None:
    use_systems(reader())
    [outcome] = ingest_all(library, make_image("a.png"))
    asset = outcome.entity_id or 0
    read(library, asset)
    use_systems(*others, reader())
    assert [update.ran for update in run_systems(library)] == [("image_dimensions",)]
    assert words(library, asset) == "words 1"
    assert read(library, asset) == []


def test_a_failure_is_recorded_and_can_be_retried(
    library: Library, make_image: MakeImage, use_systems: UseSystems, others: list[System]
) -> None:
    use_systems(*others, reader(works=False))
    [outcome] = ingest_all(library, make_image("a.png"))
    asset = outcome.entity_id or 0
    [update] = read_words(library, [asset], POOL)
    assert update.error == "too dark"
    assert read(library, asset) == []
    use_systems(*others, reader())
    [again] = run_systems(library, retry_failed=True)
    assert again.ran == ("ocr",)
    assert words(library, asset) == "words 1"
    assert list(run_systems(library, retry_failed=True)) == []


def test_only_images_and_pdfs_are_read(
    library: Library, use_systems: UseSystems, others: list[System], tmp_path: Path
) -> None:
    use_systems(*others, reader())
    (tmp_path / "a.txt").write_text("a text")
    [outcome] = ingest_all(library, tmp_path / "a.txt")
    assert read(library, outcome.entity_id or 0) == []
