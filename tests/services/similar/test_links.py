from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dam.models import Entity, ImageLumaComponent, LinkRecord, SimilarPairComponent
from dam.services.catalogue.pairs import in_order, put_verdict, remove_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.hamming.near_pairs import find_near
from dam.services.ingest.run_systems import run_systems
from dam.services.library import Library
from dam.services.similar import links as link_similar
from dam.services.similar.links import Linked
from dam.services.similar.options import ImageOptions
from dam.systems.system import all_systems
from tests.services.conftest import MakeImage, UseSystems, ingest_all


def link(library: Library, options: ImageOptions | None = None) -> Linked:
    return link_similar.link_similar(library, options)


def pairs(library: Library) -> set[tuple[int, int]]:
    table = SimilarPairComponent
    with library.read() as session:
        return set(map(tuple, session.execute(select(table.entity_id, table.other_entity_id))))


def add(library: Library, *paths: Path) -> list[int]:
    return [outcome.entity_id or 0 for outcome in ingest_all(library, *paths)]


@pytest.fixture
def copies(make_image: MakeImage) -> list[Path]:
    """Three pictures, and a copy of each."""
    originals = [make_image(f"{seed}.png", seed=seed) for seed in range(3)]
    return originals + [make_image(f"{seed}.jpg", seed=seed, size=(200, 150), quality=60) for seed in range(3)]


def test_only_what_is_new_is_compared(each_library: Library, copies: list[Path]) -> None:
    a, b, c, a2 = add(each_library, *copies[:4])
    assert link(each_library) == Linked(4, 0, 1, {})
    assert link(each_library) == Linked(0, 0, 0, {})
    b2, c2 = add(each_library, *copies[4:])
    assert link(each_library) == Linked(2, 0, 2, {})
    assert pairs(each_library) == {(a, a2), (b, b2), (c, c2)}
    assert link(each_library, ImageOptions({"phash": 2})).compared == 6
    with each_library.read() as session:
        [row] = ecs.get_components(session, a, SimilarPairComponent)
        assert ecs.values_of(row) == {"other_entity_id": a2, "method": "phash", "distance": 0, "transform": "none"}


def test_what_only_its_hash_calls_similar_is_not_linked(library: Library, copies: list[Path], tmp_path: Path) -> None:
    for level in (100, 150):
        Image.new("L", (64, 64), level).save(tmp_path / f"{level}.png")
    _, other = add(library, copies[0], copies[3])
    add(library, tmp_path / "100.png", tmp_path / "150.png")
    with library.write() as session:  # as if another picture had the hashes of this
        luma = ImageLumaComponent
        [before] = session.scalars(select(luma.luma).where(luma.entity_id == other))
        session.execute(update(luma).where(luma.entity_id == other).values(luma=before[::-1]))
    assert link(library) == Linked(4, 2, 0, {"different": 1})
    assert not pairs(library)


def test_hashes_alone_count_until_the_luma_is_there(
    library: Library, copies: list[Path], use_systems: UseSystems
) -> None:
    todays = all_systems()
    use_systems(*(system for system in todays if system.name != "image_luma"))
    one, other = add(library, copies[0], copies[3])
    assert link(library) == Linked(2, 0, 1, {})
    use_systems(*todays)
    assert [update.ran for update in run_systems(library)] == [("image_luma",)] * 2
    assert link(library) == Linked(2, 0, 1, {})
    assert pairs(library) == {(one, other)}
    with library.write() as session:  # a system of another version would do this
        session.execute(update(ImageLumaComponent).where(ImageLumaComponent.entity_id == one).values(luma=bytes(256)))
        session.execute(delete(LinkRecord))
    assert link(library) == Linked(2, 1, 0, {"plain": 1})
    assert not pairs(library)


def test_a_verdict_comes_before_hashes(library: Library, copies: list[Path]) -> None:
    pair = in_order(*add(library, copies[0], copies[3]))
    with library.write() as session:
        put_verdict(session, pair, Verdict.UNRELATED)
    assert link(library) == Linked(2, 0, 0, {"unrelated": 1})
    with library.write() as session:
        remove_verdict(session, pair)
    assert link(library).pairs == 1
    with library.write() as session:
        put_verdict(session, pair, Verdict.UNRELATED)
    assert not pairs(library)
    with library.write() as session:
        put_verdict(session, pair, Verdict.ALTERNATE)
    assert link(library).pairs == 1
    assert pairs(library) == {pair}


@pytest.mark.parametrize("written", range(6))
def test_an_interrupted_run_is_continued(
    library: Library, copies: list[Path], monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    add(library, *copies)
    write = link_similar._write

    def write_some(session: Session, **named: Any) -> None:
        nonlocal written
        if not written:
            raise KeyboardInterrupt
        written -= 1
        write(session, **named)

    monkeypatch.setattr(link_similar, "BATCH", 1)
    with monkeypatch.context() as patch:
        patch.setattr(link_similar, "_write", write_some)
        with pytest.raises(KeyboardInterrupt):
            link(library)
    assert len(pairs(library)) <= 3
    link(library)
    assert len(pairs(library)) == 3
    assert link(library).compared == 0


def test_what_others_write_meanwhile_is_compared_by_the_next_run(
    library: Library, copies: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, b, c, a2 = add(library, *copies[:4])
    later: list[int] = []

    def meanwhile(*arguments: Any) -> Any:
        found = find_near(*arguments)
        later.extend(add(library, *copies[4:]))
        with library.write() as session:
            ecs.delete_entity(session, a2)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(link_similar, "find_near", meanwhile)
        assert link(library).compared == 4
    assert not pairs(library)
    assert link(library) == Linked(2, 0, 2, {})
    assert pairs(library) == {(b, later[0]), (c, later[1])}


def test_nothing_to_link(library: Library, tmp_path: Path) -> None:
    (tmp_path / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"?" * 100)
    (tmp_path / "text.txt").write_text("no picture")
    add(library, tmp_path / "damaged.png", tmp_path / "text.txt")
    assert link(library) == link(library) == Linked(0, 0, 0, {})
    with library.read() as session:
        assert len(session.scalars(select(Entity.id)).all()) == 2
