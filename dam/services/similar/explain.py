"""Explain why two images are or are not similar."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from dam.core.database import release
from dam.media.images.signature import HASHES
from dam.media.images.small_luma import (
    MIN_INFORMATION,
    Lumas,
    are_plain,
    difference,
    from_bytes,
    information,
    transformed_distance,
)
from dam.media.images.small_luma import transformed as transform_luma
from dam.media.images.transforms import Transform
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.models.image_luma_component import ImageLumaComponent
from dam.services.catalogue.lookup import find_asset, find_one_asset
from dam.services.catalogue.pairs import in_order, verdicts
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.hamming.arrays import TABLES
from dam.services.similar.image_query import read_query
from dam.services.similar.options import MAX_VERIFIED_THRESHOLD, ImageOptions
from dam.services.similar.pixel_digests import pixel_digests
from dam.services.similar.rule import UNKNOWN, VERDICTS, Decision, Evidence, are_similar, decide
from dam.storage.blob_store import BlobStore


class Judgement(StrEnum):
    """The relation of two images."""

    IDENTICAL = "identical"
    DUPLICATE = "duplicate"
    ALTERNATE = "alternate"
    SIMILAR = "similar"
    NOT_SIMILAR = "not similar"
    UNRELATED = "unrelated"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Subject:
    """One of the two images: an asset, or a file outside the library."""

    name: str
    entity_id: int | None
    sha256: str
    hashes: Mapping[str, str]
    luma: Lumas | None = field(repr=False)
    pixels: Callable[[], str | None] = field(repr=False, default=lambda: None)
    """Returns the digest of the pixels; None if there is none."""

    @property
    def information(self) -> float | None:
        """The amount of detail, in bits; None without a luma."""
        return None if self.luma is None else float(information(self.luma))


@dataclass(frozen=True)
class Explanation:
    """All evidence about a pair, and the decision."""

    subjects: tuple[Subject, Subject]
    thresholds: Mapping[str, int]
    distances: Mapping[str, int | None]
    """Hamming distances by name of the hash, after the transform; None if one of the two lacks the hash."""
    transform: Transform
    """The transform of the first image that matches the second best; `none` unless transforms are enabled."""
    difference: float | None
    """Difference of the lumas after the transform; None if one is missing."""
    verdict: Verdict | None
    judgement: Judgement
    reason: str


def explain(
    session: Session,
    one: str,
    other: str,
    options: ImageOptions | None = None,
    *,
    store: BlobStore | None = None,
) -> Explanation:
    """Compare two assets or files, given as ids, hashes or paths. Pixels of assets are compared only with a `store`.

    Raises:
        NotFoundError: a reference matches neither an asset nor a file.
        UsageError: a reference is ambiguous.
        UnreadableFileError, DecodeError: a file outside the library cannot be read, or is not an image.

    """
    options = options or ImageOptions()
    subjects = (find_subject(session, one, store), find_subject(session, other, store))
    transforms = list(Transform) if options.transforms else [Transform.NONE]
    verdict = _verdict(session, subjects)
    evidence = _evidence(session, subjects, transforms, verdict)
    decisions = decide(evidence, options)
    if Decision.PLAIN in decisions.tolist() and _same_pixels(session, subjects):
        evidence = replace(evidence, same_pixels=np.ones(len(transforms), np.bool_))
        decisions = decide(evidence, options)
    best = int(np.lexsort([evidence.differences, ~are_similar(decisions)])[0])
    decision = Decision(decisions[best])
    distances = {name: None if away[best] == UNKNOWN else int(away[best]) for name, away in evidence.distances.items()}
    difference = None if np.isnan(evidence.differences[best]) else float(evidence.differences[best])
    judgement, reason = JUDGEMENTS[decision], _reason(decision, subjects, options, distances)
    return Explanation(
        subjects, options.thresholds, distances, transforms[best], difference, verdict, judgement, reason
    )


def find_subject(session: Session, reference: str, store: BlobStore | None = None) -> Subject:
    """Return the asset or file that an id, a hash or hash prefix, or a path refers to; for the errors see `explain`."""
    if not find_asset(session, reference) and os.path.isfile(reference):
        release(session)
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


def _evidence(
    session: Session, subjects: tuple[Subject, Subject], transforms: Sequence[Transform], verdict: Verdict | None
) -> Evidence:
    """Return the evidence for each transform of the first image. Transformed pHashes are computed from the lumas."""
    one, other = subjects
    count = len(transforms)
    distances = {name: np.full(count, UNKNOWN) for name in HASHES}
    for name in one.hashes.keys() & other.hashes.keys():
        distances[name][0] = (int(one.hashes[name], 16) ^ int(other.hashes[name], 16)).bit_count()
    plain, differences = np.zeros(count, np.bool_), np.full(count, np.nan)
    if one.luma is not None and other.luma is not None:
        turned = np.stack([transform_luma(one.luma, transform) for transform in transforms])
        differences = difference(turned, other.luma)
        plain |= are_plain(np.stack([one.luma, other.luma])).any()
        for place, transform in enumerate(transforms[1:], 1):
            distances["phash"][place] = transformed_distance(one.luma, other.luma, transform)
    return Evidence.of(
        distances,
        transformed=np.array([transform is not Transform.NONE for transform in transforms]),
        verdicts=np.full(count, VERDICTS.index(verdict)),
        same_bytes=np.full(count, one.sha256 == other.sha256),
        same_content=np.full(count, _have_same_content(session, subjects)),
        plain=plain,
        differences=differences,
    )


def _have_same_content(session: Session, subjects: tuple[Subject, Subject]) -> bool:
    """Return whether two assets have the same compressed picture."""
    one, other = (
        ecs.get_component(session, subject.entity_id, ImageDataDigestComponent) if subject.entity_id else None
        for subject in subjects
    )
    return one is not None and other is not None and one.digest == other.digest


def _verdict(session: Session, subjects: tuple[Subject, Subject]) -> Verdict | None:
    one, other = (subject.entity_id for subject in subjects)
    if one is None or other is None or one == other:
        return None
    pair = in_order(one, other)
    return verdicts(session, [one]).get(pair)


JUDGEMENTS = {
    Decision.SAME_BYTES: Judgement.IDENTICAL,
    Decision.DUPLICATE: Judgement.DUPLICATE,
    Decision.ALTERNATE: Judgement.ALTERNATE,
    Decision.UNRELATED: Judgement.UNRELATED,
    Decision.SAME_CONTENT: Judgement.IDENTICAL,
    Decision.SAME_PIXELS: Judgement.IDENTICAL,
    Decision.NO_HASH: Judgement.UNKNOWN,
    Decision.FAR: Judgement.NOT_SIMILAR,
    Decision.NEAR: Judgement.SIMILAR,
    Decision.UNVERIFIED: Judgement.SIMILAR,
    Decision.UNVERIFIABLE: Judgement.NOT_SIMILAR,
    Decision.PLAIN: Judgement.NOT_SIMILAR,
    Decision.DIFFERENT: Judgement.NOT_SIMILAR,
    Decision.SAME_PICTURE: Judgement.SIMILAR,
}
"""The judgement for each decision of the rule."""


def _reason(
    decision: Decision,
    subjects: tuple[Subject, Subject],
    options: ImageOptions,
    distances: Mapping[str, int | None],
) -> str:
    """Return the reason for a decision, for people."""
    known = {name: bits for name, bits in distances.items() if bits is not None}
    within = [name for name, threshold in options.thresholds.items() if name in known and known[name] <= threshold]
    near = " and ".join(within) or "no hash"
    plain = ", ".join(subject.name for subject in subjects if (subject.information or 0) < MIN_INFORMATION)
    verdict = "your verdict takes precedence over all measures"
    return {
        Decision.SAME_BYTES: "the same bytes",
        Decision.DUPLICATE: verdict,
        Decision.ALTERNATE: verdict,
        Decision.UNRELATED: verdict,
        Decision.SAME_CONTENT: "the same compressed picture under other metadata",
        Decision.SAME_PIXELS: "the same pixels, although there is too little detail for hashes",
        Decision.NO_HASH: (
            "they have no perceptual hash in common: of images see dam-cli run-systems and failures, "
            "for other media dam-cli find-similar"
        ),
        Decision.FAR: f"{near} within the threshold, and {options.agreement} must be",
        Decision.NEAR: f"near by {near}; with thresholds above {MAX_VERIFIED_THRESHOLD} that is enough",
        Decision.UNVERIFIED: f"by {near} alone: one has no luma picture yet, see dam-cli run-systems",
        Decision.UNVERIFIABLE: f"by {near}, but one has no luma picture yet, see dam-cli run-systems",
        Decision.PLAIN: f"near by {near}, but too little detail for hashes: {plain}",
        Decision.DIFFERENT: f"near by {near}, but the luma pictures differ",
        Decision.SAME_PICTURE: f"near by {near}, and the luma pictures agree",
    }[decision]


def _same_pixels(session: Session, subjects: tuple[Subject, Subject]) -> bool:
    one, other = subjects
    if one.luma is None or other.luma is None or not np.array_equal(one.luma, other.luma):
        return False
    release(session)
    digest = one.pixels()
    return digest is not None and digest == other.pixels()
