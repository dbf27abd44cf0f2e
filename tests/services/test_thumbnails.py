"""The cache of thumbnails: made when it is needed, never trusted too far, and gone without loss."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from dam.core.errors import DecodeError, StoreError, UnreadableFileError, UsageError
from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from dam.services.processes.limits import Limits
from dam.services.processes.pool import Pool
from dam.services.thumbnails import make_missing, make_thumbnail
from dam.services.verify.findings import IntactAsset
from dam.services.verify.verify import verify
from tests.media.documents import DOCUMENTS
from tests.services.conftest import spoil

MEGABYTE = 1024 * 1024


@pytest.fixture
def picture(library: Library, make_image: Callable[..., Path]) -> Path:
    """A picture that is asset 1."""
    path = make_image("in/picture.png")
    list(ingest(library, [str(path)], []))
    return path


@pytest.fixture
def here() -> Pool:
    return Pool(0, Limits(0, 0))


@pytest.mark.usefixtures("picture")
def test_on_demand(library: Library, tmp_path: Path) -> None:
    made = make_thumbnail(library, 1, 64)
    place = Path(made.path)
    assert place.is_relative_to(library.store.cache_folder() / "thumbnails/64")
    with Image.open(place) as opened:
        assert opened.size == (64, 48)
    before = place.stat().st_ino
    assert make_thumbnail(library, 1, 64) == made
    assert place.stat().st_ino == before

    place.write_bytes(place.read_bytes()[:-10])  # as after a power cut
    copy = make_thumbnail(library, 1, 64, tmp_path / "copy.jpg")
    assert copy.path == str(tmp_path / "copy.jpg")
    assert place.read_bytes() == Path(copy.path).read_bytes()
    with pytest.raises(UnreadableFileError, match="cannot be written"):
        make_thumbnail(library, 1, 64, tmp_path / "no folder/copy.jpg")


@pytest.mark.usefixtures("picture")
def test_all_that_are_missing(library: Library, here: Pool, make_image: Callable[..., Path]) -> None:
    damaged = make_image("in/damaged.png", seed=2)
    damaged.write_bytes(damaged.read_bytes()[:300])
    (damaged.parent / "words.txt").write_text("no picture")
    list(ingest(library, [str(damaged.parent)], []))
    updates = list(make_missing(library, here, 32))
    assert [(update.entity_id, update.error is None) for update in updates] == [(1, True), (2, False)]
    assert list(make_missing(library, here, 32)) == []
    with pytest.raises(DecodeError, match="entity 2: "):
        make_thumbnail(library, 2, 32)
    with pytest.raises(DecodeError, match="there are no thumbnails of text/plain"):
        make_thumbnail(library, 3, 32)

    shutil.rmtree(library.store.cache_folder() / "thumbnails")
    assert [update.entity_id for update in make_missing(library, here, 32)] == [1, 2]


def test_documents_with_and_without_a_picture(library: Library, here: Pool) -> None:
    list(ingest(library, [str(DOCUMENTS / name) for name in ("rivers.docx", "rivers.odt")]))
    assert [(update.entity_id, update.error) for update in make_missing(library, here, 32)] == [(2, None)]
    assert list(make_missing(library, here, 32)) == []
    with pytest.raises(DecodeError, match="entity 1: it carries no picture of itself"):
        make_thumbnail(library, 1, 32)


@pytest.mark.usefixtures("picture")
def test_nobody_else_sees_the_cache(library: Library) -> None:
    make_thumbnail(library, 1, 64)
    assert [type(found) for found in verify(library, content=True)] == [IntactAsset]
    assert len(list(library.store.keys())) == 1
    assert {path.parent.name for path in library.store.cache_folder().rglob("*.jpg")} == {
        next(library.store.keys())[:2]
    }


def test_a_lost_worker_costs_one_thumbnail(library: Library, make_image: Callable[..., Path]) -> None:
    large, small = make_image("large.bmp", size=(9000, 9000)), make_image("small.png")
    list(ingest(library, [str(large), str(small)], []))
    pool = Pool(1, Limits(seconds=3600, memory_bytes=400 * MEGABYTE))
    try:
        errors = {update.entity_id: update.error for update in make_missing(library, pool, 32)}
    finally:
        pool.close()
    assert errors[2] is None
    assert "memory" in (errors[1] or "")


@pytest.mark.usefixtures("picture")
def test_what_cannot_be_read(library: Library, here: Pool) -> None:
    cache = library.store.cache_folder()
    cache.mkdir(exist_ok=True)
    (cache / "thumbnails").write_text("in the way")
    with pytest.raises(StoreError):
        make_thumbnail(library, 1)
    for key in list(library.store.keys()):
        spoil(library, key)
    with pytest.raises(UnreadableFileError, match="entity 1: the blob is missing"):
        make_thumbnail(library, 1)
    assert "missing" in (next(make_missing(library, here)).error or "")


@pytest.mark.parametrize("size", [0, 15, 4097, 10**9])
def test_a_size_out_of_bounds_is_refused(library: Library, size: int) -> None:
    with pytest.raises(UsageError, match=str(size)):
        make_thumbnail(library, 1, size)
