"""The similarity rule for images. Search, links, groups of duplicates and `explain` all use `decide`.

`decide` is a pure function of the evidence, vectorised over pairs. doc/similarity.md explains the rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dam.media.images.small_luma import MAX_DIFFERENCE
from dam.services.catalogue.verdict import Verdict
from dam.services.similar.options import ImageOptions

Bools: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.int64]
Decisions: TypeAlias = NDArray[np.int8]
"""A `Decision` for each pair."""

UNKNOWN = -1
"""Distance of a pair if one of the two lacks the hash. Such a hash does not agree."""

VERDICTS = (None, *Verdict)
"""The verdicts, by their numbers in `Evidence.verdicts`."""


class Decision(IntEnum):
    """Whether two images are similar, and why. The first case that applies, in this order, decides."""

    SAME_BYTES = 0
    """The files are equal: they are the same asset."""
    DUPLICATE = 1
    """A verdict of the user, like the next two."""
    ALTERNATE = 2
    UNRELATED = 3
    SAME_CONTENT = 4
    """The same compressed picture under other metadata."""
    SAME_PIXELS = 5
    NO_HASH = 6
    """No hash in use is known for both."""
    FAR = 7
    """Too few hashes are within their thresholds."""
    NEAR = 8
    """Enough hashes are within their thresholds, which are too large for a verification."""
    UNVERIFIED = 9
    """Enough hashes are within their thresholds, but one image has no luma (`dam-cli run-systems` adds it)."""
    UNVERIFIABLE = 10
    """The same for transformed images, which only match if their lumas agree."""
    PLAIN = 11
    """One image has too little detail for hashes: only identical pixels match."""
    DIFFERENT = 12
    """The hashes are near, but the lumas differ."""
    SAME_PICTURE = 13
    """The lumas agree."""


_SIMILAR = np.zeros(len(Decision), np.bool_)
_SIMILAR[
    [
        Decision.SAME_BYTES,
        Decision.DUPLICATE,
        Decision.ALTERNATE,
        Decision.SAME_CONTENT,
        Decision.SAME_PIXELS,
        Decision.NEAR,
        Decision.UNVERIFIED,
        Decision.SAME_PICTURE,
    ]
] = True


@dataclass(frozen=True)
class Evidence:
    """Evidence about n pairs of images, each an array of shape (n,)."""

    distances: Mapping[str, Numbers]
    """Hamming distances by name of the hash, or `UNKNOWN`; for transformed images, after the transform."""
    transformed: Bools
    """Whether the first image is transformed before the comparison."""
    verdicts: Numbers
    """The number of the user's verdict in `VERDICTS`."""
    same_bytes: Bools
    same_content: Bools
    same_pixels: Bools
    """Whether they are known to have the same pixels; needed only for plain images, as others have equal hashes."""
    plain: Bools
    """Whether the luma of one image has too little detail."""
    differences: NDArray[np.float64]
    """Difference of the lumas, 0–2; NaN if it was not measured, or a luma is missing."""

    @classmethod
    def of(cls, distances: Mapping[str, Numbers], **known: Any) -> "Evidence":
        """Return evidence from distances and optional other fields; missing fields are false or unknown."""
        count = len(next(iter(distances.values())))
        no = np.zeros(count, np.bool_)
        nothing: dict[str, Any] = dict.fromkeys(
            ("transformed", "same_bytes", "same_content", "same_pixels", "plain"), no
        )
        nothing |= {"verdicts": np.zeros(count, np.int64), "differences": np.full(count, np.nan)}
        return cls(distances, **nothing | known)

    def verified(self, places: Numbers, plain: Bools, differences: NDArray[np.float64]) -> "Evidence":
        """Return the evidence with the results of comparing the lumas of some pairs."""
        all_plain, all_differences = self.plain.copy(), self.differences.copy()
        all_plain[places], all_differences[places] = plain, differences
        return replace(self, plain=all_plain, differences=all_differences)


def decide(evidence: Evidence, options: ImageOptions) -> Decisions:
    """Decide for each pair whether the two images are similar, and why."""
    known = np.logical_or.reduce([evidence.distances[name] != UNKNOWN for name in options.thresholds])
    unmeasured = np.isnan(evidence.differences)
    cases = {
        Decision.SAME_BYTES: evidence.same_bytes,
        Decision.DUPLICATE: evidence.verdicts == VERDICTS.index(Verdict.DUPLICATE),
        Decision.ALTERNATE: evidence.verdicts == VERDICTS.index(Verdict.ALTERNATE),
        Decision.UNRELATED: evidence.verdicts == VERDICTS.index(Verdict.UNRELATED),
        Decision.SAME_CONTENT: evidence.same_content,
        Decision.SAME_PIXELS: evidence.same_pixels,
        Decision.NO_HASH: ~known,
        Decision.FAR: ~_are_near(evidence, options),
        Decision.NEAR: np.full(len(known), not options.verifies) & ~evidence.transformed,
        Decision.UNVERIFIED: unmeasured & ~evidence.transformed,
        Decision.UNVERIFIABLE: unmeasured,
        Decision.PLAIN: evidence.plain,
        Decision.DIFFERENT: ~(evidence.differences <= MAX_DIFFERENCE),
    }
    decisions = np.select(list(cases.values()), [np.int8(case) for case in cases], np.int8(Decision.SAME_PICTURE))
    return decisions.astype(np.int8)


def are_similar(decisions: Decisions) -> Bools:
    """Return which decisions mean similar."""
    similar: Bools = _SIMILAR[decisions]
    return similar


def need_verification(decisions: Decisions) -> Bools:
    """Return which decisions may change when the lumas are compared."""
    needed: Bools = (decisions == Decision.UNVERIFIED) | (decisions == Decision.UNVERIFIABLE)
    return needed


def _are_near(evidence: Evidence, options: ImageOptions) -> Bools:
    """Return which pairs have enough hashes within their thresholds; for transformed images, the pHash alone counts."""
    within = {
        name: (evidence.distances[name] != UNKNOWN) & (evidence.distances[name] <= threshold)
        for name, threshold in options.thresholds.items()
    }
    near: Bools = np.asarray(np.sum(list(within.values()), axis=0) >= options.needed)
    turned: Bools = within["phash"] if "phash" in within else np.zeros_like(near)
    return (near & ~evidence.transformed) | (turned & evidence.transformed)
