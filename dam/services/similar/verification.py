"""The second look at images whose hashes are near: whether their small lumas agree, and have enough in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.media.images.small_luma import PIXELS, SAME_PICTURE, Lumas, are_plain, difference, transformed
from dam.media.images.transforms import Transform
from dam.models.image_luma_component import ImageLumaComponent
from dam.services.catalogue import ecs

BLOCK = 1 << 14
"""Pairs compared at once: their lumas and steps take some 100 MB."""

Ids: TypeAlias = NDArray[np.int64]


class Look(StrEnum):
    """What a second look at a pair has found."""

    SAME = "same"
    """The lumas agree."""
    DIFFERENT = "different"
    """They do not: the hashes are near by chance."""
    PLAIN = "plain"
    """One of the two is too plain for its hash to say anything: only identical pixels count."""
    UNSEEN = "unseen"
    """One of the two has no luma yet (`dam-cli run-systems` makes it): the hash stands alone."""

    @property
    def confirms(self) -> bool:
        """Whether the pair counts as similar."""
        return self in (Look.SAME, Look.UNSEEN)


@dataclass(frozen=True)
class Looks:
    """Second looks at n pairs, each an array of shape (n,)."""

    found: NDArray[np.str_]
    """A `Look` each."""
    differences: NDArray[np.float64]
    """How much the lumas differ; NaN where one is missing."""

    @property
    def confirmed(self) -> NDArray[np.bool_]:
        """Which pairs count as similar."""
        return np.isin(self.found, [look.value for look in Look if look.confirms])


def look_at_pairs(session: Session, first: Ids, second: Ids, transforms: Sequence[Transform] | None = None) -> Looks:
    """Look at pairs of entities, given as two arrays of shape (n,).

    `transforms` says for each pair what was done to the first to give the second.
    """
    ids = np.unique(np.concatenate([first, second]))
    lumas, known = load_lumas(session, ids)
    too_plain = _are_plain(lumas)
    looks = []
    for start in range(0, len(first), BLOCK):
        one = np.searchsorted(ids, first[start : start + BLOCK])
        other = np.searchsorted(ids, second[start : start + BLOCK])
        turned = lumas[one] if transforms is None else _transformed(lumas[one], transforms[start : start + BLOCK])
        plain = too_plain[one] | too_plain[other]
        looks.append(_judge(difference(turned, lumas[other]), plain, known[one] & known[other]))
    return _joined(looks)


def look_at_query(
    session: Session, luma: Lumas, entity_ids: Ids, transforms: Sequence[Transform] | None = None
) -> Looks:
    """Look at a query and each of some entities; `transforms` says what was done to the query to give each."""
    lumas, known = load_lumas(session, entity_ids)
    plain = are_plain(luma[np.newaxis]) | _are_plain(lumas)
    if transforms is None:
        return _judge(difference(luma, lumas), plain, known)
    wanted = np.array([transform.value for transform in transforms])
    differences = np.empty(len(lumas))
    for transform in set(transforms):
        chosen = wanted == transform.value
        differences[chosen] = difference(transformed(luma, transform), lumas[chosen])
    return _judge(differences, plain, known)


def load_lumas(session: Session, entity_ids: Ids) -> tuple[Lumas, NDArray[np.bool_]]:
    """Return the lumas of entities, shape (n, 256), and which of them have one; the others' are black."""
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


def _judge(differences: NDArray[np.float64], plain: NDArray[np.bool_], known: NDArray[np.bool_]) -> Looks:
    cases = [~known, plain, differences <= SAME_PICTURE]
    found = np.select(cases, [Look.UNSEEN.value, Look.PLAIN.value, Look.SAME.value], Look.DIFFERENT.value)
    return Looks(found, np.where(known, differences, np.nan))


def _joined(looks: Sequence[Looks]) -> Looks:
    if not looks:
        return Looks(np.empty(0, np.str_), np.empty(0))
    return Looks(np.concatenate([one.found for one in looks]), np.concatenate([one.differences for one in looks]))
