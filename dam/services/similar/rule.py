"""The rule by which two images are similar. Search, links, groups of duplicates and `explain` all ask `decide`.

It is a pure function of what is known of each pair, vectorised over pairs. doc/similarity.md explains it.
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
"""Stands for the distance of a pair of which one lacks the hash. Such a hash does not agree."""

VERDICTS = (None, *Verdict)
"""The verdicts by their numbers in `Evidence.verdicts`."""


class Decision(IntEnum):
    """Whether two images are similar, and by which rule: the first that applies, in this order."""

    SAME_BYTES = 0
    """Their files are equal: they are one asset."""
    DUPLICATE = 1
    """The user's verdict, as the next two."""
    ALTERNATE = 2
    UNRELATED = 3
    SAME_CONTENT = 4
    """The same compressed picture under other metadata."""
    SAME_PIXELS = 5
    NO_HASH = 6
    """No hash in use is known of both."""
    FAR = 7
    """Too few hashes are within their thresholds."""
    NEAR = 8
    """Enough are, and the thresholds are too great for a verification."""
    UNVERIFIED = 9
    """Enough are, and one of the two has no luma yet (`dam-cli run-systems` makes it)."""
    UNVERIFIABLE = 10
    """The same of transformed images: nothing but their lumas says that one is the other turned or mirrored."""
    PLAIN = 11
    """One is too plain for its hash to say anything: only identical pixels count."""
    DIFFERENT = 12
    """The hashes are near by chance: the lumas differ."""
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
    """What is known of n pairs of images, each an array of shape (n,)."""

    distances: Mapping[str, Numbers]
    """The Hamming distances by name of the hash, or `UNKNOWN`; of transformed images after the transform."""
    transformed: Bools
    """Whether the first of the two is compared after a transform."""
    verdicts: Numbers
    """The number of the user's verdict in `VERDICTS`."""
    same_bytes: Bools
    same_content: Bools
    same_pixels: Bools
    """Whether they are known to have the same pixels; only plain images need that, the others have equal hashes."""
    plain: Bools
    """Whether the luma of one is too plain."""
    differences: NDArray[np.float64]
    """How much the lumas differ, 0 to 2; NaN where that was not measured, or one is missing."""

    @classmethod
    def of(cls, distances: Mapping[str, Numbers], **known: Any) -> "Evidence":
        """Return the evidence of pairs of which little more is known than their distances."""
        count = len(next(iter(distances.values())))
        no = np.zeros(count, np.bool_)
        nothing: dict[str, Any] = dict.fromkeys(
            ("transformed", "same_bytes", "same_content", "same_pixels", "plain"), no
        )
        nothing |= {"verdicts": np.zeros(count, np.int64), "differences": np.full(count, np.nan)}
        return cls(distances, **nothing | known)

    def verified(self, places: Numbers, plain: Bools, differences: NDArray[np.float64]) -> "Evidence":
        """Return the same once the lumas of the pairs at some places were compared."""
        all_plain, all_differences = self.plain.copy(), self.differences.copy()
        all_plain[places], all_differences[places] = plain, differences
        return replace(self, plain=all_plain, differences=all_differences)


def decide(evidence: Evidence, options: ImageOptions) -> Decisions:
    """Decide of each pair whether the two are similar, and why."""
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
    """Tell which decisions say that two images are similar."""
    similar: Bools = _SIMILAR[decisions]
    return similar


def need_verification(decisions: Decisions) -> Bools:
    """Tell which decisions may change once the lumas are compared."""
    needed: Bools = (decisions == Decision.UNVERIFIED) | (decisions == Decision.UNVERIFIABLE)
    return needed


def _are_near(evidence: Evidence, options: ImageOptions) -> Bools:
    """Tell of which pairs enough hashes are within their thresholds: of transformed ones it takes the pHash."""
    within = {
        name: (evidence.distances[name] != UNKNOWN) & (evidence.distances[name] <= threshold)
        for name, threshold in options.thresholds.items()
    }
    near: Bools = np.asarray(np.sum(list(within.values()), axis=0) >= options.needed)
    turned: Bools = within["phash"] if "phash" in within else np.zeros_like(near)
    return (near & ~evidence.transformed) | (turned & evidence.transformed)
