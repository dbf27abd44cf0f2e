from pathlib import Path

import imagehash
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy.orm import Session

from dam.core.errors import DecodeError, UnreadableFileError
from dam.models import component_classes
from dam.services import ecs
from dam.services.image_query import HASHES, Query, read_query
from dam.services.library import Library
from dam.services.similar_images import find_similar
from tests.services.conftest import MakeImage, ingest_all

many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
COMPUTED = {"phash": imagehash.phash, "ahash": imagehash.average_hash, "dhash": imagehash.dhash}
EQUAL = {"phash": 4, "ahash": 4, "dhash": 4}
TABLES = {kind.component_name().rpartition("_")[2]: kind for kind in component_classes() if "hash" in kind.__name__}


def test_the_same_distances_as_imagehash(each_library: Library, make_image: MakeImage) -> None:
    photos = [make_image(f"in/{seed}.png", seed=seed) for seed in range(8)]
    photos += [make_image("in/0.jpg", seed=0, size=(100, 75), quality=60)]
    ids = {outcome.entity_id: Path(outcome.path) for outcome in ingest_all(each_library, *photos)}
    query = photos[0]
    with each_library.read() as session:
        found = find_similar(session, read_query(query), dict.fromkeys(HASHES, 64))
    assert len(found) == len(photos)
    for match in found:
        with Image.open(ids[match.entity_id]) as one, Image.open(query) as other:
            assert match.distances == {name: compute(one) - compute(other) for name, compute in COMPUTED.items()}
    assert [match.identical for match in found] == [True] + [False] * 8
    nearness = [(min(match.distances.values()), sum(match.distances.values())) for match in found]
    assert nearness == sorted(nearness)


def test_a_resized_recompressed_copy_finds_its_original(library: Library, make_image: MakeImage) -> None:
    original, other = make_image("original.png"), make_image("other.png", seed=2)
    [first, _] = ingest_all(library, original, other)
    with library.read() as session:
        [match] = find_similar(session, read_query(make_image("copy.jpg", size=(160, 120), quality=50)), EQUAL)
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
                db_session.add(TABLES[name](entity_id=entity_id, hash_value=f"{bits:016x}"))  # type: ignore[call-arg]
        db_session.flush()
        query = Query("0" * 64, {name: f"{bits:016x}" for name, bits in wanted.items()})
        found = {match.entity_id: dict(match.distances) for match in find_similar(db_session, query, thresholds)}
        example.rollback()
    distances = {
        entity_id: {name: (hashes[name] ^ wanted[name]).bit_count() if name in hashes else None for name in HASHES}
        for entity_id, hashes in zip(ids, stored, strict=True)
    }
    assert found == {
        entity_id: away
        for entity_id, away in distances.items()
        if any(name in stored[ids.index(entity_id)] and away[name] <= most for name, most in thresholds.items())
    }


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


def test_a_query_that_vanishes_while_it_is_read(make_image: MakeImage, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = make_image("photo.png")

    def media_type(*_: object) -> str:
        photo.unlink()
        return "image/png"

    monkeypatch.setattr("dam.services.image_query.media_type", media_type)
    with pytest.raises(UnreadableFileError, match=r"photo\.png"):
        read_query(photo)
