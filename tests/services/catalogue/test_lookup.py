import contextlib
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError, UnreadableFileError, UsageError
from dam.models import ContentHashMd5Component, ContentHashSha256Component
from dam.services.catalogue.lookup import checked_hash, find_asset, find_by_file, find_by_hash, find_one_asset
from dam.services.components import ecs
from dam.services.library import Library
from tests.services.conftest import ingest_all

many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def add_hashes(session: Session, sha256: str, md5: str) -> int:
    [entity_id] = ecs.add_entities(session, 1)
    session.add(ContentHashSha256Component(entity_id=entity_id, hash_value=sha256.ljust(64, "0")))
    session.add(ContentHashMd5Component(entity_id=entity_id, hash_value=md5.ljust(32, "0")))
    session.flush()
    return entity_id


def test_by_hash_and_by_prefix(each_library: Library) -> None:
    with each_library.write() as session:
        first = add_hashes(session, "aaaaaaaa1", "bbbbbbbb1")
        second = add_hashes(session, "aaaaaaaa2", "aaaaaaaa3")
        third = add_hashes(session, "ffffffffff", "ffffffffff")
    with each_library.read() as session:
        assert find_by_hash(session, "aaaaaaaa1".ljust(64, "0")) == [first]
        assert find_by_hash(session, "bbbbbbbb1".ljust(32, "0")) == [first]
        assert find_by_hash(session, "aaaaaaaa") == [first, second]
        assert find_by_hash(session, "aaaaaaaa2") == [second]
        assert find_by_hash(session, "aaaaaaaa", "md5") == [second]
        assert find_by_hash(session, "bbbbbbbb", "sha256") == []
        assert find_by_hash(session, "ffffffff") == [third]
        assert find_by_hash(session, "aaaaaaab") == find_by_hash(session, "99999999") == []


@many
@given(digests=st.lists(st.binary(min_size=32, max_size=32), unique=True, max_size=6), data=st.data())
def test_a_prefix_finds_what_begins_with_it(db_session: Session, digests: list[bytes], data: st.DataObject) -> None:
    alike = b"\xff\x00\x80\x7f"
    hashes = [(alike[: index % 5] + digest)[:32].hex() for index, digest in enumerate(digests)]
    with db_session.begin_nested() as example:
        entities = {sha256: add_hashes(db_session, sha256, "0") for sha256 in set(hashes)}
        prefix = data.draw(st.sampled_from([*hashes, "ff00807f" * 8]))[: data.draw(st.integers(8, 64))]
        found = find_by_hash(db_session, prefix, "sha256")
        example.rollback()
    assert found == sorted(entity_id for sha256, entity_id in entities.items() if sha256.startswith(prefix))


@pytest.mark.parametrize("text", ["ABCDEF0123", " abcd ef01\t23\n", "abcdef0123"])
def test_case_and_white_space_are_forgiven(text: str) -> None:
    assert checked_hash(text) == "abcdef0123"


@pytest.mark.parametrize(
    ("text", "hash_type"),
    [
        ("", None),
        ("abcdef0", None),
        ("0" * 65, None),
        ("0" * 33, "md5"),
        ("0" * 65, "sha256"),
        ("../../etc/passwd", None),
        ("0x12345678", None),
        ("١٢٣٤٥٦٧٨", None),
        ("1234567\0", None),
        ("g" * 64, None),
    ],
)
def test_what_is_no_hash(text: str, hash_type: str | None) -> None:
    with pytest.raises(UsageError, match="is not a hash"):
        checked_hash(text, hash_type)


@given(text=st.text())
def test_any_text_is_a_hash_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert 8 <= len(checked_hash(text)) <= 64


def test_by_the_content_of_a_file(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "copy").write_text("a")
    (tmp_path / "other").write_text("other")
    [outcome] = ingest_all(library, tmp_path / "a")
    with library.read() as session:
        assert find_by_file(session, tmp_path / "copy") == [outcome.entity_id]
        assert find_by_file(session, tmp_path / "other") == []
        for name in ("missing", "."):
            with pytest.raises(UnreadableFileError) as caught:
                find_by_file(session, tmp_path / name)
            assert str(tmp_path / name) in str(caught.value)


def test_an_asset_by_whatever_it_is_called(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("a")
    (tmp_path / "deadbeef").write_text("a")
    [outcome] = ingest_all(library, "a")
    sha256 = hashlib.sha256(b"a").hexdigest()
    with library.read() as session:
        for name in (str(outcome.entity_id), sha256, sha256[:8].upper(), outcome.md5, "a", "./a", "deadbeef"):
            assert name
            assert find_one_asset(session, name) == outcome.entity_id
        (tmp_path / "a").unlink()
        assert find_one_asset(session, str(tmp_path / "a")) == outcome.entity_id


@pytest.mark.parametrize(
    "name", ["", "7", "99999999", "9" * 30, "missing", "x" * 300, "/" * 5000, "a\0b", "\udcff", "-1", "%", "~", "."]
)
def test_what_the_library_does_not_have(each_library: Library, name: str) -> None:
    with each_library.read() as session, pytest.raises(NotFoundError):
        find_one_asset(session, name)


def test_a_path_that_had_several_contents_is_ambiguous(library: Library, tmp_path: Path) -> None:
    for content in ("before", "and after"):
        (tmp_path / "a").write_text(content)
        ingest_all(library, tmp_path / "a")
    (tmp_path / "a").unlink()
    with library.read() as session:
        several = find_asset(session, str(tmp_path / "a"))
        assert len(several) == 2
        with pytest.raises(UsageError, match=f"{several[0]}, {several[1]}"):
            find_one_asset(session, str(tmp_path / "a"))
