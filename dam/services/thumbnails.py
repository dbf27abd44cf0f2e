"""Make and cache thumbnails of assets. The cache may be deleted at any time.

A thumbnail is the file `thumbnails/<size>/ab/<sha256>.jpg` in the cache folder of the store. If it cannot be made, a
`.failed` file records the reason, so that `run-systems --thumbnails` does not try again.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from sqlalchemy.orm import Session

from dam.core.errors import (
    DamError,
    DecodeError,
    InputError,
    MissingExtraError,
    StoreError,
    UnreadableFileError,
    UsageError,
)
from dam.media.files.output import check_output, is_stream, write_output
from dam.media.files.source import open_source
from dam.media.sample import Sample
from dam.media.thumbnails.thumbnail import SIZE, Format, thumbnail, thumbnail_obstacle
from dam.services.catalogue.asset_states import AssetState, states_after, states_by_id
from dam.services.catalogue.content import find_content, is_source
from dam.services.ingest.own_files import OwnFiles
from dam.services.ingest.run_systems import PAGE, Update
from dam.services.library import Library
from dam.services.processes.isolated import run_isolated
from dam.services.processes.limits import time_limit
from dam.services.processes.pool import Pool
from dam.services.processes.request import Request
from dam.storage.local_staging import naming

FOLDER = "thumbnails"
MIN_SIZE, MAX_SIZE = 16, 4096
"""Bounds of a thumbnail's longer side in pixels."""
NOTHING_TO_SHOW = "it carries no picture of itself"
FORMATS = {".jpg": Format.JPEG, ".jpeg": Format.JPEG, ".png": Format.PNG, ".webp": Format.WEBP}
END = b"\xff\xd9"
"""End of a complete JPEG. Thumbnails are not flushed, so a power failure can truncate them."""


@dataclass(frozen=True)
class Thumbnail:
    """The thumbnail of an asset."""

    entity_id: int
    sha256: str
    media_type: str
    path: str
    size: int
    """Maximum length of the longer side, in pixels."""


@dataclass(frozen=True)
class ThumbnailResult:
    """A thumbnail as a JPEG (empty if the content has no embedded picture), or the error."""

    content: bytes = b""
    error: DamError | None = None


@dataclass(frozen=True)
class ThumbnailRequest(Request[ThumbnailResult]):
    """Request to make a thumbnail of a file."""

    media_type: str
    longer_side: int
    format: Format = Format.JPEG

    def run(self) -> ThumbnailResult:
        """Decode the content and make the thumbnail."""
        try:
            with open_source(self.path, linking=True), time_limit():
                sample = Sample.of_file(self.path, self.media_type)
                return ThumbnailResult(thumbnail(sample, self.longer_side, self.format))
        except (InputError, MissingExtraError) as exc:
            return ThumbnailResult(error=exc)

    def give_up(self, reason: str) -> ThumbnailResult:
        """Return the error."""
        return ThumbnailResult(error=DecodeError(reason))


def make_thumbnail(
    library: Library, entity_id: int, size: int = SIZE, output: Path | None = None, *, force: bool = False
) -> Thumbnail:
    """Return the thumbnail of an asset; make it if it is not cached.

    With `output`, write it to that path instead of the cache, in the format of its name, and return that path. An
    existing file is replaced with `force` only, and one of the library never. A pipe or device is written to.

    Raises:
        DecodeError: the content cannot be decoded, or its media type has no thumbnails.
        MissingExtraError: an optional dependency is missing.
        UnreadableFileError: the content is missing, or `output` cannot be written.
        UsageError: the size is out of bounds, or `output` names no format, or what must not be replaced.

    """
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise UsageError(f"a thumbnail of {size} pixels: the size must be {MIN_SIZE} to {MAX_SIZE}")
    format_ = Format.JPEG if output is None else _format_of(output)
    if output is not None:
        _check_output(library, output, force=force)
    with library.read() as session:
        [known] = states_by_id(session, [entity_id])
    place = _place(library, known.sha256, size)
    if format_ is not Format.JPEG:
        content = _draw(library, known, size, format_)
    elif _is_whole(place):
        content = place.read_bytes()
    else:
        content = _draw(library, known, size, format_)
        _write(place, content)
        with suppress(FileNotFoundError):
            place.with_suffix(".failed").unlink()
    if output is not None:
        try:
            write_output(output, content, replace=force)
        except OSError as exc:
            raise UnreadableFileError(f"{output}: cannot be written: {exc.strerror or exc}") from exc
    return Thumbnail(entity_id, known.sha256, known.media_type, os.path.abspath(output or place), size)


def _format_of(output: Path) -> Format:
    """Return the format that a file name stands for."""
    found = FORMATS.get(output.suffix.lower())
    if found is None and not is_stream(output):
        raise UsageError(f"{output}: the name must end in .jpg, .jpeg, .png or .webp, which tells the format")
    return found or Format.JPEG


def _check_output(library: Library, output: Path, *, force: bool) -> None:
    """Check that writing to a path loses nothing; UsageError."""
    if OwnFiles(library).contain(str(output)):
        raise UsageError(f"{output} belongs to the library itself")
    check_output(output, replace=force)
    if force and output.is_file():
        with library.read() as session:
            if is_source(session, output):
                raise UsageError(f"{output} is a source of the library, and is not replaced")


def _draw(library: Library, known: AssetState, size: int, format_: Format) -> bytes:
    """Make a thumbnail in a worker process. No transaction is open while it decodes."""
    try:
        if hindered := thumbnail_obstacle(known.media_type):
            raise hindered.error
        with library.read() as session:
            path = find_content(session, library.store, known)
        drawn = run_isolated(ThumbnailRequest(path, known.size, known.media_type, size, format_))
        if drawn.error:
            raise drawn.error
    except (InputError, MissingExtraError) as exc:
        raise type(exc)(f"entity {known.entity_id}: {exc}") from exc
    if not drawn.content:
        raise DecodeError(f"entity {known.entity_id}: {NOTHING_TO_SHOW}")
    return drawn.content


def make_missing(library: Library, pool: Pool, size: int = SIZE) -> Iterator[Update]:
    """Make the missing thumbnails, and yield an update for each.

    Assets are skipped if their media type has no thumbnails, if they have no embedded picture, or if an earlier
    attempt failed.
    """
    last = 0
    while True:
        with library.read() as session:
            page = states_after(session, last, PAGE)
            lacking = [known for known in page if _is_lacking(library, known, size)]
            items: list[ThumbnailRequest | Update] = [_job(session, library, known, size) for known in lacking]
        if not page:
            return
        last = page[-1].entity_id
        results: Iterator[Update | ThumbnailResult] = pool.map(items)
        for known, result in zip(lacking, results, strict=True):
            if update := _keep(library, known, result, size):
                yield update


def _is_lacking(library: Library, known: AssetState, size: int) -> bool:
    hindered = thumbnail_obstacle(known.media_type)
    if hindered and not hindered.missing:
        return False
    place = _place(library, known.sha256, size)
    return not place.with_suffix(".failed").exists() and not _is_whole(place)


def _job(session: Session, library: Library, known: AssetState, size: int) -> ThumbnailRequest | Update:
    """Return the request for a thumbnail, or an update with the error."""
    if hindered := thumbnail_obstacle(known.media_type):
        return Update(known.entity_id, known.sha256, known.media_type, known.size, obstacle=hindered.text)
    try:
        path = find_content(session, library.store, known)
    except (StoreError, UnreadableFileError) as exc:
        return Update(known.entity_id, known.sha256, known.media_type, known.size, error=str(exc))
    return ThumbnailRequest(path, known.size, known.media_type, size)


def _keep(library: Library, known: AssetState, result: Update | ThumbnailResult, size: int) -> Update | None:
    """Cache a thumbnail or the reason for its absence; return None if the absence is not an error."""
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
    """Return whether there is a complete thumbnail at a path."""
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
    """Write a file under a temporary name, and rename it."""
    temporary = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        temporary.write_bytes(content)
        temporary.replace(place)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
