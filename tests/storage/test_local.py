"""What only the store in a folder promises: its layout, its temporary files, its quarantine."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.core.errors import ForeignStoreError, StoreError, UsageError
from dam.services.file_storage import get_file_path, store_file
from dam.storage.flaw import CHUNK_BYTES, OTHER_CONTENT, Flaw, FlawKind
from dam.storage.local import LocalBlobStore
from dam.storage.modes import Mode
from tests.storage.test_conformance import key_of, put, staged


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalBlobStore]:
    store = LocalBlobStore(tmp_path / "store")
    store.write_marker("an-id")
    yield store
    store.close()


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_the_layout_and_the_mode(store: LocalBlobStore) -> None:
    key = put(store, b"x")
    path = store.root / key[:2] / key[2:4] / key
    assert store.path(key) == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert files_below(store.root) == {"dam-library-id", str(path.relative_to(store.root))}


def test_store_file_and_get_file_path(store: LocalBlobStore) -> None:
    key = store_file(b"bytes", "name.txt", store)
    assert (key, store_file(b"bytes", "other.txt", store)) == (key_of(b"bytes"), key)
    path = get_file_path(key, store)
    assert path is not None
    assert path.read_bytes() == b"bytes"
    assert get_file_path("0" * 64, store) is None


def test_what_is_staged_lies_below_tmp_and_goes_at_close(store: LocalBlobStore) -> None:
    staged(store, b"x").discard()
    assert files_below(store.root / "tmp") == set()
    blob = staged(store, b"y")
    assert len(files_below(store.root / "tmp")) == 1
    store.close()
    blob.discard()
    assert list((store.root / "tmp").iterdir()) == []


def test_a_closed_store_can_stage_again(store: LocalBlobStore) -> None:
    store.close()
    put(store, b"x")


def test_temporary_files_are_swept_once_their_owner_is_dead_and_not_before(store: LocalBlobStore) -> None:
    program = (
        "import sys; from pathlib import Path; from dam.storage.local import LocalBlobStore\n"
        f"blob = LocalBlobStore(Path({str(store.root)!r})).stage(); blob.write(b'left over')\n"
        "print(blob.path, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        left = Path(owner.stdout.readline().decode().strip())
        store.close()
        put(store, b"while it lives")
        assert left.exists()
        owner.kill()
        owner.wait()
    assert left.exists()
    store.close()
    put(store, b"once it is dead")
    assert not left.exists()
    assert not left.parent.exists()


def test_two_processes_that_set_a_blob_aside_take_two_numbers(
    store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store.path(put(store, b"whole"))
    assert path
    path.chmod(0o600)
    path.write_bytes(b"WHOLE")
    link = os.link

    def after_another(source: str, target: str) -> None:
        monkeypatch.setattr(os, "link", link)
        Path(target).write_bytes(b"of another process")
        link(source, target)

    monkeypatch.setattr(os, "link", after_another)
    put(store, b"whole")
    kept = {file.read_bytes() for file in (store.root / "quarantine").iterdir()}
    assert kept == {b"of another process", b"WHOLE"}


def test_a_damaged_blob_goes_to_the_quarantine_each_time(store: LocalBlobStore) -> None:
    key = key_of(b"whole")
    for damage in (b"wh", b"who"):
        store.publish({key: staged(store, b"whole")})
        path = store.path(key)
        assert path
        path.unlink()
        path.write_bytes(damage)
    store.publish({key: staged(store, b"whole")})
    kept = sorted((store.root / "quarantine").iterdir())
    assert [(path.name, path.read_bytes()) for path in kept] == [(f"{key}.1", b"wh"), (f"{key}.2", b"who")]
    assert store.size(key) == 5
    assert list(store.keys()) == [key]


def test_keys_are_those_of_blobs_and_of_nothing_else(store: LocalBlobStore) -> None:
    key = put(store, b"x")
    for stray in ("ab", "zz/00/notes.txt", f"{key[:2]}/{key[2:4]}/.DS_Store", f"{key[:2]}/x", f"00/00/{key}"):
        path = store.root / stray
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("stray")
    assert list(store.keys()) == [key]


def test_the_marker_tells_whose_store_it_is(store: LocalBlobStore) -> None:
    store.write_marker("an-id")
    store.check_marker("an-id")
    with pytest.raises(ForeignStoreError, match="another-id"):
        store.check_marker("another-id")
    with pytest.raises(ForeignStoreError):
        store.write_marker("another-id")


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_a_marker_is_not_the_store(tmp_path: Path, *, exists: bool) -> None:
    if exists:
        (tmp_path / "unmounted").mkdir()
    with pytest.raises(ForeignStoreError, match="mounted"):
        LocalBlobStore(tmp_path / "unmounted").check_marker("an-id")


def test_a_marker_that_is_no_text_is_named(store: LocalBlobStore) -> None:
    (store.root / "dam-library-id").unlink()
    (store.root / "dam-library-id").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="dam-library-id"):
        store.check_marker("an-id")


def test_an_error_names_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match=str(tmp_path / "file")):
        LocalBlobStore(tmp_path / "file").stage()


def test_a_bad_descriptor_is_a_store_error(store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, os.strerror(5))

    blob = staged(store, b"x")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match="Input/output error"):
        store.publish({key_of(b"x"): blob})
    monkeypatch.undo()
    blob.discard()
    assert list(store.keys()) == []


@given(key=st.one_of(st.text(), st.sampled_from(["../../etc/passwd", "/etc/passwd", "a" * 64 + "\n", "A" * 64])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bad_key_touches_no_file(tmp_path: Path, key: str) -> None:
    class Untouchable(LocalBlobStore):
        @property
        def root(self) -> Path:
            raise AssertionError("touched")

        @root.setter
        def root(self, value: Path) -> None:
            pass

    store = Untouchable(tmp_path)
    with pytest.raises(UsageError):
        get_file_path(key, store)
    with pytest.raises(UsageError):
        store.open(key)


def test_a_file_system_without_hard_links(store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: object) -> None:
        raise PermissionError(1, os.strerror(1))

    key = key_of(b"whole")
    store.publish({key: staged(store, b"WHOLE")})
    monkeypatch.setattr(os, "link", refuse)
    store.publish({key: staged(store, b"whole")})
    assert [path.read_bytes() for path in (store.root / "quarantine").iterdir()] == [b"WHOLE"]
    assert store.flaw(key, 5, content=True) is None


def test_the_flaws_of_a_file(store: LocalBlobStore, tmp_path: Path) -> None:
    key = put(store, b"whole")
    path = store.path(key)
    assert path
    assert store.flaw(key, 5, apart_from=path.stat()) == Flaw(FlawKind.SAME_FILE, "is the same file as the source")
    os.link(path, tmp_path / "other name")
    assert getattr(store.flaw(key, 5), "kind", None) is FlawKind.LINKED
    (tmp_path / "other name").unlink()
    path.chmod(0o644)
    flaw = store.flaw(key, 5, content=True)
    assert flaw
    assert (flaw.kind, flaw.is_damage) == (FlawKind.WRITABLE, False)
    # The file system seems to keep no modes as soon as the marker shows that, too; then one looks
    (store.root / "dam-library-id").chmod(0o644)
    assert store.flaw(key, 5) == store.flaw(key, 5, content=b"whole") == flaw
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(os, "chmod", lambda *_: None)
        assert store.flaw(key, 5) is None


def test_a_link_on_purpose_has_no_flaw_until_something_is_deleted(store: LocalBlobStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"whole")
    key = key_of(b"whole")
    store.publish({key: store.stage_shared(str(source), Mode.HARDLINK)})
    assert (store.root / "links" / key[:2] / key).exists()
    assert store.flaw(key, 5, content=True) is None
    assert getattr(store.flaw(key, 5, apart_from=tmp_path.stat()), "kind", None) is FlawKind.LINKED
    store.publish({key: store.stage_shared(str(source), Mode.HARDLINK)})
    assert files_below(store.root / "tmp") == set()
    store.publish({key: staged(store, b"whole")})
    assert not (store.root / "links" / key[:2] / key).exists()
    path = store.path(key)
    assert path
    assert not path.samefile(source)


def test_a_link_in_the_place_of_a_blob(store: LocalBlobStore, tmp_path: Path) -> None:
    key = put(store, b"whole")
    path = store.path(key)
    assert path
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert getattr(store.flaw(key, 5), "kind", None) is FlawKind.NO_FILE
    assert (store.size(key), store.path(key)) == (None, None)
    with pytest.raises(StoreError):
        store.open(key)


def test_a_blob_of_several_chunks_is_compared_with_bytes(store: LocalBlobStore) -> None:
    content = os.urandom(2 * CHUNK_BYTES + 5)
    key = put(store, content)
    assert store.flaw(key, len(content), content=content) is None
    other = bytearray(content)
    other[-1] ^= 1
    assert store.flaw(key, len(content), content=bytes(other)) == OTHER_CONTENT
