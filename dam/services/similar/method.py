"""Declaration and discovery of similarity methods."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from sqlalchemy.orm import Session

from dam.media import sample as media
from dam.media.kinds import Kind
from dam.media.obstacle import FindObstacle
from dam.media.sample import Sample
from dam.services.similar import methods
from dam.services.similar.features import Feature
from dam.services.similar.match import SimilarMatch, SimilarPair
from dam.storage.blob_store import BlobStore


@dataclass(frozen=True)
class FileQuery:
    """A query: a file that assets are compared with."""

    sample: Sample
    path: str
    sha256: str = ""
    transforms: bool = False
    """Whether to find rotated and mirrored copies, if the method supports that."""
    store: BlobStore | None = None
    """The store of the library, to read contents."""


Find: TypeAlias = Callable[[Session, FileQuery], Sequence[SimilarMatch]]
FindPairs: TypeAlias = Callable[[Session], Iterator[SimilarPair]]


@dataclass(frozen=True)
class SimilarityMethod:
    """The function that finds similar content of one kind of media, with its declaration."""

    name: str
    """Name in `SimilarMatch.method`, such as `video_fingerprint`."""
    kind: Kind
    find: Find
    """Returns what is similar to a file, best first. Raises DecodeError if the file cannot be decoded."""
    features: tuple[Feature, ...]
    """What a query is compared by. A worker process makes these; a `FileQuery` has no other."""
    features_of_transforms: tuple[Feature, ...] = ()
    """The same for a query with `transforms`, where that needs others."""
    find_pairs: FindPairs | None = None
    """Yields all similar pairs of the library; None if duplicates of the kind are found by another method."""
    parts: Mapping[Kind, str] = field(default_factory=dict)
    """Other kinds of which the method compares a part, with the name of the part, such as the sound of videos."""
    obstacle: FindObstacle = media.obstacle
    """Returns why this installation cannot compare a media type, or None."""


def similarity_method(
    *,
    name: str,
    kind: Kind,
    features: tuple[Feature, ...],
    features_of_transforms: tuple[Feature, ...] = (),
    pairs: FindPairs | None = None,
    parts: Mapping[Kind, str] | None = None,
    obstacle: FindObstacle = media.obstacle,
) -> Callable[[Find], SimilarityMethod]:
    """Return a decorator that declares a function to be a similarity method; see `SimilarityMethod`."""

    def declare(function: Find) -> SimilarityMethod:
        return SimilarityMethod(
            name, kind, function, features, features_of_transforms or features, pairs, parts or {}, obstacle
        )

    return declare


@cache
def all_methods() -> tuple[SimilarityMethod, ...]:
    """Return all similarity methods, sorted by name."""
    found: dict[str, SimilarityMethod] = {}
    for module in pkgutil.iter_modules(methods.__path__, f"{methods.__name__}."):
        members = vars(importlib.import_module(module.name)).values()
        found.update((member.name, member) for member in members if isinstance(member, SimilarityMethod))
    return tuple(found[name] for name in sorted(found))


def method_of(kind: Kind) -> SimilarityMethod | None:
    """Return the method of a kind; None if it has none."""
    return next((method for method in all_methods() if method.kind is kind), None)


def methods_of_parts(kind: Kind) -> list[SimilarityMethod]:
    """Return the methods that compare a part of content of a kind."""
    return [method for method in all_methods() if kind in method.parts]
