"""What is similar to a file: its own content first, then by the method of its kind."""

import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from dam.core.errors import DecodeError, UnreadableFileError, UsageError
from dam.media.kinds import Kind
from dam.services.catalogue.pairs import put_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.hamming.arrays import TABLES
from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from dam.services.similar import methods
from dam.services.similar.method import all_methods, method_of, methods_of_parts
from dam.services.similar.search import SearchResult, find_similar
from tests.services.conftest import spoil

MakeImage = Callable[..., Path]


def found(answer: SearchResult) -> list[tuple[int, str]]:
    return [(each.asset.entity_id, each.match.method) for each in answer.found]


@pytest.fixture
def pictures(library: Library, make_image: MakeImage) -> list[Path]:
    """Three of the same picture, and another one, which are assets 1 to 4."""
    paths = [make_image(f"{width}.png", size=(width, width * 3 // 4)) for width in (400, 200, 100)]
    paths.append(make_image("other.png", seed=2))
    list(ingest(library, [str(path) for path in paths], []))
    return paths


def test_its_own_content_comes_first(library: Library, pictures: list[Path], make_image: MakeImage) -> None:
    answer = find_similar(library, str(pictures[1]))
    assert found(answer)[0] == (2, "content")
    assert sorted(found(answer)[1:]) == [(1, "perceptual_hash"), (3, "perceptual_hash")]
    scores = [each.match.score for each in answer.found]
    assert scores == sorted(scores, reverse=True)
    assert answer.error is None
    new = find_similar(library, str(make_image("new.jpg", size=(300, 225))))
    assert {method for _, method in found(new)} == {"perceptual_hash"}
    assert sorted(entity_id for entity_id, _ in found(new)) == [1, 2, 3]


def test_an_asset_by_its_id_or_hash(library: Library, pictures: list[Path]) -> None:
    by_path = find_similar(library, str(pictures[0]))
    assert found(find_similar(library, "1")) == found(by_path)
    assert found(find_similar(library, by_path.file.sha256[:10])) == found(by_path)
    pictures[0].unlink()
    assert found(find_similar(library, str(pictures[0]))) == found(by_path)  # it came from there


@pytest.mark.usefixtures("pictures")
def test_bounds(library: Library) -> None:
    assert found(find_similar(library, "2", limit=1)) == [(2, "content")]
    assert len(find_similar(library, "2", limit=2).found) == 2
    assert found(find_similar(library, "2", min_score=1.0))[0] == (2, "content")
    assert all(each.match.score >= 0.99 for each in find_similar(library, "2", min_score=0.99).found)


def test_strangers_whose_hashes_are_near_are_verified(library: Library, pictures: list[Path]) -> None:
    """An empty digest was looked up among the hashes: every candidate had it, and counted as identical."""
    with library.write() as session:
        tables: list[Any] = list(TABLES.values())
        for table in tables:  # as if all three hashes had collided
            [of_one] = session.scalars(select(table.hash_value).where(table.entity_id == 1))
            session.execute(update(table).where(table.entity_id == 4).values(hash_value=of_one))
    assert sorted(entity_id for entity_id, _ in found(find_similar(library, str(pictures[0])))) == [1, 2, 3]


def test_plain_pictures_are_found_by_their_pixels(library: Library, tmp_path: Path) -> None:
    for name, level in (("white.png", 255), ("white.bmp", 255), ("grey.png", 200)):
        Image.new("L", (64, 48), level).save(tmp_path / name)
        list(ingest(library, [str(tmp_path / name)], []))
    assert found(find_similar(library, "1")) == [(1, "content"), (2, "perceptual_hash")]


def test_turned_and_mirrored_copies(library: Library, pictures: list[Path], tmp_path: Path) -> None:
    for name, method in (("mirrored", Image.Transpose.FLIP_LEFT_RIGHT), ("turned", Image.Transpose.ROTATE_270)):
        with Image.open(pictures[0]) as opened:
            opened.transpose(method).save(tmp_path / f"{name}.png")
        list(ingest(library, [str(tmp_path / f"{name}.png")], []))
    assert {entity_id for entity_id, _ in found(find_similar(library, "1"))} == {1, 2, 3}
    answer = find_similar(library, "1", transforms=True)
    matches = {each.asset.entity_id: each.match for each in answer.found}
    done = {entity_id: match.details["transform"] for entity_id, match in matches.items() if match.details}
    assert done == {2: "none", 3: "none", 5: "mirrored", 6: "rotated-90"}
    assert "once mirrored" in matches[5].reason
    assert matches[6].score > 0.9


@pytest.mark.usefixtures("pictures")
def test_verdicts_come_first(library: Library) -> None:
    with library.write() as session:
        put_verdict(session, (1, 2), Verdict.UNRELATED)
    assert found(find_similar(library, "1")) == [(1, "content"), (3, "perceptual_hash")]


def test_what_cannot_be_compared(library: Library, tmp_path: Path) -> None:
    for name, content, reason in [
        ("damaged.png", b"\x89PNG\r\n\x1a\n" + b"?" * 100, "cannot be decoded"),
        ("unknown", bytes(range(256)), "nothing can be compared"),
        ("empty", b"", "nothing can be compared"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        answer = find_similar(library, str(path))
        assert isinstance(answer.error, DecodeError)
        assert (found(answer), reason in str(answer.error), str(path) in str(answer.error)) == ([], True, True)
        list(ingest(library, [str(path)], []))
        assert [method for _, method in found(find_similar(library, str(path)))] == ["content"]


@pytest.mark.usefixtures("pictures")
def test_what_cannot_be_read(library: Library, tmp_path: Path) -> None:
    for reference in ("no such file", "12345", str(tmp_path), "abcdef0123"):
        with pytest.raises(UnreadableFileError):
            find_similar(library, reference)
    for key in list(library.store.keys()):
        spoil(library, key)
    with pytest.raises(UnreadableFileError, match="entity 1: the blob is missing"):
        find_similar(library, "1")
    with pytest.raises(UsageError):
        find_similar(library, ambiguous(library))


def ambiguous(library: Library) -> str:
    """A prefix that two hashes have: of two made-up contents."""
    with library.write() as session:
        from dam.models.content_hash_md5_component import ContentHashMd5Component
        from dam.services.components import ecs

        for entity_id in ecs.add_entities(session, 2):
            row = {"entity_id": entity_id, "hash_value": f"{'ab' * 8}{entity_id:016x}"}
            ecs.put_rows(session, ContentHashMd5Component, [row])
    return "ab" * 8


def test_the_methods_are_found_by_discovery() -> None:
    modules = {module.name for module in pkgutil.iter_modules(methods.__path__)}
    assert {method.kind.value for method in all_methods()} == modules == set(Kind) - {Kind.OTHER, Kind.SIDECAR}
    assert method_of(Kind.OTHER) is None
    assert [method.name for method in methods_of_parts(Kind.VIDEO)] == ["audio_fingerprint"]
    assert methods_of_parts(Kind.AUDIO) == []
