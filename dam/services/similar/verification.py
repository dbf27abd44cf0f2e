"""Verify candidates, which are images with near hashes, by comparing their lumas and measuring their detail."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.media.images.small_luma import PIXELS, Lumas, are_plain, difference, transformed
from dam.media.images.transforms import Transform
from dam.models.image_luma_component import ImageLumaComponent
from dam.services.components import ecs
from dam.services.similar.options import ImageOptions
from dam.services.similar.rule import Decisions, Evidence, decide, need_verification

BLOCK = 1 << 14
"""Number of pairs compared at once, which take about 100 MB."""

Ids: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Verification:
    """The comparison of the lumas of n pairs, each an array of shape (n,)."""

    plain: NDArray[np.bool_]
    """Whether one of the two has too little detail for hashes."""
    differences: NDArray[np.float64]
    """Difference of the lumas; NaN if one is missing."""


Verify: TypeAlias = Callable[[NDArray[np.int64]], Verification]
"""Compares the lumas of the pairs at some indices."""


def decide_verified(evidence: Evidence, options: ImageOptions, verify: Verify) -> tuple[Decisions, Evidence]:
    """Decide whether pairs are similar, and compare lumas where needed; also return the complete evidence."""
    decisions = decide(evidence, options)
    candidates = np.flatnonzero(need_verification(decisions))
    if not candidates.size:
        return decisions, evidence
    found = verify(candidates)
    evidence = evidence.verified(candidates, found.plain, found.differences)
    return decide(evidence, options), evidence


def verify_pairs(
    session: Session, first: Ids, second: Ids, transforms: Sequence[Transform] | None = None
) -> Verification:
    """Compare the lumas of pairs of entities, given as two arrays of shape (n,).

    `transforms` contains the transform of the first image of each pair.
    """
    ids = np.unique(np.concatenate([first, second]))
    lumas, known = load_lumas(session, ids)
    too_plain = _are_plain(lumas)
    plain, differences = [np.empty(0, np.bool_)], [np.empty(0)]
    for start in range(0, len(first), BLOCK):
        one = np.searchsorted(ids, first[start : start + BLOCK])
        other = np.searchsorted(ids, second[start : start + BLOCK])
        turned = lumas[one] if transforms is None else _transformed(lumas[one], transforms[start : start + BLOCK])
        plain.append(too_plain[one] | too_plain[other])
        differences.append(np.where(known[one] & known[other], difference(turned, lumas[other]), np.nan))
    return Verification(np.concatenate(plain), np.concatenate(differences))


def verify_query(
    session: Session, luma: Lumas | None, entity_ids: Ids, transforms: Sequence[Transform]
) -> Verification:
    """Compare the luma of a query, transformed for each entity, with the luma of the entity."""
    if luma is None:
        return Verification(np.zeros(len(entity_ids), np.bool_), np.full(len(entity_ids), np.nan))
    ids, places = np.unique(entity_ids, return_inverse=True)
    lumas, known = load_lumas(session, ids)
    plain = are_plain(luma[np.newaxis]) | _are_plain(lumas)
    wanted = np.array([transform.value for transform in transforms])
    differences = np.empty(len(entity_ids))
    for transform in set(transforms):
        chosen = wanted == transform.value
        differences[chosen] = difference(transformed(luma, transform), lumas[places[chosen]])
    return Verification(plain[places], np.where(known[places], differences, np.nan))


def load_lumas(session: Session, entity_ids: Ids) -> tuple[Lumas, NDArray[np.bool_]]:
    """Return the lumas of distinct entities, shape (n, 256), and whether each has one; missing lumas are black."""
    lumas, known = np.zeros((len(entity_ids), PIXELS), np.uint8), np.zeros(len(entity_ids), np.bool_)
    places = {entity_id: place for place, entity_id in enumerate(entity_ids.tolist())}
    table = ImageLumaComponent
    for some in ecs.batched(places):
        rows = session.execute(select(table.entity_id, table.luma).where(table.entity_id.in_(some))).all()
        there = [places[entity_id] for entity_id, _ in rows]
        lumas[there] = np.frombuffer(b"".join(luma for _, luma in rows), np.uint8).reshape(-1, PIXELS)
        known[there] = True
    return lumas, known


def _are_plain(lumas: Lumas) -> NDArray[np.bool_]:
    parts = [are_plain(lumas[start : start + BLOCK]) for start in range(0, len(lumas), BLOCK)]
    return np.concatenate(parts) if parts else np.empty(0, np.bool_)


def _transformed(lumas: Lumas, transforms: Iterable[Transform]) -> Lumas:
    done = lumas.copy()
    wanted = np.array([transform.value for transform in transforms])
    for transform in Transform:
        chosen = wanted == transform.value
        done[chosen] = transformed(lumas[chosen], transform)
    return done
