"""What in the library is similar to files that it does not have, by the one rule."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from dam.core.errors import DamError, DecodeError, UnreadableFileError
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.files.source import open_source
from dam.services.catalogue.trashed import trashed_among
from dam.services.check.outcome import CheckedFile, Status
from dam.services.library import Library
from dam.services.processes.pool import Pool
from dam.services.similar.comparison import Comparison, comparison_of, matches_of
from dam.services.similar.features import FeatureRequest, Features

if TYPE_CHECKING:
    from dam.media.sample import Sample


@dataclass(frozen=True)
class _Comparable:
    """A file, and how its kind is compared."""

    file: CheckedFile
    comparison: Comparison
    media_type: str


def nearest(library: Library, pool: Pool, files: Sequence[CheckedFile]) -> Iterator[CheckedFile]:
    """Yield files in order, with the nearest asset of each that the library does not have.

    The workers decode them. Files of a kind that has no method, or that cannot be decoded, stay new, with the reason.
    """
    prepared = [_prepared(file) if file.status is Status.NEW and not file.reason else file for file in files]
    requests = (_request(item) if isinstance(item, _Comparable) else item for item in prepared)
    results: Iterable[CheckedFile | Features] = pool.map(requests)
    for item, result in zip(prepared, results, strict=True):
        if isinstance(item, _Comparable):
            yield _compared(library, item, cast("Features", result))
        else:
            yield item


def _request(item: _Comparable) -> FeatureRequest:
    return FeatureRequest(item.file.path, item.file.size or 0, item.media_type, item.comparison.features)


def _prepared(file: CheckedFile) -> CheckedFile | _Comparable:
    try:
        with open_source(file.path) as (opened, _):
            found = media_type(opened.read(HEAD_BYTES), os.path.basename(file.path), lambda: nullcontext(opened))
        return _Comparable(file, comparison_of(found), found)
    except UnreadableFileError as exc:
        return file._replace(status=Status.FAILED, reason=str(exc))
    except DamError as exc:
        return file._replace(reason=str(exc))


def _compared(library: Library, item: _Comparable, features: Features) -> CheckedFile:
    from dam.services.similar.method import FileQuery  # noqa: PLC0415  needs numpy

    query = FileQuery(cast("Sample", features), item.file.path, item.file.sha256 or "", store=library.store)
    try:
        with library.read() as session:
            matches = matches_of(session, item.comparison, query)
            trashed = trashed_among(session, (match.entity_id for match in matches))
    except DecodeError as exc:
        return item.file._replace(reason=str(exc))
    found = next((match for match in matches if match.entity_id not in trashed), None)
    if found is None:
        return item.file
    return item.file._replace(status=Status.SIMILAR, entity_id=found.entity_id, match=found)
