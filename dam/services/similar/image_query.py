"""The image that others are compared with."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dam.media.files.walk import NotRead, walk
from dam.media.images.small_luma import Lumas
from dam.media.images.transforms import Transform
from dam.services.processes.alone import Alone, run_alone
from dam.services.processes.pool import open_pool
from dam.services.similar.features import ImageFeatures, ImageRequest, NoImageError, PixelRequest


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


def read_queries(
    paths: Iterable[str],
    *,
    transforms: bool = False,
    jobs: int | None = None,
    begun: Alone[ImageFeatures] | None = None,
) -> Iterator[Asked]:
    """Yield the image files that some paths name or contain, as queries. What is no image in a folder is left out.

    `jobs` workers decode them side by side (None: one a core; 0: this process does it); `begun` is the only one that
    there is, where its decoding has begun already.
    """
    if begun:
        yield _asked_by(begun.result())
        return
    named: set[str] = set()
    items = list(_requests(paths, named, transforms=transforms))
    with open_pool(jobs) as pool:
        results: Iterator[Asked | ImageFeatures] = pool.run_all(items)
        yield from _asked(results, named)


def _asked_by(found: ImageFeatures) -> Asked:
    return Asked(found.path, None, str(found.error)) if found.error else Asked(found.path, _query(found))


def _asked(results: Iterable[Asked | ImageFeatures], named: AbstractSet[str]) -> Iterator[Asked]:
    for item in results:
        if isinstance(item, Asked):
            yield item
        elif item.path in named or not isinstance(item.error, NoImageError):
            yield _asked_by(item)


def _requests(paths: Iterable[str], named: set[str], *, transforms: bool) -> Iterator[Asked | ImageRequest]:
    """Yield what to decode, and what cannot be read; files that the user names go into `named`, too."""
    for path in paths:
        if not os.path.isdir(path):
            named.add(os.path.abspath(path))
            yield ImageRequest(os.path.abspath(path), 0, transforms)
            continue
        for found in walk([path]):
            if not isinstance(found, NotRead):
                yield ImageRequest(found.path, found.status.st_size, transforms)
            elif not found.skipped:
                yield Asked(found.path, None, f"{found.path}: {found.reason}")


def read_query(path: Path, *, transforms: bool = False) -> Query:
    """Return the hashes of an image file, and with `transforms` those of its seven other transforms; decoded once.

    Raises:
        UnreadableFileError: it cannot be read.
        DecodeError: it is no image, or a damaged one, or takes more than the limits.

    """
    found = run_alone(ImageRequest(str(path), 0, transforms))
    if found.error:
        raise found.error
    return _query(found)


def _query(found: ImageFeatures) -> Query:
    looks = found.looks
    assert looks  # noqa: S101  or there is an error
    return Query(
        found.sha256, looks.hashes, looks.luma, looks.turned, partial(pixels_of_file, found.path, found.media_type)
    )


def pixels_of_file(path: str, media_type: str) -> str | None:
    """Return the digest of an image's pixels; None where there is none to compare, or it cannot be decoded again."""
    return run_alone(PixelRequest(path, 0, media_type)).digest
