"""Whether an asset is a duplicate of another one, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.media.images.transforms import Transform
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.services.catalogue.pairs import all_verdicts
from dam.services.catalogue.verdict import Verdict
from dam.services.duplicates.media_pairs import MediaPairs
from dam.services.duplicates.rules import DEFAULT_MATCH, DEFAULT_RULES, DEFAULT_THRESHOLDS, Level, Reason, Rule
from dam.services.duplicates.star_clustering import Key, Pairs, equality_key, explicit_key
from dam.services.hamming.arrays import Ids
from dam.services.hamming.image_hashes import ImageHashes, places_of
from dam.services.similar.agreement import Agreement
from dam.services.similar.match import SimilarPair
from dam.services.similar.verification import look_at_pairs

Bools: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.int64]

TRANSFORMS = tuple(Transform)
"""What was done to a keeper to give its member: by the kind of the key that found them."""
LOOKS = 50_000
"""Pairs that are described together."""


@dataclass(frozen=True)
class Wanted:
    """What counts as a duplicate, and which one is kept."""

    level: Level = Level.SIMILAR
    rules: Sequence[Rule] = DEFAULT_RULES
    thresholds: Mapping[str, int] = field(
        default_factory=lambda: {name: bits for name, bits in DEFAULT_THRESHOLDS.items() if bits >= 0}
    )
    """By the name of each hash that is used: how many bits may differ."""
    agreement: Agreement = DEFAULT_MATCH
    transforms: bool = False


@dataclass(frozen=True)
class How:
    """How an asset is a duplicate of its keeper."""

    reason: Reason
    distances: Mapping[str, int | None]
    """The bits in which each hash differs, of the images as they are; None where one of the two has no such hash."""
    difference: float | None
    """How much the lumas differ after the transform, from 0 to 2; None without them."""
    transform: Transform
    """What was done to the keeper to give this one."""
    similarity: SimilarPair | None = None
    """How the method of another medium than images found the two; None for images, and where another reason holds."""


@dataclass(frozen=True)
class Facts:
    """What is known of entities beside their hashes: equal contents, equal pixels, and what the user says."""

    entity_ids: Ids
    """All that there is something to say of, ascending."""
    contents: Numbers
    """A number for each compressed picture, by place of the entity; -1: nobody else has it."""
    pixels: Numbers
    duplicates: Numbers
    """Pairs of entities, shape (n, 2), the lower id first."""
    others: Numbers
    """Pairs that are no duplicates, likewise."""
    media: MediaPairs
    """Pairs of similar videos, audio and documents."""

    @classmethod
    def read(cls, session: Session, pixels: Mapping[int, str | None], media: MediaPairs, among: Ids | None) -> "Facts":
        """Read the facts on all entities, or on those among some (ascending)."""
        chosen = None if among is None else set(among.tolist())
        contents = {key: value for key, value in _shared_contents(session).items() if chosen is None or key in chosen}
        said = [(pair, verdict) for pair, verdict in all_verdicts(session) if chosen is None or chosen.issuperset(pair)]
        duplicates = _pairs(pair for pair, verdict in said if verdict is Verdict.DUPLICATE)
        ids = np.unique(np.concatenate([_array(contents), _array(pixels), duplicates.ravel(), media.entity_ids]))
        others = _pairs(pair for pair, verdict in said if verdict is not Verdict.DUPLICATE)
        return cls(ids, _numbered(contents, ids), _numbered(pixels, ids), duplicates, others, media)

    def keys(self, ranked: Ids) -> list[Key]:
        """Return the keys by which candidates are found; `ranked` are the entities in the order of their ranks."""
        places = places_of(ranked, self.entity_ids)
        pairs = _ranks(self.duplicates, ranked)
        said = explicit_key(pairs.min(axis=1), pairs.max(axis=1), len(ranked))
        equal = [equality_key(self.contents).of(places), equality_key(self.pixels).of(places)]
        return [*equal, said, self.media.key(ranked)]


class Judge:
    """Tells which pairs of keepers and members are duplicates, by rank; see `star_clustering`."""

    def __init__(self, session: Session, images: ImageHashes, facts: Facts, wanted: Wanted) -> None:
        self._session = session
        self._images = images
        self._wanted = wanted
        self._ids = images.entity_ids
        places = places_of(self._ids, facts.entity_ids)
        self._contents, self._pixels = (np.append(of, -1)[places] for of in (facts.contents, facts.pixels))
        self._duplicates, self._others = (self._codes_of(pairs) for pairs in (facts.duplicates, facts.others))
        self._media, self._media_of = facts.media, facts.media.numbers(self._ids)
        self._kinds = np.zeros(len(self._ids), np.int64)

    def __call__(self, pairs: Pairs) -> Bools:
        """Tell of each pair whether the two are duplicates."""
        reasons = self._facts(pairs.keepers, pairs.members)
        alike: Bools = reasons != ""
        if self._wanted.level is Level.SIMILAR:
            open_ = np.flatnonzero(~alike & ~self._are_said_to_differ(pairs.keepers, pairs.members))
            alike[open_] = self._look_alike(pairs.where(open_))
        alike_pairs = pairs.where(alike)
        self._kinds[alike_pairs.members[::-1]] = alike_pairs.kinds[::-1]  # of several, the first
        return alike

    @property
    def apart(self) -> Numbers:
        """The pairs of ranks that the user says are no duplicates, shape (n, 2), the lower rank first."""
        return np.stack(np.divmod(self._others, max(1, len(self._ids))), axis=1)

    def explain(self, keepers: Numbers, members: Numbers) -> Iterator[How]:
        """Yield how members are duplicates of their keepers, once all has been judged."""
        for start in range(0, len(members), LOOKS):
            yield from self._explain(keepers[start : start + LOOKS], members[start : start + LOOKS])

    def _explain(self, keepers: Numbers, members: Numbers) -> Iterator[How]:
        reasons = self._facts(keepers, members)
        kinds = np.where(reasons == "", self._kinds[members], 0)
        transforms = [TRANSFORMS[kind] for kind in kinds.tolist()]
        looks = look_at_pairs(self._session, self._ids[keepers], self._ids[members], transforms)
        names = list(self._images.hashes)
        distances = np.array([self._images.distances(name, keepers, members) for name in names]).T.tolist()
        pairs = zip(self._ids[keepers].tolist(), self._ids[members].tolist(), strict=True)
        for pair, reason, away, difference, transform in zip(
            pairs,
            reasons.tolist(),
            distances or [[]] * len(members),
            looks.differences.tolist(),
            transforms,
            strict=True,
        ):
            known = {name: None if bits < 0 else bits for name, bits in zip(names, away, strict=True)}
            differs = None if difference != difference else difference  # noqa: PLR0124  NaN: there are no lumas
            similar = self._media.find(*pair) if reason == Reason.SIMILAR else None
            yield How(Reason(reason or Reason.SIMILAR), known, differs, transform, similar)

    def _facts(self, keepers: Numbers, members: Numbers) -> NDArray[np.str_]:
        """Return by which fact the two of each pair are duplicates, or an empty text."""
        contents, pixels = self._contents, self._pixels
        free = ~self._are_said_to_differ(keepers, members)
        cases = {
            Reason.VERDICT: np.isin(self._codes(keepers, members), self._duplicates),
            Reason.CONTENT: (contents[keepers] >= 0) & (contents[keepers] == contents[members]) & free,
            Reason.PIXELS: (pixels[keepers] >= 0) & (pixels[keepers] == pixels[members]) & free,
            Reason.SIMILAR: self._media.are_similar(self._media_of[keepers], self._media_of[members]) & free,
        }
        found: NDArray[np.str_] = np.select(list(cases.values()), [reason.value for reason in cases], "")
        return found

    def _codes_of(self, pairs: Numbers) -> Numbers:
        """Return pairs of entities, shape (n, 2), as `_codes` has them; without those who cannot be in a group."""
        ranks = _ranks(pairs, self._ids)
        ranks = ranks[(ranks >= 0).all(axis=1)]
        return self._codes(ranks.min(axis=1), ranks.max(axis=1))

    def _codes(self, keepers: Numbers, members: Numbers) -> Numbers:
        """Return pairs of ranks as single numbers."""
        return keepers * len(self._ids) + members

    def _are_said_to_differ(self, keepers: Numbers, members: Numbers) -> Bools:
        return np.isin(self._codes(keepers, members), self._others)

    def _look_alike(self, pairs: Pairs) -> Bools:
        """Tell which pairs are within the thresholds, and confirmed by a second look."""
        thresholds = self._wanted.thresholds
        near = np.zeros(len(pairs.keepers), np.int64)
        for name, most in thresholds.items():
            away = self._images.distances(name, pairs.keepers, pairs.members)
            near += (away >= 0) & (away <= most)
        turned = pairs.kinds > 0  # candidates by the pHash of their lumas, which is all that is known of them
        chosen = np.flatnonzero(turned | (near >= self._wanted.agreement.needed(len(thresholds))))
        some = pairs.where(chosen)
        transforms = [TRANSFORMS[kind] for kind in some.kinds.tolist()]
        looks = look_at_pairs(self._session, self._ids[some.keepers], self._ids[some.members], transforms)
        alike = np.zeros(len(pairs.keepers), np.bool_)
        alike[chosen] = looks.confirmed
        return alike


def _shared_contents(session: Session) -> dict[int, str]:
    """Return the entities whose compressed picture another one has as well, and its digest."""
    table = ImageDataDigestComponent
    shared = select(table.digest).group_by(table.digest).having(func.count() > 1)
    rows = session.execute(select(table.entity_id, table.digest).where(table.digest.in_(shared)))
    return {entity_id: digest for entity_id, digest in rows}  # noqa: C416  rows are no tuples to the type checker


def _array(values: Iterable[int]) -> Ids:
    return np.array(list(values), np.int64)


def _pairs(pairs: Iterable[tuple[int, int]]) -> Numbers:
    return np.array(list(pairs), np.int64).reshape(-1, 2)


def _numbered(digests: Mapping[int, str | None], ids: Ids) -> Numbers:
    """Return a number for each digest, by place of the entity; -1 where there is none."""
    numbers: dict[str, int] = {}
    found = np.full(len(ids), -1, np.int64)
    for place, entity_id in enumerate(ids.tolist()):
        digest = digests.get(entity_id)
        if digest is not None:
            found[place] = numbers.setdefault(digest, len(numbers))
    return found


def _ranks(ids: Ids, ranked: Ids) -> Numbers:
    """Return the ranks of entities; -1 for those that have none."""
    order = np.argsort(ranked)
    places = places_of(ids, ranked[order])
    return np.where(places >= 0, np.append(order, -1)[places], -1)
