"""Decide whether pairs of assets are duplicates, and explain why."""

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
"""The transform of the keeper, by the kind of the key that found the pair."""
BLOCK = 50_000
"""Number of pairs that are explained together."""

REASONS = {
    Decision.DUPLICATE: Reason.VERDICT,
    Decision.SAME_CONTENT: Reason.CONTENT,
    Decision.SAME_PIXELS: Reason.PIXELS,
    Decision.NEAR: Reason.SIMILAR,
    Decision.UNVERIFIED: Reason.SIMILAR,
    Decision.SAME_PICTURE: Reason.SIMILAR,
}
"""The decisions that make two images duplicates. `ALTERNATE` makes them similar, but not duplicates."""


@dataclass(frozen=True)
class DuplicateOptions:
    """What counts as a duplicate, and which asset of a group is kept."""

    level: Level = Level.SIMILAR
    rules: Sequence[Rule] = DEFAULT_RULES
    images: ImageOptions = field(default_factory=ImageOptions)


@dataclass(frozen=True)
class DuplicateMatch:
    """How an asset matches its keeper."""

    reason: Reason
    distances: Mapping[str, int | None]
    """Hamming distances by name of the hash, without the transform; None if one of the two lacks the hash."""
    difference: float | None
    """Difference of the lumas after the transform, 0–2; None without lumas."""
    transform: Transform
    """The transform of the keeper that gives this asset."""
    similarity: SimilarPair | None = None
    """The pair found by the method of another medium; None for images, and for other reasons."""


@dataclass(frozen=True)
class AssetEvidence:
    """Evidence about assets other than image hashes: equal contents, equal pixels, verdicts, similar media."""

    entity_ids: Ids
    """The entities with any evidence for duplicates, ascending."""
    contents: Numbers
    """A number for each distinct compressed picture, by index of the entity; -1: unique or unknown."""
    pixels: Numbers
    pairs: Numbers
    """Pairs of entities with a verdict, shape (n, 2), the lower id first."""
    verdicts: Numbers
    """Index of each verdict in `VERDICTS`."""
    media: MediaPairs
    """Pairs of similar videos, audio and documents."""

    @classmethod
    def read(
        cls, session: Session, pixels: Mapping[int, str | None], media: MediaPairs, among: Ids | None
    ) -> "AssetEvidence":
        """Read the evidence about all entities, or about some (ascending)."""
        chosen = None if among is None else set(among.tolist())
        contents = {key: value for key, value in _shared_contents(session).items() if chosen is None or key in chosen}
        given = [
            (pair, verdict) for pair, verdict in all_verdicts(session) if chosen is None or chosen.issuperset(pair)
        ]
        pairs = np.array([pair for pair, _ in given], np.int64).reshape(-1, 2)
        numbers = _array(VERDICTS.index(verdict) for _, verdict in given)
        duplicates = pairs[numbers == VERDICTS.index(Verdict.DUPLICATE)]
        ids = np.unique(np.concatenate([_array(contents), _array(pixels), duplicates.ravel(), media.entity_ids]))
        return cls(ids, _numbered(contents, ids), _numbered(pixels, ids), pairs, numbers, media)

    def keys(self, ranked: Ids) -> list[Key]:
        """Return the keys that find candidates; `ranked` are the entities in order of rank."""
        places = places_of(ranked, self.entity_ids)
        pairs = _ranks(self.pairs[self.verdicts == VERDICTS.index(Verdict.DUPLICATE)], ranked)
        pairs = pairs[(pairs >= 0).all(axis=1)]  # one may be in the trash
        verdict_key = explicit_key(pairs.min(axis=1), pairs.max(axis=1), len(ranked))
        equal = [equality_key(self.contents).of(places), equality_key(self.pixels).of(places)]
        return [*equal, verdict_key, self.media.key(ranked)]


class PairDecider:
    """Decides which pairs of keepers and members, given as ranks, are duplicates; see `star_clustering`."""

    def __init__(self, session: Session, images: ImageHashes, facts: AssetEvidence, options: DuplicateOptions) -> None:
        self._session = session
        self._images = images
        self._options = options
        self._ids = images.entity_ids
        places = places_of(self._ids, facts.entity_ids)
        self._contents, self._pixels = (np.append(of, -1)[places] for of in (facts.contents, facts.pixels))
        self._pairs, self._verdicts = self._by_code(facts)
        self._media, self._media_of = facts.media, facts.media.numbers(self._ids)
        self._kinds = np.zeros(len(self._ids), np.int64)

    def __call__(self, pairs: Pairs) -> Bools:
        """Return whether each pair is a duplicate, shape (n,)."""
        alike: Bools = self._reasons(pairs) != ""
        alike_pairs = pairs.where(alike)
        self._kinds[alike_pairs.members[::-1]] = alike_pairs.kinds[::-1]  # if several keys find a pair, the first one
        return alike

    @property
    def apart(self) -> Numbers:
        """The pairs of ranks with the verdict `alternate` or `unrelated`, shape (n, 2), the lower rank first."""
        apart = self._pairs[self._verdicts != VERDICTS.index(Verdict.DUPLICATE)]
        return np.stack(np.divmod(apart, max(1, len(self._ids))), axis=1)

    def explain(self, keepers: Numbers, members: Numbers) -> Iterator[DuplicateMatch]:
        """Yield how members match their keepers. To be called after all pairs have been decided."""
        for start in range(0, len(members), BLOCK):
            yield from self._explain(keepers[start : start + BLOCK], members[start : start + BLOCK])

    def _explain(self, keepers: Numbers, members: Numbers) -> Iterator[DuplicateMatch]:
        facts = _REASON_OF[decide(self._evidence(Pairs(keepers, members, self._kinds[members])), self._options.images)]
        reasons = np.where(facts == "", Reason.SIMILAR.value, facts)  # they are duplicates, so the lumas agree
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
        """Return the reason why each pair is a duplicate, or an empty text if it is not."""
        evidence = self._evidence(pairs)
        if self._options.level is not Level.SIMILAR:
            reasons = _REASON_OF[decide(evidence, self._options.images)]
            return np.where(reasons == Reason.SIMILAR, "", reasons)
        decisions, _ = decide_verified(evidence, self._options.images, lambda places: self._verify(pairs.where(places)))
        media = self._media.are_similar(self._media_of[pairs.keepers], self._media_of[pairs.members])
        return np.where(media & (evidence.verdicts == 0), Reason.SIMILAR.value, _REASON_OF[decisions])

    def _evidence(self, pairs: Pairs) -> Evidence:
        """Return the evidence about pairs, without lumas."""
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
        """Return the distances of the pHashes after the transforms, which the keys compare in one direction only."""
        ids, places = np.unique(self._ids[np.concatenate([pairs.keepers, pairs.members])], return_inverse=True)
        lumas, _ = load_lumas(self._session, ids)
        keepers, members = places.reshape(2, -1)
        found = np.empty(len(pairs.keepers), np.int64)
        for kind in np.unique(pairs.kinds).tolist():
            chosen = pairs.kinds == kind
            found[chosen] = transformed_distance(lumas[keepers[chosen]], lumas[members[chosen]], TRANSFORMS[kind])
        return found

    def _by_code(self, facts: AssetEvidence) -> tuple[Numbers, Numbers]:
        """Return the codes (see `_codes`) of the pairs with a verdict, ascending, and the verdicts' numbers."""
        ranks = _ranks(facts.pairs, self._ids)
        there = (ranks >= 0).all(axis=1)  # others cannot be in a group
        codes = self._codes(ranks[there].min(axis=1), ranks[there].max(axis=1))
        order = np.argsort(codes)
        return codes[order], facts.verdicts[there][order]

    def _codes(self, keepers: Numbers, members: Numbers) -> Numbers:
        """Encode pairs of ranks as single numbers."""
        return keepers * len(self._ids) + members

    def _verdicts_of(self, keepers: Numbers, members: Numbers) -> Numbers:
        """Return the numbers of the verdicts on pairs; 0 without a verdict."""
        return np.append(self._verdicts, 0)[places_of(self._codes(keepers, members), self._pairs)]


_REASON_OF = np.array([REASONS.get(decision, "") for decision in Decision])


def _shared_contents(session: Session) -> dict[int, str]:
    """Return the digest of each compressed picture that several entities have, by entity."""
    table = ImageDataDigestComponent
    shared = select(table.digest).group_by(table.digest).having(func.count() > 1)
    rows = session.execute(select(table.entity_id, table.digest).where(table.digest.in_(shared)))
    return {entity_id: digest for entity_id, digest in rows}  # noqa: C416  rows are no tuples to the type checker


def _array(values: Iterable[int]) -> Ids:
    return np.array(list(values), np.int64)


def _numbered(digests: Mapping[int, str | None], ids: Ids) -> Numbers:
    """Return a number for each distinct digest, by index of the entity; -1 without a digest."""
    numbers: dict[str, int] = {}
    found = np.full(len(ids), -1, np.int64)
    for place, entity_id in enumerate(ids.tolist()):
        digest = digests.get(entity_id)
        if digest is not None:
            found[place] = numbers.setdefault(digest, len(numbers))
    return found


def _ranks(ids: Ids, ranked: Ids) -> Numbers:
    """Return the ranks of entities; -1 for entities that are not ranked."""
    order = np.argsort(ranked)
    places = places_of(ids, ranked[order])
    return np.where(places >= 0, np.append(order, -1)[places], -1)
