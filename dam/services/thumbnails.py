"""Thumbnails of assets: a cache that may be deleted at any time.

They are files `thumbnails/<size>/ab/<sha256>.jpg` in the store's folder for caches. What none could be made of has a
`.failed` file with the reason instead, so that `run-systems --thumbnails` does not try it every time.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from dam.core.errors import DamError, DecodeError, InputError, MissingExtraError, StoreError, UnreadableFileError
from dam.media.files.source import open_source
from dam.media.sample import Sample
from dam.media.thumbnails.thumbnail import SIZE, thumbnail, thumbnail_obstacle
from dam.services.catalogue.asset_states import AssetState, states_after, states_by_id
from dam.services.catalogue.content import find_content
from dam.services.ingest.run_systems import PAGE, Update
from dam.services.library import Library
from dam.services.processes.alone import run_alone
from dam.services.processes.limits import in_time
from dam.services.processes.pool import Pool
from dam.services.processes.request import Request
from dam.storage.local_staging import naming

FOLDER = "thumbnails"
NOTHING_TO_SHOW = "it carries no picture of itself"
END = b"\xff\xd9"
"""How a whole JPEG ends: files are not flushed, and may have lost their content in a power cut."""


@dataclass(frozen=True)
class Thumbnail:
    """An asset's thumbnail."""

    entity_id: int
    sha256: str
    media_type: str
    path: str
    size: int
    """The most pixels of the longer side."""


@dataclass(frozen=True)
class Drawn:
    """A thumbnail as a JPEG, empty where the content carries no picture of itself; or why none can be made."""

    content: bytes = b""
    error: DamError | None = None


@dataclass(frozen=True)
class DrawThumbnail(Request[Drawn]):
    """A thumbnail to make of a content."""

    media_type: str
    longer_side: int

    def run(self) -> Drawn:
        """Decode the content and draw it."""
        try:
            with open_source(self.path, linking=True), in_time():
                return Drawn(thumbnail(Sample.of_file(self.path, self.media_type), self.longer_side))
        except (InputError, MissingExtraError) as exc:
            return Drawn(error=exc)

    def give_up(self, reason: str) -> Drawn:
        """Say why there is none."""
        return Drawn(error=DecodeError(reason))


def make_thumbnail(library: Library, entity_id: int, size: int = SIZE, output: Path | None = None) -> Thumbnail:
    """Return an asset's thumbnail, from the cache or made now; with `output`, write it there too and name that.

    Raises:
        DecodeError: the content cannot be decoded, or there are no thumbnails of such content.
        MissingExtraError: that takes an extra.
        UnreadableFileError: the content is missing.

    """
    with library.read() as session:
        [known] = states_by_id(session, [entity_id])
        place = _place(library, known.sha256, size)
        content = None if _is_whole(place) else _draw(session, library, known, size)
    if content is not None:
        _write(place, content)
        with suppress(FileNotFoundError):
            place.with_suffix(".failed").unlink()
    if output is not None:
        try:
            _write_atomically(output, place.read_bytes())
        except OSError as exc:
            raise UnreadableFileError(f"{output}: cannot be written: {exc.strerror or exc}") from exc
    return Thumbnail(entity_id, known.sha256, known.media_type, os.path.abspath(output or place), size)


def _draw(session: Session, library: Library, known: AssetState, size: int) -> bytes:
    """Make a thumbnail in a process of its own."""
    try:
        if hindered := thumbnail_obstacle(known.media_type):
            raise hindered.error
        path = find_content(session, library.store, known)
        drawn = run_alone(DrawThumbnail(path, known.size, known.media_type, size))
        if drawn.error:
            raise drawn.error
    except (InputError, MissingExtraError) as exc:
        raise type(exc)(f"entity {known.entity_id}: {exc}") from exc
    if not drawn.content:
        raise DecodeError(f"entity {known.entity_id}: {NOTHING_TO_SHOW}")
    return drawn.content


def make_missing(library: Library, pool: Pool, size: int = SIZE) -> Iterator[Update]:
    """Make a thumbnail of every asset that there is none of, and yield what became of it, once it is there.

    What there are no thumbnails of is passed over, as documents without a picture of themselves are, and so is what
    none could be made of before.
    """
    last = 0
    while True:
        with library.read() as session:
            page = states_after(session, last, PAGE)
            lacking = [known for known in page if _is_lacking(library, known, size)]
            items: list[DrawThumbnail | Update] = [_job(session, library, known, size) for known in lacking]
        if not page:
            return
        last = page[-1].entity_id
        results: Iterator[Update | Drawn] = pool.map(items)
        for known, result in zip(lacking, results, strict=True):
            if update := _keep(library, known, result, size):
                yield update


def _is_lacking(library: Library, known: AssetState, size: int) -> bool:
    hindered = thumbnail_obstacle(known.media_type)
    if hindered and not hindered.missing:
        return False
    place = _place(library, known.sha256, size)
    return not place.with_suffix(".failed").exists() and not _is_whole(place)


def _job(session: Session, library: Library, known: AssetState, size: int) -> DrawThumbnail | Update:
    """Say how to make a thumbnail, or why that is not possible."""
    if hindered := thumbnail_obstacle(known.media_type):
        return Update(known.entity_id, known.sha256, known.media_type, known.size, obstacle=hindered.text)
    try:
        path = find_content(session, library.store, known)
    except (StoreError, UnreadableFileError) as exc:
        return Update(known.entity_id, known.sha256, known.media_type, known.size, error=str(exc))
    return DrawThumbnail(path, known.size, known.media_type, size)


def _keep(library: Library, known: AssetState, result: Update | Drawn, size: int) -> Update | None:
    """Put a thumbnail into the cache, or the reason why there is none; None where that is no fault."""
    if isinstance(result, Update):
        return result
    place = _place(library, known.sha256, size)
    about = partial(Update, known.entity_id, known.sha256, known.media_type, known.size)
    if result.error:
        _write(place.with_suffix(".failed"), str(result.error).encode(errors="backslashreplace"))
        return about(ran=("thumbnail",), error=f"no thumbnail: {result.error}")
    if not result.content:
        _write(place.with_suffix(".failed"), NOTHING_TO_SHOW.encode())
        return None
    _write(place, result.content)
    return about(ran=("thumbnail",))


def _place(library: Library, sha256: str, size: int) -> Path:
    return library.store.cache_folder() / FOLDER / str(size) / sha256[:2] / f"{sha256}.jpg"


def _is_whole(place: Path) -> bool:
    """Tell whether there is a thumbnail at a place."""
    try:
        with place.open("rb") as file:
            file.seek(-len(END), os.SEEK_END)
            return file.read() == END
    except OSError:
        return False


def _write(place: Path, content: bytes) -> None:
    with naming(place):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_atomically(place, content)


def _write_atomically(place: Path, content: bytes) -> None:
    """Write a file under another name, and give it its own."""
    temporary = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        temporary.write_bytes(content)
        temporary.replace(place)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
