import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.core.errors import UsageError
from dam.services.file_storage import get_file_path, store_file
from dam.services.library import Library
from dam.storage.memory import MemoryBlobStore
from tests.services.conftest import staged

pytestmark = pytest.mark.local_store
many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(content=st.binary())
def test_stored_bytes_are_found_under_their_digest(library: Library, content: bytes) -> None:
    identifier = store_file(content, "name.bin", library.store)
    assert identifier == hashlib.sha256(content).hexdigest()
    path = get_file_path(identifier, library.store)
    assert path
    assert library.store.root
    assert path == library.store.root / identifier[:2] / identifier[2:4] / identifier
    assert path.read_bytes() == content
    assert staged(library) == []


def test_stored_twice_is_stored_once(library: Library) -> None:
    first = store_file(b"a", "a", library.store)
    path = get_file_path(first, library.store)
    assert path
    inode = path.stat().st_ino
    assert store_file(b"a", "another name", library.store) == first
    assert path.stat().st_ino == inode


def test_a_truncated_blob_is_replaced_and_kept_aside(library: Library) -> None:
    path = get_file_path(store_file(b"whole", "a", library.store), library.store)
    assert path
    path.unlink()
    path.write_bytes(b"wh")
    store_file(b"whole", "a", library.store)
    assert path.read_bytes() == b"whole"
    assert library.store.root
    assert [kept.read_bytes() for kept in (library.store.root / "quarantine").iterdir()] == [b"wh"]


def test_what_is_not_stored_has_no_path(library: Library) -> None:
    assert get_file_path("0" * 64, library.store) is None
    assert get_file_path(store_file(b"a", "a", MemoryBlobStore()), library.store) is None


@pytest.mark.parametrize(
    "wrong",
    ["", "../../etc/passwd", "0" * 63, "0" * 65, "A" * 64, "0" * 63 + "\n", "0" * 63 + "/", "\u0660" * 64, "\0" * 64],
)
def test_a_wrong_identifier_touches_no_file(library: Library, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    def touched(*_args: object, **_more: object) -> None:
        pytest.fail("touched a file")

    with monkeypatch.context() as patch:
        for name in ("stat", "open", "lstat", "mkdir"):
            patch.setattr(os, name, touched)
            patch.setattr(Path, name, touched)
        with pytest.raises(UsageError, match="64 lower-case hexadecimal digits"):
            get_file_path(wrong, library.store)
