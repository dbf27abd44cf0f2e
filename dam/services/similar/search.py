"""Finding what is similar to a file, whatever its kind: first its own content, then what the kind's method finds."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.orm import Session

from dam.core.errors import DamError, DecodeError, MissingExtraError, UnreadableFileError
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.files.source import open_source
from dam.media.kinds import Kind, kind_of
from dam.media.sample import Sample, obstacle
from dam.services.catalogue.asset_states import states_by_id
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.content import find_content
from dam.services.catalogue.lookup import find_by_hash, find_by_id_or_hash, find_by_source, the_only_one
from dam.services.catalogue.pairs import verdicts
from dam.services.catalogue.verdict import Verdict
from dam.services.library import Library
from dam.services.processes.alone import run_alone
from dam.services.similar.features import FeatureRequest
from dam.services.similar.match import SimilarMatch

if TYPE_CHECKING:
    from dam.services.similar.method import FileQuery, SimilarityMethod

CONTENT = "content"
"""The method by which the very same content is found."""


@dataclass(frozen=True)
class SearchedFile:
    """A file that others are compared with."""

    path: str
    sha256: str
    media_type: str

    @property
    def kind(self) -> Kind:
        """The kind of its content."""
        return kind_of(self.media_type)


@dataclass(frozen=True)
class MatchedAsset:
    """A match, and the asset in short."""

    match: SimilarMatch
    asset: Asset


@dataclass(frozen=True)
class SearchResult:
    """What is similar to a file, best first; with the error that nothing but its own content could be looked for."""

    asked: SearchedFile
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
    """Return what is similar to a file, or to an asset that is named by its id or hash.

    With `transforms` also what is similar to an image once that is turned or mirrored.

    Raises:
        UnreadableFileError: it cannot be read, or there is nothing of that name.
        UsageError: several assets could be meant.

    """
    with library.read() as session:
        asked = _searched_file(session, library, reference)
        own = find_by_hash(session, asked.sha256, "sha256")
        excluded = {*own, *_unrelated(session, own)}
        matches = [SimilarMatch(entity_id, 1.0, CONTENT, "it has the same bytes") for entity_id in own]
        error, left_out = None, list[str]()
        try:
            others, left_out = _others(session, library, asked, transforms=transforms)
            matches += (match for match in others if match.entity_id not in excluded)
        except (DecodeError, MissingExtraError) as exc:
            error = type(exc)(f"{asked.path}: {exc}")
        matches = [match for match in matches if match.score >= min_score][:limit]
        assets = summarise(session, library.store, [match.entity_id for match in matches])
    found = [MatchedAsset(match, asset) for match, asset in zip(matches, assets, strict=True)]
    return SearchResult(asked, found, error, left_out)


def _searched_file(session: Session, library: Library, reference: str) -> SearchedFile:
    """Return the file that a reference means: an asset by its id or hash, else a path."""
    ids = find_by_id_or_hash(session, reference)
    if not ids and os.path.lexists(reference):
        return read_searched_file(os.path.abspath(reference))
    entity_id = the_only_one(reference, ids or find_by_source(session, reference) or _nobody(reference))
    [known] = states_by_id(session, [entity_id])
    try:
        return SearchedFile(find_content(session, library.store, known), known.sha256, known.media_type)
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"entity {entity_id}: {exc}") from exc


def _nobody(reference: str) -> list[int]:
    raise UnreadableFileError(f"{reference}: there is no such file, and the library has no such asset")


def read_searched_file(path: str) -> SearchedFile:
    """Read a file's digest and media type; UnreadableFileError when it cannot be read."""
    try:
        with open_source(path) as (file, _):
            head = file.read(HEAD_BYTES)
            file.seek(0)
            digest = hashlib.file_digest(cast("Any", file), "sha256")  # the stubs ask for a buffered file
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"{path}: {exc}") from exc
    return SearchedFile(path, digest.hexdigest(), media_type(head, os.path.basename(path)))


def _unrelated(session: Session, own: Sequence[int]) -> Iterator[int]:
    """Yield the assets that the user says are unrelated to some."""
    for pair, verdict in verdicts(session, own).items() if own else ():
        if verdict is Verdict.UNRELATED:
            yield from pair


def _others(
    session: Session, library: Library, asked: SearchedFile, *, transforms: bool
) -> tuple[list[SimilarMatch], list[str]]:
    """Return what the method of the kind finds, and why parts of the content were not compared."""
    if asked.kind is Kind.OTHER:
        raise DecodeError(f"nothing can be compared with content of the type {asked.media_type}")
    if hindered := obstacle(asked.media_type):
        raise hindered.error
    from dam.services.similar.method import FileQuery, method_of, methods_of_parts  # noqa: PLC0415  needs numpy, as every extra

    method = method_of(asked.kind)
    if method is None:
        raise DecodeError(f"nothing can be compared with content of the type {asked.media_type}")
    missing = {part.name: part.obstacle(asked.media_type) for part in methods_of_parts(asked.kind)}
    parts = [part for part in methods_of_parts(asked.kind) if not missing[part.name]]
    features = method.features_of_transforms if transforms else method.features
    features += tuple(feature for part in parts for feature in part.features)
    sample = cast("Sample", run_alone(FeatureRequest(asked.path, 0, asked.media_type, features)))
    query = FileQuery(sample, asked.path, asked.sha256, transforms, library.store)
    matches = list(method.find(session, query))
    for part in parts:
        matches = _with_part(session, query, part, matches)
    return matches, [hindered.text for hindered in missing.values() if hindered]


def _with_part(
    session: Session, query: "FileQuery", part: "SimilarityMethod", matches: Sequence[SimilarMatch]
) -> list[SimilarMatch]:
    """Return what was found by the whole content, and all that has the same part, best first.

    What is found by both is told once: as found by the whole, with the other in reason and details. Where the part
    cannot be decoded, only the whole counts.
    """
    try:
        by_part = {match.entity_id: match for match in part.find(session, query)}
    except DecodeError:
        return list(matches)
    name = part.parts[query.sample.kind]
    both = [_joined(match, by_part.pop(match.entity_id, None), name) for match in matches]
    return sorted([*both, *by_part.values()], key=lambda match: (-match.score, match.entity_id))


def _joined(match: SimilarMatch, by_part: SimilarMatch | None, name: str) -> SimilarMatch:
    if by_part is None:
        return match
    details = {**match.details, name: {"score": by_part.score, **by_part.details}}
    return replace(match, reason=f"{match.reason}; by {name}: {by_part.reason}", details=details)
