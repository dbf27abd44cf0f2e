"""What a similarity method is, and finding them all."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from sqlalchemy.orm import Session

from dam.media import sample as media
from dam.media.kinds import Kind
from dam.media.obstacle import Ask
from dam.media.sample import Sample
from dam.services.similar import methods
from dam.services.similar.features import Feature
from dam.services.similar.match import SimilarMatch, SimilarPair
from dam.storage.blob_store import BlobStore


@dataclass(frozen=True)
class FileQuery:
    """A file that others are compared with."""

    sample: Sample
    path: str
    sha256: str = ""
    transforms: bool = False
    """Whether to find turned and mirrored copies, too; for methods that know such."""
    store: BlobStore | None = None
    """Where the contents of the library can be read."""


Find: TypeAlias = Callable[[Session, FileQuery], Sequence[SimilarMatch]]
FindPairs: TypeAlias = Callable[[Session], Iterator[SimilarPair]]


@dataclass(frozen=True)
class SimilarityMethod:
    """How the similar content of one kind of media is found."""

    name: str
    """As `SimilarMatch.method` has it, such as `video_fingerprint`."""
    kind: Kind
    find: Find
    """Return what is similar to a file, best first; DecodeError when it cannot be decoded."""
    features: tuple[Feature, ...]
    """What a query is compared by. A worker process makes these; a `FileQuery` has no other."""
    features_of_transforms: tuple[Feature, ...] = ()
    """The same for a query with `transforms`, where that needs others."""
    find_pairs: FindPairs | None = None
    """Yield all similar pairs of the library; None where groups of duplicates are found otherwise."""
    parts: Mapping[Kind, str] = field(default_factory=dict)
    """The other kinds of which it compares a part, and what the part is called: videos have a sound."""
    obstacle: Ask = media.obstacle
    """Return what keeps content of a media type from being compared here, or None."""


def similarity_method(
    *,
    name: str,
    kind: Kind,
    features: tuple[Feature, ...],
    features_of_transforms: tuple[Feature, ...] = (),
    pairs: FindPairs | None = None,
    parts: Mapping[Kind, str] | None = None,
    obstacle: Ask = media.obstacle,
) -> Callable[[Find], SimilarityMethod]:
    """Declare a function the similarity method of a kind; see `SimilarityMethod`."""

    def declare(function: Find) -> SimilarityMethod:
        return SimilarityMethod(
            name, kind, function, features, features_of_transforms or features, pairs, parts or {}, obstacle
        )

    return declare


@cache
def all_methods() -> tuple[SimilarityMethod, ...]:
    """Return every similarity method, by name."""
    found: dict[str, SimilarityMethod] = {}
    for module in pkgutil.iter_modules(methods.__path__, f"{methods.__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        found.update((member.name, member) for member in members if isinstance(member, SimilarityMethod))
    return tuple(found[name] for name in sorted(found))


def method_of(kind: Kind) -> SimilarityMethod | None:
    """Return the method of a kind, or None if nothing can be compared with it."""
    return next((method for method in all_methods() if method.kind is kind), None)


def methods_of_parts(kind: Kind) -> list[SimilarityMethod]:
    """Return the methods that compare a part of content of a kind."""
    return [method for method in all_methods() if kind in method.parts]
