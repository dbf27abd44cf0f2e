"""Why two images are called similar, or are not."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from dam.media.images.looks import HASHES
from dam.media.images.small_luma import (
    INFORMATION_NEEDED,
    SAME_PICTURE,
    Lumas,
    difference,
    from_bytes,
    information,
    phashes,
)
from dam.media.images.small_luma import transformed as transform_luma
from dam.media.images.transforms import Transform
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.image_luma_component import ImageLumaComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.lookup import find_asset, find_one_asset
from dam.services.catalogue.pairs import in_order, verdicts
from dam.services.catalogue.verdict import Verdict
from dam.services.hamming.arrays import TABLES
from dam.services.similar.agreement import DEFAULT_AGREEMENT, Agreement
from dam.services.similar.image_query import read_query
from dam.services.similar.image_search import SECOND_LOOK
from dam.services.similar.pixel_twins import pixel_digests
from dam.storage.blob_store import BlobStore


class Judgement(StrEnum):
    """What two images are to each other."""

    IDENTICAL = "identical"
    DUPLICATE = "duplicate"
    ALTERNATE = "alternate"
    SIMILAR = "similar"
    NOT_SIMILAR = "not similar"
    UNRELATED = "unrelated"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Subject:
    """One of the two: an asset, or a file outside the library."""

    name: str
    entity_id: int | None
    sha256: str
    hashes: Mapping[str, str]
    luma: Lumas | None = field(repr=False)
    pixels: Callable[[], str | None] = field(repr=False, default=lambda: None)
    """Gives the digest of its pixels; None where there is none to compare."""

    @property
    def information(self) -> float | None:
        """How much there is in the picture, in bits; None without a luma."""
        return None if self.luma is None else float(information(self.luma))


@dataclass(frozen=True)
class Explanation:
    """Everything that is known of a pair, and what follows from it."""

    subjects: tuple[Subject, Subject]
    thresholds: Mapping[str, int]
    distances: Mapping[str, int | None]
    """The bits in which each hash differs after the transform; None where one of the two has no such hash."""
    transform: Transform
    """What done to the first gives what is most like the second; `none` unless transforms were asked for."""
    difference: float | None
    """How much the lumas differ after that."""
    verdict: Verdict | None
    judgement: Judgement
    reason: str


def explain(
    session: Session,
    one: str,
    other: str,
    thresholds: Mapping[str, int],
    agreement: Agreement = DEFAULT_AGREEMENT,
    *,
    transforms: bool = False,
    store: BlobStore | None = None,
) -> Explanation:
    """Compare two assets or files, as a user calls them; the pixels of assets only if there is a `store` to read them.

    Raises:
        NotFoundError: there is neither such an asset nor such a file.
        UsageError: a name could be any of several assets.
        UnreadableFileError, DecodeError: a file outside the library cannot be read, or is no image.

    """
    subjects = (find_subject(session, one, store), find_subject(session, other, store))
    transform, differs = _best_transform(subjects, transforms=transforms)
    distances = _distances(subjects, transform)
    verdict = _verdict(session, subjects)
    judgement, reason = _judge(subjects, thresholds, agreement, distances, differs, verdict)
    return Explanation(subjects, thresholds, distances, transform, differs, verdict, judgement, reason)


def find_subject(session: Session, reference: str, store: BlobStore | None = None) -> Subject:
    """Return what a user calls by an id, a hash or its prefix, or a path; see `explain` for what is raised."""
    if not find_asset(session, reference) and os.path.isfile(reference):
        query = read_query(Path(reference))
        return Subject(reference, None, query.sha256, query.hashes, query.luma, query.pixels)
    entity_id = find_one_asset(session, reference)
    sha256 = ecs.get_component(session, entity_id, ContentHashSha256Component)
    luma = ecs.get_component(session, entity_id, ImageLumaComponent)
    hashes = {}
    for name, table in TABLES.items():
        if component := ecs.get_component(session, entity_id, table):
            hashes[name] = ecs.values_of(component)["hash_value"]
    return Subject(
        reference,
        entity_id,
        sha256.hash_value if sha256 else "",
        hashes,
        from_bytes(luma.luma) if luma else None,
        lambda: pixel_digests(session, store, [entity_id]).get(entity_id) if store else None,
    )


def _distances(subjects: tuple[Subject, Subject], transform: Transform) -> dict[str, int | None]:
    """Return the bits that differ. Of transformed pictures the lumas tell the pHash, and nothing the others."""
    one, other = subjects
    if transform is not Transform.NONE and one.luma is not None and other.luma is not None:
        hashes = phashes(np.stack([transform_luma(one.luma, transform), other.luma]))
        return dict.fromkeys(HASHES) | {"phash": int(hashes[0] ^ hashes[1]).bit_count()}
    common = one.hashes.keys() & other.hashes.keys()
    return {
        name: (int(one.hashes[name], 16) ^ int(other.hashes[name], 16)).bit_count() if name in common else None
        for name in HASHES
    }


def _best_transform(subjects: tuple[Subject, Subject], *, transforms: bool) -> tuple[Transform, float | None]:
    one, other = (subject.luma for subject in subjects)
    if one is None or other is None:
        return Transform.NONE, None
    tried = list(Transform) if transforms else [Transform.NONE]
    differences = difference(np.stack([transform_luma(one, transform) for transform in tried]), other)
    best = int(differences.argmin())
    return tried[best], float(differences[best])


def _verdict(session: Session, subjects: tuple[Subject, Subject]) -> Verdict | None:
    one, other = (subject.entity_id for subject in subjects)
    if one is None or other is None or one == other:
        return None
    pair = in_order(one, other)
    return verdicts(session, [one]).get(pair)


def _judge(
    subjects: tuple[Subject, Subject],
    thresholds: Mapping[str, int],
    agreement: Agreement,
    distances: Mapping[str, int | None],
    differs: float | None,
    verdict: Verdict | None,
) -> tuple[Judgement, str]:
    """Return what the two are to each other, by the first rule that applies, and why."""
    if subjects[0].sha256 == subjects[1].sha256:
        return Judgement.IDENTICAL, "the same bytes"
    if verdict:
        return Judgement(verdict.value), "your verdict comes before every measure"
    known = [name for name in thresholds if distances[name] is not None]
    if not known:
        why = "they have no perceptual hash in common: of images see dam-cli run-systems and failures"
        return Judgement.UNKNOWN, f"{why}, for other media dam-cli find-similar"
    near = [name for name in known if (distances[name] or 0) <= thresholds[name]]
    if len(near) < agreement.needed(len(known)):
        which = " and ".join(near) or "no hash"
        return Judgement.NOT_SIMILAR, f"{which} within the threshold, and {agreement} must be"
    if max(thresholds.values()) > SECOND_LOOK:
        return Judgement.SIMILAR, f"near by {' and '.join(near)}; with thresholds above {SECOND_LOOK} that is enough"
    return _look_again(subjects, " and ".join(near), differs)


def _look_again(subjects: tuple[Subject, Subject], near: str, differs: float | None) -> tuple[Judgement, str]:
    if differs is None:
        return Judgement.SIMILAR, f"by {near} alone: one has no luma picture yet, see dam-cli run-systems"
    plain = [subject.name for subject in subjects if (subject.information or 0) < INFORMATION_NEEDED]
    if plain and _same_pixels(subjects):
        return Judgement.IDENTICAL, "the same pixels, though too plain for a hash to say anything"
    if plain:
        return Judgement.NOT_SIMILAR, f"near by {near}, but too plain for a hash to say anything: {', '.join(plain)}"
    if differs > SAME_PICTURE:
        return Judgement.NOT_SIMILAR, f"near by {near}, but the luma pictures differ"
    return Judgement.SIMILAR, f"near by {near}, and the luma pictures agree"


def _same_pixels(subjects: tuple[Subject, Subject]) -> bool:
    one, other = subjects
    if one.luma is None or other.luma is None or not np.array_equal(one.luma, other.luma):
        return False
    digest = one.pixels()
    return digest is not None and digest == other.pixels()
