"""Finding what is similar to a file, whatever its kind: first its own content, then what the kind's method finds.

The method of a kind is the module `dam.services.similar_<kind>` (or `…s`), found by its name: its `find_similar` takes
a session and a sample, its `similar_pairs` a session.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias, cast

from sqlalchemy.orm import Session

from dam.core.errors import DamError, DecodeError, MissingExtraError, UnreadableFileError
from dam.media.audio.decoding import obstacle_of_sound
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
from dam.services.similar.features import FeatureRequest, features_of
from dam.services.similar.match import SimilarMatch, SimilarPair

Method: TypeAlias = Callable[..., Sequence[SimilarMatch]]
"""It takes a session and a sample, and that of images also `transforms`."""
PairsMethod: TypeAlias = Callable[[Session], Iterator[SimilarPair]]

CONTENT = "content"
"""The method by which the very same content is found."""


@dataclass(frozen=True)
class Asked:
    """A file that others are compared with."""

    path: str
    sha256: str
    media_type: str

    @property
    def kind(self) -> Kind:
        """The kind of its content."""
        return kind_of(self.media_type)


@dataclass(frozen=True)
class Found:
    """A match, and the asset in short."""

    match: SimilarMatch
    asset: Asset


@dataclass(frozen=True)
class Answer:
    """What is similar to a file, best first; with the error that nothing but its own content could be looked for."""

    asked: Asked
    found: Sequence[Found]
    error: DamError | None
    unheard: str | None = None
    """Why the sound of a video could not be compared."""


def find_similar(
    library: Library,
    reference: str,
    *,
    min_score: float = 0.0,
    limit: int | None = None,
    transforms: bool = False,
) -> Answer:
    """Return what is similar to a file, or to an asset that is named by its id or hash.

    With `transforms` also what is similar to an image once that is turned or mirrored.

    Raises:
        UnreadableFileError: it cannot be read, or there is nothing of that name.
        UsageError: several assets could be meant.

    """
    with library.read() as session:
        asked = _asked(session, library, reference)
        own = find_by_hash(session, asked.sha256, "sha256")
        matches = [SimilarMatch(entity_id, 1.0, CONTENT, "it has the same bytes") for entity_id in own]
        error = None
        try:
            matches += _others(session, asked, own, transforms=transforms)
        except (DecodeError, MissingExtraError) as exc:
            error = type(exc)(f"{asked.path}: {exc}")
        matches = [match for match in matches if match.score >= min_score][:limit]
        assets = summarise(session, library.store, [match.entity_id for match in matches])
    found = [Found(match, asset) for match, asset in zip(matches, assets, strict=True)]
    unheard = obstacle_of_sound(asked.media_type)
    return Answer(asked, found, error, unheard.text if unheard else None)


def _asked(session: Session, library: Library, reference: str) -> Asked:
    """Return the file that a reference means: an asset by its id or hash, else a path."""
    ids = find_by_id_or_hash(session, reference)
    if not ids and os.path.lexists(reference):
        return read_asked(os.path.abspath(reference))
    entity_id = the_only_one(reference, ids or find_by_source(session, reference) or _nobody(reference))
    [known] = states_by_id(session, [entity_id])
    try:
        return Asked(find_content(session, library.store, known), known.sha256, known.media_type)
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"entity {entity_id}: {exc}") from exc


def _nobody(reference: str) -> list[int]:
    raise UnreadableFileError(f"{reference}: there is no such file, and the library has no such asset")


def read_asked(path: str) -> Asked:
    """Read a file's digest and media type; UnreadableFileError when it cannot be read."""
    try:
        with open_source(path) as (file, _):
            head = file.read(HEAD_BYTES)
            file.seek(0)
            digest = hashlib.file_digest(cast("Any", file), "sha256")  # the stubs ask for a buffered file
    except UnreadableFileError as exc:
        raise UnreadableFileError(f"{path}: {exc}") from exc
    return Asked(path, digest.hexdigest(), media_type(head, os.path.basename(path)))


def _others(session: Session, asked: Asked, own: Sequence[int], *, transforms: bool) -> Iterator[SimilarMatch]:
    """Yield what the method of the kind finds, but for the content itself and what the user says is unrelated."""
    method = method_of(asked.kind)
    if method is None:
        raise DecodeError(f"nothing can be compared with content of the type {asked.media_type}")
    if hindered := obstacle(asked.media_type):
        raise hindered.error
    names = features_of(asked.kind, asked.media_type, transforms=transforms)
    sample = cast("Sample", run_alone(FeatureRequest(asked.path, 0, asked.media_type, names)))
    passed = set(own)
    for pair, verdict in verdicts(session, own).items() if own else ():
        if verdict is Verdict.UNRELATED:
            passed.update(pair)
    options = {"transforms": True} if transforms and asked.kind is Kind.IMAGE else {}
    matches = method(session, sample, **options)
    if asked.kind is Kind.VIDEO and not obstacle_of_sound(asked.media_type):
        from dam.services.similar.video_sound import with_sound  # noqa: PLC0415  needs numpy, which a search finds missing

        matches = with_sound(session, sample, matches)
    for match in matches:
        if match.entity_id not in passed:
            yield match


def method_of(kind: Kind) -> Method | None:
    """Return how similar content of a kind is found, or None if it is not."""
    return cast("Method | None", _of_kind(kind, "find_similar"))


def pairs_of(kind: Kind) -> PairsMethod | None:
    """Return how all similar pairs of a kind are found, or None if its module does not tell."""
    return cast("PairsMethod | None", _of_kind(kind, "similar_pairs"))


def _of_kind(kind: Kind, function: str) -> Any:
    for name in (f"dam.services.similar.{kind.value}",):
        if find_spec(name):
            return getattr(import_module(name), function, None)
    return None
