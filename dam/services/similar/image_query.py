"""Read image queries from files."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dam.media.files.walk import UnreadPath, walk
from dam.media.images.small_luma import Lumas
from dam.media.images.transforms import Transform
from dam.services.processes.isolated import IsolatedRun, run_isolated
from dam.services.processes.pool import open_pool
from dam.services.similar.features import ImageFeatures, ImageRequest, NoImageError, PixelRequest


@dataclass(frozen=True)
class Query:
    """An image query: the digest of its file, and its hashes by name."""

    sha256: str
    hashes: Mapping[str, str]
    luma: Lumas | None = None
    turned: Mapping[Transform, Mapping[str, str]] = field(default_factory=dict)
    """The hashes of each transform of the image, if transforms are enabled."""
    pixels: Callable[[], str | None] = lambda: None
    """Decodes the image again and returns the digest of its pixels; None if there is none."""

    @property
    def variants(self) -> Mapping[Transform, Mapping[str, str]]:
        """The hashes by transform, starting with no transform."""
        return {Transform.NONE: self.hashes, **self.turned}


@dataclass(frozen=True)
class QueryFile:
    """A file given as a query: the query, or the error."""

    path: str
    query: Query | None
    error: str | None = None


def read_queries(
    paths: Iterable[str],
    *,
    transforms: bool = False,
    jobs: int | None = None,
    started: IsolatedRun[ImageFeatures] | None = None,
) -> Iterator[QueryFile]:
    """Yield the image files at and below some paths as queries. In folders, other files are skipped.

    `jobs` workers decode them in parallel (None: one per core; 0: this process). `started` is the only query, if
    `start_query` has started to decode it.
    """
    if started:
        yield _query_file(started.result())
        return
    named: set[str] = set()
    items = list(_requests(paths, named, transforms=transforms))
    with open_pool(jobs) as pool:
        results: Iterator[QueryFile | ImageFeatures] = pool.map(items)
        yield from _query_files(results, named)


def _query_file(found: ImageFeatures) -> QueryFile:
    return QueryFile(found.path, None, str(found.error)) if found.error else QueryFile(found.path, _query(found))


def _query_files(results: Iterable[QueryFile | ImageFeatures], named: AbstractSet[str]) -> Iterator[QueryFile]:
    for item in results:
        if isinstance(item, QueryFile):
            yield item
        elif item.path in named or not isinstance(item.error, NoImageError):
            yield _query_file(item)


def _requests(paths: Iterable[str], named: set[str], *, transforms: bool) -> Iterator[QueryFile | ImageRequest]:
    """Yield requests, and the paths that cannot be read; add the files that are named directly to `named`."""
    for path in paths:
        if not os.path.isdir(path):
            named.add(os.path.abspath(path))
            yield ImageRequest(os.path.abspath(path), 0, transforms)
            continue
        for found in walk([path]):
            if not isinstance(found, UnreadPath):
                yield ImageRequest(found.path, found.status.st_size, transforms)
            elif not found.skipped:
                yield QueryFile(found.path, None, f"{found.path}: {found.reason}")


def read_query(path: Path, *, transforms: bool = False) -> Query:
    """Read an image file as a query; with `transforms`, also hash its seven transforms.

    Raises:
        UnreadableFileError: the file cannot be read.
        DecodeError: it is not an image, is damaged, or exceeds the limits.

    """
    found = run_isolated(ImageRequest(str(path), 0, transforms))
    if found.error:
        raise found.error
    return _query(found)


def _query(found: ImageFeatures) -> Query:
    signature = found.signature
    assert signature  # noqa: S101  present unless there is an error
    return Query(
        found.sha256,
        signature.hashes,
        signature.luma,
        signature.turned,
        partial(pixels_of_file, found.path, found.media_type),
    )


def pixels_of_file(path: str, media_type: str) -> str | None:
    """Return the digest of an image's pixels; None if there is none, or the file cannot be decoded."""
    return run_isolated(PixelRequest(path, 0, media_type)).digest
