"""Compare a file with the library: the method of its kind, and those of its parts, such as the sound of a video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from dam.core.errors import DecodeError
from dam.media.kinds import Kind, kind_of
from dam.media.sample import obstacle
from dam.services.similar.features import Feature
from dam.services.similar.match import SimilarMatch

if TYPE_CHECKING:
    from dam.services.similar.method import FileQuery, SimilarityMethod


@dataclass(frozen=True)
class Comparison:
    """How content of a media type is compared on this installation."""

    method: "SimilarityMethod"
    parts: Sequence["SimilarityMethod"]
    """The methods of parts of the content."""
    features: tuple[Feature, ...]
    """What a query is compared by."""
    left_out: Sequence[str]
    """Why a part of the content cannot be compared."""


def comparison_of(media_type: str, *, transforms: bool = False) -> Comparison:
    """Return how content of a media type is compared; with `transforms`, also by rotated and mirrored copies.

    Raises:
        DecodeError: nothing can be compared with content of that type.
        MissingExtraError: that needs an extra which is not installed.

    """
    kind = kind_of(media_type)
    if kind is Kind.OTHER:
        raise DecodeError(f"nothing can be compared with content of the type {media_type}")
    if undecodable := obstacle(media_type):
        raise undecodable.error
    from dam.services.similar.method import method_of, methods_of_parts  # noqa: PLC0415  needs numpy

    method = method_of(kind)
    if method is None:
        raise DecodeError(f"nothing can be compared with content of the type {media_type}")
    missing = {part.name: part.obstacle(media_type) for part in methods_of_parts(kind)}
    parts = [part for part in methods_of_parts(kind) if not missing[part.name]]
    features = method.features_of_transforms if transforms else method.features
    features += tuple(feature for part in parts for feature in part.features)
    return Comparison(method, parts, features, [hindered.text for hindered in missing.values() if hindered])


def matches_of(session: Session, comparison: Comparison, query: "FileQuery") -> list[SimilarMatch]:
    """Return the assets that are similar to a query as a whole or by a part, best first.

    Raises:
        DecodeError: the content of the query cannot be decoded.

    """
    matches = list(comparison.method.find(session, query))
    for part in comparison.parts:
        matches = _with_part(session, query, part, matches)
    return matches


def _with_part(
    session: Session, query: "FileQuery", part: "SimilarityMethod", matches: Sequence[SimilarMatch]
) -> list[SimilarMatch]:
    """Return the matches of the whole content and of a part of it, best first.

    An asset found by both appears once, with the match of the part in its reason and details. If the part cannot be
    decoded, only the whole counts.
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
