"""The contract of dam/storage/manifest.py, for the manifest of every store."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dam.core.errors import StoreError
from dam.storage import local_manifest
from dam.storage.blob_store import BlobStore
from dam.storage.local_manifest import LocalManifest
from dam.storage.manifest import Manifest
from tests.storage.test_conformance import STORES


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    store = STORES[request.param](tmp_path / "store")
    yield store
    store.close()


def content(manifest: Manifest) -> list[bytes]:
    found = []
    for number in manifest.numbers():
        with manifest.open(number) as file:
            found.append(file.read())
    return found


def test_nothing_is_there_before_the_first_append(store: BlobStore) -> None:
    assert list(store.manifest.numbers()) == []
    assert store.marker() is None


def test_what_is_appended_comes_back_in_order(store: BlobStore) -> None:
    with store.manifest.hold():
        store.manifest.append(b"one ")
        store.manifest.append(b"two")
        store.manifest.append(b"three", new_segment=True)
        store.manifest.append(b" four")
    assert list(store.manifest.numbers()) == [1, 2]
    assert content(store.manifest) == [b"one two", b"three four"]
    with pytest.raises(StoreError):
        store.manifest.open(3)


def test_the_manifest_is_no_blob(store: BlobStore) -> None:
    store.write_marker("an-id")
    with store.manifest.hold():
        store.manifest.append(b"x")
    assert list(store.keys()) == []
    assert store.marker() == "an-id"


def test_one_at_a_time_holds_it(store: BlobStore) -> None:
    seen: list[str] = []
    second = threading.Thread(target=lambda: hold_and_note(store, seen))
    with store.manifest.hold():
        second.start()
        second.join(0.05)
        seen.append("first")
    second.join()
    assert seen == ["first", "second"]


def hold_and_note(store: BlobStore, seen: list[str]) -> None:
    with store.manifest.hold():
        seen.append("second")


def test_a_process_that_never_lets_go_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_manifest, "MAX_WAIT", 0.0)
    manifest = LocalManifest(tmp_path / "manifest")
    with (
        manifest.hold(),
        pytest.raises(StoreError, match="held by another process"),
        LocalManifest(tmp_path / "manifest").hold(),
    ):
        pass


def test_a_full_disk_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = LocalManifest(tmp_path / "manifest")
    with manifest.hold():
        manifest.append(b"whole\n")
        write = os.write

        def full(descriptor: int, data: bytes) -> int:
            monkeypatch.setattr(os, "write", fail)
            return write(descriptor, data[:3])

        def fail(*_: object) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(StoreError, match="No space left"):
            manifest.append(b"half a line\n")
    assert content(manifest) == [b"whole\n"]


def test_its_files_are_for_the_user_alone(tmp_path: Path) -> None:
    manifest = LocalManifest(tmp_path / "manifest")
    with manifest.hold():
        manifest.append(b"x")
        (tmp_path / "manifest/left.new").touch()
        manifest.append(b"y", new_segment=True)
    assert not (tmp_path / "manifest/left.new").exists()
    listed = subprocess.check_output(["stat", "-c", "%a", tmp_path / "manifest", *(tmp_path / "manifest").iterdir()])
    assert set(listed.split()) == {b"700", b"600"}
