"""The contract of dam/storage/blob_store.py, for every implementation."""

import hashlib
import pickle
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.core.errors import ForeignStoreError, LockedError, StoreError, UsageError
from dam.storage import store_lock
from dam.storage.blob_store import BlobStore, StagedBlob
from dam.storage.flaw import FlawKind
from dam.storage.local import LocalBlobStore
from dam.storage.memory import MemoryBlobStore

STORES: dict[str, Callable[[Path], BlobStore]] = {
    "local": LocalBlobStore,
    "memory": lambda _folder: MemoryBlobStore(),
}
ABSENT = "0" * 64


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    (tmp_path / "store").mkdir()
    store = STORES[request.param](tmp_path / "store")
    yield store
    store.close()


def key_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def staged(store: BlobStore, data: bytes) -> StagedBlob:
    blob = store.stage()
    blob.write(data)
    return blob


def put(store: BlobStore, data: bytes) -> str:
    store.publish({key_of(data): staged(store, data)})
    return key_of(data)


def read(store: BlobStore, key: str) -> bytes:
    with store.open(key) as blob:
        return blob.read()


@pytest.mark.parametrize("data", [b"", b"x", b"\0" * 100_000], ids=["empty", "one byte", "more than a page"])
def test_published_bytes_come_back(store: BlobStore, data: bytes) -> None:
    key = put(store, data)
    assert (read(store, key), store.size(key), list(store.keys())) == (data, len(data), [key])


def test_writes_append(store: BlobStore) -> None:
    blob = store.stage()
    for piece in (b"one ", b"", b"two"):
        blob.write(piece)
    assert blob.size == 7
    with blob.open() as written:
        assert written.read() == b"one two"
    store.publish({key_of(b"one two"): blob})
    assert read(store, key_of(b"one two")) == b"one two"


def test_what_is_staged_is_invisible_until_it_is_published(store: BlobStore) -> None:
    blob = staged(store, b"x")
    assert (store.size(key_of(b"x")), store.path(key_of(b"x")), list(store.keys())) == (None, None, [])
    blob.discard()
    blob.discard()
    assert list(store.keys()) == []


def test_a_discard_after_publishing_does_nothing(store: BlobStore) -> None:
    blob = staged(store, b"x")
    store.publish({key_of(b"x"): blob})
    blob.discard()
    assert read(store, key_of(b"x")) == b"x"


def test_stagings_do_not_meet(store: BlobStore) -> None:
    first, second = store.stage(), store.stage()
    first.write(b"1")
    second.write(b"2")
    store.publish({key_of(b"2"): second, key_of(b"1"): first})
    assert (read(store, key_of(b"1")), read(store, key_of(b"2"))) == (b"1", b"2")


def test_publishing_twice_keeps_the_blob(store: BlobStore) -> None:
    assert put(store, b"x") == put(store, b"x")
    assert list(store.keys()) == [key_of(b"x")]


def test_a_blob_of_another_size_is_replaced(store: BlobStore) -> None:
    key = key_of(b"whole")
    store.publish({key: staged(store, b"wh")})
    store.publish({key: staged(store, b"whole")})
    assert read(store, key) == b"whole"


def test_a_sound_blob_has_no_flaw(store: BlobStore) -> None:
    key = put(store, b"whole")
    assert store.flaw(key, 5) is None
    assert store.flaw(key, 5, content=True) is None
    assert store.flaw(key, 5, content=b"whole") is None


def test_the_flaws_that_every_store_can_have(store: BlobStore) -> None:
    key = key_of(b"whole")
    store.publish({key: staged(store, b"WHOLE")})
    flaws = [store.flaw(ABSENT, 1), store.flaw(key, 4), store.flaw(key, 5, content=True)]
    flaws += [store.flaw(ABSENT, 1, content=b"w"), store.flaw(key, 4, content=b"whol")]
    flaws += [store.flaw(key, 5, content=b"whole")]
    assert [flaw and flaw.kind for flaw in flaws] == [FlawKind.MISSING, FlawKind.SIZE, FlawKind.CONTENT] * 2
    assert all(flaw and flaw.is_damage for flaw in flaws)
    assert store.flaw(key, 5) is None  # it has not been read


def test_publishing_heals_other_bytes_of_the_same_size(store: BlobStore) -> None:
    key = key_of(b"whole")
    for content, healed in ((b"WHOLE", None), (b"whole", "has a content that does not match its digest")):
        blob = staged(store, content)
        store.publish({key: blob})
        assert blob.healed == healed
    assert read(store, key) == b"whole"


def test_vouching_needs_the_blob(store: BlobStore) -> None:
    store.publish({put(store, b"x"): None})
    with pytest.raises(StoreError):
        store.publish({ABSENT: None})


def test_what_is_absent(store: BlobStore) -> None:
    assert (store.size(ABSENT), store.path(ABSENT)) == (None, None)
    with pytest.raises(StoreError):
        store.open(ABSENT)


def test_keys_ascend(store: BlobStore) -> None:
    keys = [put(store, bytes([number])) for number in range(40)]
    assert list(store.keys()) == sorted(keys)


def test_a_path_is_that_of_a_file_with_the_bytes(store: BlobStore) -> None:
    path = store.path(put(store, b"x"))
    assert path is None or path.read_bytes() == b"x"


def test_a_removed_blob_is_gone(store: BlobStore) -> None:
    key, other = put(store, b"x"), put(store, b"other")
    with store.alone():
        assert store.remove(key) == 1
        assert store.remove(key) == 0
        assert store.remove(ABSENT) == 0
        with pytest.raises(UsageError):
            store.remove("../x")
    assert list(store.keys()) == [other]
    assert put(store, b"x") == key


def test_what_is_removed_while_the_store_is_in_use_waits(store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_lock, "MAX_USE_SECONDS", 0)
    with store.in_use(), store.in_use():
        if store.root:
            with pytest.raises(LockedError, match="ingest"), store.alone():
                pass
    with store.alone():
        pass


def test_the_clock_is_that_of_publishing(store: BlobStore) -> None:
    before = store.clock()
    assert before <= store.published_at(put(store, b"x")) <= store.clock()


def test_closing_twice_is_fine(store: BlobStore) -> None:
    put(store, b"x")
    store.close()
    store.close()


def test_publish_checks_every_key_before_it_touches_anything(store: BlobStore) -> None:
    blob = staged(store, b"x")
    with pytest.raises(UsageError):
        store.publish({key_of(b"x"): blob, "../x": None})
    blob.discard()
    assert list(store.keys()) == []


@given(key=st.one_of(st.text(), st.from_regex(r"[0-9a-fA-F./]{0,70}"), st.sampled_from(["A" * 64, "a" * 63 + "\n"])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bad_key_is_a_usage_error_everywhere(store: BlobStore, key: str) -> None:
    if len(key) == 64 and set(key) <= set("0123456789abcdef"):
        return
    for use in (
        store.size,
        store.open,
        store.path,
        lambda key: store.flaw(key, 1),
        lambda key: store.publish({key: None}),
    ):
        with pytest.raises(UsageError):
            use(key)


def test_a_file_has_the_bytes_and_other_processes_can_read_it(store: BlobStore) -> None:
    key = put(store, b"content")
    for _ in range(2):
        assert subprocess.check_output(["cat", store.file(key)]) == b"content"
    with pytest.raises(StoreError):
        store.file(ABSENT)


def test_what_a_worker_staged_is_published_here(store: BlobStore) -> None:
    worker = pickle.loads(pickle.dumps(store))
    blob = staged(worker, b"from elsewhere")
    blob.finish()
    store.publish({key_of(b"from elsewhere"): pickle.loads(pickle.dumps(blob))})
    assert read(store, key_of(b"from elsewhere")) == b"from elsewhere"


def test_the_age_of_a_blob_and_of_the_processes_that_put_some_in(store: BlobStore) -> None:
    assert store.unsettled_since() is None
    key = put(store, b"x")
    since = store.unsettled_since()
    assert since is not None
    assert store.published_at(key) >= since
    with pytest.raises(StoreError):
        store.published_at(ABSENT)
    store.close()
    assert store.unsettled_since() is None


def test_a_sweep_leaves_what_the_living_stage(store: BlobStore) -> None:
    blob = staged(store, b"x")
    store.sweep()
    store.publish({key_of(b"x"): blob})
    assert read(store, key_of(b"x")) == b"x"


def test_the_marker_tells_whose_store_it_is(store: BlobStore) -> None:
    with pytest.raises(ForeignStoreError):
        store.check_marker("an-id")
    for _ in range(2):
        store.write_marker("an-id")
    store.check_marker("an-id")
    for use in (store.check_marker, store.write_marker):
        with pytest.raises(ForeignStoreError):
            use("another")
    assert list(store.keys()) == []


def test_what_is_in_the_cache_folder_is_no_blob(store: BlobStore) -> None:
    folder = store.cache_folder() / "thumbnails"
    folder.mkdir(parents=True)
    (folder / ABSENT).write_bytes(b"x")
    assert list(store.keys()) == []
    assert store.size(ABSENT) is None
