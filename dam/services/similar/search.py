"""Find what is similar to a file of any kind: first the same content, then the matches of the kind's method."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy.orm import Session

from dam.core.database import release
from dam.core.errors import DamError, DecodeError, MissingExtraError, UnreadableFileError
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.files.source import open_source
from dam.media.kinds import Kind, kind_of
from dam.media.sample import Sample
from dam.services.catalogue.asset_states import states_by_id
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.content import find_content
from dam.services.catalogue.lookup import find_by_hash, find_by_id_or_hash, find_by_source, only_entity
from dam.services.catalogue.pairs import verdicts
from dam.services.catalogue.trashed import trashed_among
from dam.services.catalogue.verdict import Verdict
from dam.services.library import Library
from dam.services.processes.isolated import run_isolated
from dam.services.similar.comparison import comparison_of, matches_of
from dam.services.similar.features import FeatureRequest
from dam.services.similar.match import SimilarMatch

CONTENT = "content"
"""Name of the method that finds the same content."""


@dataclass(frozen=True)
class SearchedFile:
    """The file of a query."""

    path: str
    sha256: str
    media_type: str

    @property
    def kind(self) -> Kind:
        """The kind of its content."""
        return kind_of(self.media_type)


@dataclass(frozen=True)
class MatchedAsset:
    """A match, with a summary of the asset."""

    match: SimilarMatch
    asset: Asset


@dataclass(frozen=True)
class SearchResult:
    """The matches of a file, best first. With an error, only the same content was searched for."""

    file: SearchedFile
    found: Sequence[MatchedAsset]
    error: DamError | None
    parts_left_out: Sequence[str] = ()
    """Why a part of the content could not be compared, such as the sound of a video."""


def find_similar(
    library: Library,
    reference: str,
    *,
    min_score: float = 0.0,
    limit: int | None = None,
    transforms: bool = False,
) -> SearchResult:
    """Return what is similar to a file, or to an asset given by id or hash.

    With `transforms`, also find rotated and mirrored copies of an image.

    Raises:
        UnreadableFileError: the file cannot be read, or there is no such file or asset.
        UsageError: the reference is ambiguous.

    """
    with library.read() as session:
        file = _searched_file(session, library, reference)
        own = find_by_hash(session, file.sha256, "sha256")
        excluded = {*own, *_unrelated(session, own)}
        matches = [SimilarMatch(entity_id, 1.0, CONTENT, "it has the same bytes") for entity_id in own]
        error: DamError | None = None
        left_out: Sequence[str] = ()
        try:
            others, left_out = _others(session, library, file, transforms=transforms)
            matches += (match for match in others if match.entity_id not in excluded)
        except (DecodeError, MissingExtraError) as exc:
            error = type(exc)(f"{file.path}: {exc}")
        trashed = trashed_among(session, (match.entity_id for match in matches))
        matches = [match for match in matches if match.score >= min_score and match.entity_id not in trashed][:limit]
        assets = summarise(session, library.store, [match.entity_id for match in matches])
    found = [MatchedAsset(match, asset) for match, asset in zip(matches, assets, strict=True)]
    return SearchResult(file, found, error, left_out)


def _searched_file(session: Session, library: Library, reference: str) -> SearchedFile:
    """Return the file that a reference refers to: the content of an asset, or a path."""
    ids = find_by_id_or_hash(session, reference)
    if not ids and os.path.lexists(reference):
        release(session)
        return read_searched_file(os.path.abspath(reference))
    entity_id = only_entity(reference, ids or find_by_source(session, reference) or _raise_not_found(reference))
    [known] = states_by_id(session, [entity_id])
    try:
        return SearchedFile(find_content(session, library.store, known), known.sha256, known.media_type)
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"entity {entity_id}: {exc}") from exc


def paths_of(session: Session, library: Library, references: Iterable[str]) -> list[str]:
    """Return the paths among some references as they are, and for an asset's id or hash the file with its content.

    Raises:
        UnreadableFileError: the content of an asset is missing.
        UsageError: a reference is ambiguous.

    """
    return [
        each
        if os.path.lexists(each) or not find_by_id_or_hash(session, each)
        else _searched_file(session, library, each).path
        for each in references
    ]


def _raise_not_found(reference: str) -> list[int]:
    raise UnreadableFileError(f"{reference}: there is no such file, and the library has no such asset")


def read_searched_file(path: str) -> SearchedFile:
    """Read the digest and media type of a file.

    Raises:
        UnreadableFileError: the file cannot be read.

    """
    try:
        with open_source(path) as (file, _):
            head = file.read(HEAD_BYTES)
            file.seek(0)
            digest = hashlib.file_digest(cast("Any", file), "sha256")  # the stubs require a buffered file
            found = media_type(head, os.path.basename(path), lambda: nullcontext(file))
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"{path}: {exc}") from exc
    return SearchedFile(path, digest.hexdigest(), found)


def _unrelated(session: Session, own: Sequence[int]) -> Iterator[int]:
    """Yield the assets with the verdict `unrelated` on a pair with some assets."""
    for pair, verdict in verdicts(session, own).items() if own else ():
        if verdict is Verdict.UNRELATED:
            yield from pair


def _others(
    session: Session, library: Library, file: SearchedFile, *, transforms: bool
) -> tuple[list[SimilarMatch], Sequence[str]]:
    """Return the matches of the kind's method, and the reasons why parts of the content were not compared."""
    comparison = comparison_of(file.media_type, transforms=transforms)
    from dam.services.similar.method import FileQuery  # noqa: PLC0415  needs numpy

    release(session)
    sample = cast("Sample", run_isolated(FeatureRequest(file.path, 0, file.media_type, comparison.features)))
    query = FileQuery(sample, file.path, file.sha256, transforms, library.store)
    return matches_of(session, comparison, query), comparison.left_out
