"""Whether an asset is a duplicate of another one, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.media.images.small_luma import transformed_distance
from dam.media.images.transforms import Transform
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.services.catalogue.pairs import all_verdicts
from dam.services.catalogue.verdict import Verdict
from dam.services.duplicates.media_pairs import MediaPairs
from dam.services.duplicates.rules import DEFAULT_RULES, Level, Reason, Rule
from dam.services.duplicates.star_clustering import Key, Pairs, equality_key, explicit_key
from dam.services.hamming.arrays import TABLES, Ids
from dam.services.hamming.image_hashes import ImageHashes, places_of
from dam.services.similar.match import SimilarPair
from dam.services.similar.options import ImageOptions
from dam.services.similar.rule import UNKNOWN, VERDICTS, Decision, Evidence, decide
from dam.services.similar.verification import Verification, decide_verified, load_lumas, verify_pairs

Bools: TypeAlias = NDArray[np.bool_]
Numbers: TypeAlias = NDArray[np.int64]

TRANSFORMS = tuple(Transform)
"""What was done to a keeper to give its member: by the kind of the key that found them."""
BLOCK = 50_000
"""Pairs that are described together."""

REASONS = {
    Decision.DUPLICATE: Reason.VERDICT,
    Decision.SAME_CONTENT: Reason.CONTENT,
    Decision.SAME_PIXELS: Reason.PIXELS,
    Decision.NEAR: Reason.SIMILAR,
    Decision.UNVERIFIED: Reason.SIMILAR,
    Decision.SAME_PICTURE: Reason.SIMILAR,
}
"""The decisions by which two images are duplicates. By `ALTERNATE`, too, they are similar, but no duplicates."""


@dataclass(frozen=True)
class DuplicateOptions:
    """What counts as a duplicate, and which one is kept."""

    level: Level = Level.SIMILAR
    rules: Sequence[Rule] = DEFAULT_RULES
    images: ImageOptions = field(default_factory=ImageOptions)


@dataclass(frozen=True)
class DuplicateMatch:
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
    judged: Numbers
    """Pairs of entities with a verdict of the user, shape (n, 2), the lower id first."""
    verdicts: Numbers
    """The number of each verdict in `VERDICTS`."""
    media: MediaPairs
    """Pairs of similar videos, audio and documents."""

    @classmethod
    def read(cls, session: Session, pixels: Mapping[int, str | None], media: MediaPairs, among: Ids | None) -> "Facts":
        """Read the facts on all entities, or on those among some (ascending)."""
        chosen = None if among is None else set(among.tolist())
        contents = {key: value for key, value in _shared_contents(session).items() if chosen is None or key in chosen}
        said = [(pair, verdict) for pair, verdict in all_verdicts(session) if chosen is None or chosen.issuperset(pair)]
        judged = np.array([pair for pair, _ in said], np.int64).reshape(-1, 2)
        numbers = _array(VERDICTS.index(verdict) for _, verdict in said)
        duplicates = judged[numbers == VERDICTS.index(Verdict.DUPLICATE)]
        ids = np.unique(np.concatenate([_array(contents), _array(pixels), duplicates.ravel(), media.entity_ids]))
        return cls(ids, _numbered(contents, ids), _numbered(pixels, ids), judged, numbers, media)

    def keys(self, ranked: Ids) -> list[Key]:
        """Return the keys by which candidates are found; `ranked` are the entities in the order of their ranks."""
        places = places_of(ranked, self.entity_ids)
        pairs = _ranks(self.judged[self.verdicts == VERDICTS.index(Verdict.DUPLICATE)], ranked)
        said = explicit_key(pairs.min(axis=1), pairs.max(axis=1), len(ranked))
        equal = [equality_key(self.contents).of(places), equality_key(self.pixels).of(places)]
        return [*equal, said, self.media.key(ranked)]


class Judge:
    """Tells which pairs of keepers and members are duplicates, by rank; see `star_clustering`."""

    def __init__(self, session: Session, images: ImageHashes, facts: Facts, options: DuplicateOptions) -> None:
        self._session = session
        self._images = images
        self._options = options
        self._ids = images.entity_ids
        places = places_of(self._ids, facts.entity_ids)
        self._contents, self._pixels = (np.append(of, -1)[places] for of in (facts.contents, facts.pixels))
        self._judged, self._verdicts = self._by_code(facts)
        self._media, self._media_of = facts.media, facts.media.numbers(self._ids)
        self._kinds = np.zeros(len(self._ids), np.int64)

    def __call__(self, pairs: Pairs) -> Bools:
        """Tell of each pair whether the two are duplicates."""
        alike: Bools = self._reasons(pairs) != ""
        alike_pairs = pairs.where(alike)
        self._kinds[alike_pairs.members[::-1]] = alike_pairs.kinds[::-1]  # of several, the first
        return alike

    @property
    def apart(self) -> Numbers:
        """The pairs of ranks that the user says are no duplicates, shape (n, 2), the lower rank first."""
        apart = self._judged[self._verdicts != VERDICTS.index(Verdict.DUPLICATE)]
        return np.stack(np.divmod(apart, max(1, len(self._ids))), axis=1)

    def explain(self, keepers: Numbers, members: Numbers) -> Iterator[DuplicateMatch]:
        """Yield how members are duplicates of their keepers, once all has been judged."""
        for start in range(0, len(members), BLOCK):
            yield from self._explain(keepers[start : start + BLOCK], members[start : start + BLOCK])

    def _explain(self, keepers: Numbers, members: Numbers) -> Iterator[DuplicateMatch]:
        facts = _REASON_OF[decide(self._evidence(Pairs(keepers, members, self._kinds[members])), self._options.images)]
        reasons = np.where(
            facts == "", Reason.SIMILAR.value, facts
        )  # they are duplicates: the lumas have been compared
        kinds = np.where(reasons == Reason.SIMILAR, self._kinds[members], 0)
        transforms = [TRANSFORMS[kind] for kind in kinds.tolist()]
        differences = verify_pairs(self._session, self._ids[keepers], self._ids[members], transforms).differences
        names = list(self._images.hashes)
        distances = np.array([self._images.distances(name, keepers, members) for name in names]).T.tolist()
        pairs = zip(self._ids[keepers].tolist(), self._ids[members].tolist(), strict=True)
        for pair, reason, away, difference, transform in zip(
            pairs,
            reasons.tolist(),
            distances or [[]] * len(members),
            differences.tolist(),
            transforms,
            strict=True,
        ):
            known = {name: None if bits == UNKNOWN else bits for name, bits in zip(names, away, strict=True)}
            measured = None if isnan(difference) else difference
            similar = self._media.find(*pair) if reason == Reason.SIMILAR else None
            yield DuplicateMatch(Reason(reason), known, measured, transform, similar)

    def _reasons(self, pairs: Pairs) -> NDArray[np.str_]:
        """Return why the two of each pair are duplicates, or an empty text where they are not."""
        evidence = self._evidence(pairs)
        if self._options.level is not Level.SIMILAR:
            reasons = _REASON_OF[decide(evidence, self._options.images)]
            return np.where(reasons == Reason.SIMILAR, "", reasons)
        decisions, _ = decide_verified(evidence, self._options.images, lambda places: self._verify(pairs.where(places)))
        media = self._media.are_similar(self._media_of[pairs.keepers], self._media_of[pairs.members])
        return np.where(media & (evidence.verdicts == 0), Reason.SIMILAR.value, _REASON_OF[decisions])

    def _evidence(self, pairs: Pairs) -> Evidence:
        """Return what is known of pairs, but for their lumas; the distances only where they count."""
        keepers, members = pairs.keepers, pairs.members
        contents, pixels = self._contents, self._pixels
        turned = pairs.kinds > 0
        distances = {name: self._images.distances(name, keepers, members) for name in self._images.hashes}
        if turned.any():
            for away in distances.values():
                away[turned] = UNKNOWN
            distances["phash"][turned] = self._transformed_distances(pairs.where(turned))
        return Evidence.of(
            distances or {name: np.full(len(keepers), UNKNOWN) for name in TABLES},
            transformed=turned,
            verdicts=self._verdicts_of(keepers, members),
            same_content=(contents[keepers] >= 0) & (contents[keepers] == contents[members]),
            same_pixels=(pixels[keepers] >= 0) & (pixels[keepers] == pixels[members]),
        )

    def _verify(self, pairs: Pairs) -> Verification:
        transforms = [TRANSFORMS[kind] for kind in pairs.kinds.tolist()]
        return verify_pairs(self._session, self._ids[pairs.keepers], self._ids[pairs.members], transforms)

    def _transformed_distances(self, pairs: Pairs) -> Numbers:
        """Return the distances of the pHashes after the transforms: the keys compare them in one direction only."""
        ids, places = np.unique(self._ids[np.concatenate([pairs.keepers, pairs.members])], return_inverse=True)
        lumas, _ = load_lumas(self._session, ids)
        keepers, members = places.reshape(2, -1)
        found = np.empty(len(pairs.keepers), np.int64)
        for kind in np.unique(pairs.kinds).tolist():
            chosen = pairs.kinds == kind
            found[chosen] = transformed_distance(lumas[keepers[chosen]], lumas[members[chosen]], TRANSFORMS[kind])
        return found

    def _by_code(self, facts: Facts) -> tuple[Numbers, Numbers]:
        """Return the pairs with a verdict as `_codes` has them, ascending, and the numbers of the verdicts."""
        ranks = _ranks(facts.judged, self._ids)
        there = (ranks >= 0).all(axis=1)  # the others cannot be in a group
        codes = self._codes(ranks[there].min(axis=1), ranks[there].max(axis=1))
        order = np.argsort(codes)
        return codes[order], facts.verdicts[there][order]

    def _codes(self, keepers: Numbers, members: Numbers) -> Numbers:
        """Return pairs of ranks as single numbers."""
        return keepers * len(self._ids) + members

    def _verdicts_of(self, keepers: Numbers, members: Numbers) -> Numbers:
        """Return the numbers of the verdicts on pairs, 0 where there is none."""
        return np.append(self._verdicts, 0)[places_of(self._codes(keepers, members), self._judged)]


_REASON_OF = np.array([REASONS.get(decision, "") for decision in Decision])


def _shared_contents(session: Session) -> dict[int, str]:
    """Return the entities whose compressed picture another one has as well, and its digest."""
    table = ImageDataDigestComponent
    shared = select(table.digest).group_by(table.digest).having(func.count() > 1)
    rows = session.execute(select(table.entity_id, table.digest).where(table.digest.in_(shared)))
    return {entity_id: digest for entity_id, digest in rows}  # noqa: C416  rows are no tuples to the type checker


def _array(values: Iterable[int]) -> Ids:
    return np.array(list(values), np.int64)


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
