"""The image that others are compared with."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dam.core.errors import DecodeError, InputError, UnreadableFileError
from dam.media.files.digests import digests_of
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.files.source import chunks, open_source
from dam.media.files.walk import NotRead, walk
from dam.media.images.pixel_digest import pixel_digest
from dam.media.images.small_luma import Lumas
from dam.media.images.transforms import Transform
from dam.media.sample import Sample, obstacle


class NoImageError(DecodeError):
    """A file that is no image, as there are in folders."""


@dataclass(frozen=True)
class Query:
    """An image that others are compared with: the digest of its file, and its hashes by name."""

    sha256: str
    hashes: Mapping[str, str]
    luma: Lumas | None = None
    turned: Mapping[Transform, Mapping[str, str]] = field(default_factory=dict)
    """The hashes of the image once transformed, where those are looked for too."""
    pixels: Callable[[], str | None] = lambda: None
    """Gives the digest of its pixels, which takes another decoding; None where there is none to compare."""

    @property
    def variants(self) -> Mapping[Transform, Mapping[str, str]]:
        """The hashes by what is done to the image, first of all nothing."""
        return {Transform.NONE: self.hashes, **self.turned}


@dataclass(frozen=True)
class Asked:
    """A file that was to be a query, and what came of it: the query, or why there is none."""

    path: str
    query: Query | None
    error: str | None = None


def read_queries(paths: Iterable[str], *, transforms: bool = False) -> Iterator[Asked]:
    """Yield the image files that some paths name or contain, as queries. What is no image in a folder is left out."""
    for path in paths:
        if not os.path.isdir(path):
            yield _asked(os.path.abspath(path), transforms=transforms)[0]
            continue
        for found in walk([path]):
            if isinstance(found, NotRead):
                if not found.skipped:
                    yield Asked(found.path, None, f"{found.path}: {found.reason}")
                continue
            asked, is_image = _asked(found.path, transforms=transforms)
            if is_image:
                yield asked


def _asked(path: str, *, transforms: bool) -> tuple[Asked, bool]:
    """Return what comes of a file as a query, and whether it is an image, if a damaged one."""
    try:
        return Asked(path, read_query(Path(path), transforms=transforms)), True
    except InputError as exc:
        return Asked(path, None, str(exc)), not isinstance(exc, NoImageError)


def read_query(path: Path, *, transforms: bool = False) -> Query:
    """Return the hashes of an image file, and with `transforms` those of its seven other transforms; decoded once.

    Raises:
        UnreadableFileError: it cannot be read.
        DecodeError: it is no image, or a damaged one.

    """
    try:
        with open_source(str(path)) as (file, _):
            digests = digests_of(chunks(file))
            file.seek(0)
            found = media_type(file.read(HEAD_BYTES), path.name)
            if not found.startswith("image/"):
                raise NoImageError(f"is not an image but {found}")
            if reason := obstacle(found):
                raise DecodeError(reason)
            sample = Sample(lambda: path.open("rb"), found)
            seen = sample.looks_every_way if transforms else sample.looks
    except (UnreadableFileError, DecodeError) as exc:
        raise type(exc)(f"{path}: {exc}") from exc
    return Query(digests.sha256, seen.hashes, seen.luma, seen.turned, partial(_pixels, path, found))


def _pixels(path: Path, media_type: str) -> str | None:
    try:
        with path.open("rb") as stream:
            return pixel_digest(stream, media_type)
    except (OSError, DecodeError):  # it has gone, or changed, since it was read
        return None
