from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagehash
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import delete
from sqlalchemy.orm import Session

from dam.core.errors import DecodeError, UnreadableFileError
from dam.media.images.signature import HASHES
from dam.media.images.transforms import Transform, transform_image
from dam.models import ImageLumaComponent, component_classes
from dam.services.catalogue.pairs import put_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.processes.isolated import START_METHOD
from dam.services.similar.explain import Judgement, explain
from dam.services.similar.image_query import Query, read_queries, read_query
from dam.services.similar.image_search import find_similar, search_images
from dam.services.similar.options import Agreement, ImageOptions
from tests.services.conftest import MakeImage, ingest_all

many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
COMPUTED: dict[str, Callable[[Image.Image], Any]] = {
    "phash": imagehash.phash,
    "ahash": imagehash.average_hash,
    "dhash": imagehash.dhash,
}
ANY = ImageOptions(agreement=Agreement.ANY)
TABLES: dict[str, Any] = {
    kind.component_name().rpartition("_")[2]: kind for kind in component_classes() if "hash" in kind.__name__
}


def test_the_same_distances_as_imagehash(each_library: Library, make_image: MakeImage) -> None:
    photos = [make_image(f"in/{seed}.png", seed=seed) for seed in range(8)]
    photos += [make_image("in/0.jpg", seed=0, size=(100, 75), quality=60)]
    ids = {outcome.entity_id: Path(outcome.path) for outcome in ingest_all(each_library, *photos)}
    query = photos[0]
    with each_library.read() as session:
        found = find_similar(session, read_query(query), ImageOptions(dict.fromkeys(HASHES, 64)))
    assert len(found) == len(photos)
    for match in found:
        with Image.open(ids[match.entity_id]) as one, Image.open(query) as other:
            assert match.distances == {name: compute(one) - compute(other) for name, compute in COMPUTED.items()}
    assert [match.identical for match in found] == [True] + [False] * 8
    distances = [[away for away in match.distances.values() if away is not None] for match in found]
    nearness = [(min(of_one), sum(of_one)) for of_one in distances]
    assert nearness == sorted(nearness)


def test_a_resized_recompressed_copy_finds_its_original(library: Library, make_image: MakeImage) -> None:
    original, other = make_image("original.png"), make_image("other.png", seed=2)
    [first, _] = ingest_all(library, original, other)
    with library.read() as session:
        [match] = find_similar(session, read_query(make_image("copy.jpg", size=(160, 120), quality=50)), ImageOptions())
    assert (match.entity_id, match.identical) == (first.entity_id, False)


@many
@given(
    stored=st.lists(st.dictionaries(st.sampled_from(sorted(HASHES)), st.integers(0, 2**64 - 1)), max_size=8),
    wanted=st.fixed_dictionaries({name: st.integers(0, 2**64 - 1) for name in HASHES}),
    thresholds=st.dictionaries(st.sampled_from(sorted(HASHES)), st.integers(0, 64), min_size=1),
)
def test_equals_brute_force(
    db_session: Session, stored: list[dict[str, int]], wanted: dict[str, int], thresholds: dict[str, int]
) -> None:
    with db_session.begin_nested() as example:
        ids = ecs.add_entities(db_session, len(stored))
        for entity_id, hashes in zip(ids, stored, strict=True):
            for name, bits in hashes.items():
                db_session.add(TABLES[name](entity_id=entity_id, hash_value=f"{bits:016x}"))
        db_session.flush()
        query = Query("0" * 64, {name: f"{bits:016x}" for name, bits in wanted.items()})
        found = {
            match.entity_id: dict(match.distances)
            for match in find_similar(db_session, query, ImageOptions(thresholds, Agreement.ANY))
        }
        example.rollback()
    distances = {
        entity_id: {name: (hashes[name] ^ wanted[name]).bit_count() if name in hashes else None for name in HASHES}
        for entity_id, hashes in zip(ids, stored, strict=True)
    }
    near = {
        entity_id: away
        for entity_id, away in distances.items()
        if any((far := away[name]) is not None and far <= most for name, most in thresholds.items())
    }
    assert found == near


@pytest.mark.parametrize("transform", Transform)
def test_a_turned_or_mirrored_copy_is_found_and_said_to_be_one(
    library: Library, make_image: MakeImage, transform: Transform
) -> None:
    original = make_image("original.png")
    with Image.open(original) as image:
        transform_image(image, transform).save(original.with_name("turned.png"))
    [added, _] = ingest_all(library, original.with_name("turned.png"), make_image("other.png", seed=2))
    with library.read() as session:
        [match] = find_similar(session, read_query(original, transforms=True), ImageOptions())
        unturned = find_similar(session, read_query(original), ImageOptions())
    assert (match.entity_id, match.transform) == (added.entity_id, transform)
    assert set(match.distances.values()) == {0}
    assert bool(unturned) == (transform is Transform.NONE)


@pytest.mark.parametrize(
    ("agreement", "found"), [(Agreement.ANY, 3), (Agreement.MAJORITY, 2), (Agreement.ALL, 1)], ids=str
)
@pytest.mark.parametrize("rows", [1, 10**6], ids=["scanned", "looked up"])
def test_as_many_hashes_must_agree_as_are_asked_for(
    db_session: Session, agreement: Agreement, found: int, rows: int
) -> None:
    ids = ecs.add_entities(db_session, 4)
    for near, entity_id in enumerate(ids):
        for place, name in enumerate(("ahash", "dhash", "phash")):
            row = TABLES[name](entity_id=entity_id, hash_value=f"{0 if place < near else 2**64 - 1:016x}")
            db_session.add(row)
            row.id = rows + near
    db_session.flush()
    query = Query("0" * 64, dict.fromkeys(HASHES, "0" * 16))
    matches = find_similar(db_session, query, ImageOptions(agreement=agreement))
    assert [match.entity_id for match in matches] == ids[:0:-1][:found]
    assert find_similar(db_session, query, ImageOptions(agreement=agreement), limit=1) == matches[:1]


def blank(path: Path, level: int, size: tuple[int, int] = (300, 200)) -> Path:
    Image.new("L", size, level).save(path)
    return path


def test_plain_pictures_are_similar_to_nothing_but_themselves(library: Library, tmp_path: Path) -> None:
    first, *_ = ingest_all(library, *(blank(tmp_path / f"{level}.png", level) for level in (255, 254, 0)))
    with library.read() as session:
        matches = find_similar(session, read_query(tmp_path / "255.png"), ImageOptions())
        [everything, *_] = resembling = find_similar(
            session, read_query(tmp_path / "255.png"), ImageOptions({"phash": 64})
        )
    assert [(match.entity_id, match.identical) for match in matches] == [(first.entity_id, True)]
    assert (everything.identical, len(resembling)) == (True, 3)


def test_plain_pictures_match_those_with_the_same_pixels_in_another_format(library: Library, tmp_path: Path) -> None:
    query, twin, other = (blank(tmp_path / name, level) for name, level in (("q.png", 9), ("t.bmp", 9), ("o.bmp", 8)))
    found = ingest_all(library, twin, other)
    [asked] = search_images(library, list(read_queries([str(query)])), ImageOptions())
    assert [each.match.entity_id for each in asked.found] == [found[0].entity_id]
    with library.read() as session:
        judged = [
            explain(session, str(query), str(path), ImageOptions(), store=library.store) for path in (twin, other)
        ]
    assert [each.judgement for each in judged] == [Judgement.IDENTICAL, Judgement.NOT_SIMILAR]


def test_a_second_look_tells_pictures_apart_whose_hashes_are_near(library: Library, make_image: MakeImage) -> None:
    [one, other] = ingest_all(library, make_image("one.png"), make_image("other.png", seed=2))
    query = read_query(make_image("copy.jpg", quality=80))
    with library.write() as session:
        for table in TABLES.values():  # as if all three hashes had collided
            ecs.put_rows(session, table, [{"entity_id": other.entity_id, "hash_value": "0" * 16}])
        by_hashes = Query(query.sha256, dict.fromkeys(HASHES, "0" * 16))
        assert [match.entity_id for match in find_similar(session, by_hashes, ImageOptions())] == [other.entity_id]
        assert find_similar(session, replace(by_hashes, luma=query.luma), ImageOptions()) == []
        session.execute(delete(ImageLumaComponent))  # as before a run of today's systems
        assert len(find_similar(session, replace(by_hashes, luma=query.luma), ImageOptions())) == 1
    assert one.entity_id != other.entity_id


def test_the_verdict_on_an_image_of_the_library_comes_first(library: Library, make_image: MakeImage) -> None:
    photo = make_image("photo.png")
    ids = [
        each.entity_id or 0
        for each in ingest_all(library, photo, make_image("copy.jpg"), make_image("more.jpg", quality=60))
    ]
    with library.write() as session:
        assert len(find_similar(session, read_query(photo), ImageOptions())) == len(ids)
        put_verdict(session, (ids[0], ids[1]), Verdict.UNRELATED)
        left = {match.entity_id for match in find_similar(session, read_query(photo), ImageOptions())}
    assert left == {ids[0], ids[2]}


def test_many_queries_get_the_answers_that_each_gets_alone(library: Library, make_image: MakeImage) -> None:
    folder = make_image("in/0.png", seed=0).parent
    for seed in range(1, 6):
        make_image(f"in/{seed}.png", seed=seed)
    (folder / "notes.txt").write_text("no image")
    ingest_all(library, folder)
    asked = list(read_queries([str(folder), str(folder / "3.png"), "missing.png"]))
    together = search_images(library, asked, ImageOptions())
    alone = [search_images(library, [each], ImageOptions())[0] for each in asked]
    assert together == alone
    assert [Path(each.path).name for each in together] == [
        *(f"{seed}.png" for seed in range(6)),
        "3.png",
        "missing.png",
    ]
    assert [len(each.found) for each in together] == [1] * 7 + [0]
    assert together[-1].error
    assert "missing.png" in together[-1].error
    assert read_query(folder / "3.png").sha256 == together[3].found[0].asset.sha256


@pytest.mark.parametrize("name", ["missing.png", ".", "note.txt", "half.png", "empty.png", "raw.dng"])
def test_what_cannot_be_a_query_is_named(make_image: MakeImage, tmp_path: Path, name: str) -> None:
    whole = make_image("whole.png").read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").touch()
    (tmp_path / "note.txt").write_text("note")
    make_image("raw.tiff").rename(tmp_path / "raw.dng")
    with pytest.raises((UnreadableFileError, DecodeError)) as caught:
        read_query(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.skipif(START_METHOD != "fork", reason="a worker that is spawned has the real function")
def test_a_query_that_vanishes_while_it_is_read(make_image: MakeImage, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = make_image("photo.png")

    def media_type(*_: object) -> str:
        photo.unlink()
        return "image/png"

    monkeypatch.setattr("dam.services.similar.features.media_type", media_type)
    with pytest.raises(UnreadableFileError, match=r"photo\.png"):
        read_query(photo)
