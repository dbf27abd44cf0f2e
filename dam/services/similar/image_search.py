"""Finding images that look like one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dam.media.images.looks import HASHES
from dam.media.images.transforms import Transform
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.content import find_place
from dam.services.catalogue.lookup import find_by_hash
from dam.services.catalogue.pairs import verdicts
from dam.services.catalogue.verdict import Verdict
from dam.services.hamming.arrays import Ids
from dam.services.hamming.index import open_index
from dam.services.hamming.probes import LONGEST
from dam.services.library import Library
from dam.services.similar.agreement import DEFAULT_AGREEMENT, Agreement
from dam.services.similar.image_query import Asked, Query
from dam.services.similar.pixel_twins import pixel_digests
from dam.services.similar.verification import Look, load_lumas, look_at_query
from dam.storage.blob_store import BlobStore

UNKNOWN = LONGEST + 1
"""Stands for the distance of an asset that lacks a hash: further away than any."""

FARTHEST = np.iinfo(np.int64).max

SPARING = ("phash", "dhash", "ahash")
"""The hashes, those first whose bands fewer unrelated images share."""


SECOND_LOOK = 12
"""Up to this threshold, what is near is said to be the same picture, and a second look must agree.

A greater one asks for whatever resembles the query, and the hashes alone decide.
"""


@dataclass(frozen=True)
class Match:
    """An image that looks like the query."""

    entity_id: int
    distances: Mapping[str, int | None]
    """The Hamming distance of each hash (0–64); None where it has no such hash."""
    identical: bool
    """Whether it is the very content that was asked about."""
    transform: Transform = Transform.NONE
    """What makes the query look like it."""


def find_similar(
    session: Session,
    query: Query,
    thresholds: Mapping[str, int],
    agreement: Agreement = DEFAULT_AGREEMENT,
    limit: int | None = None,
) -> list[Match]:
    """Return the images that look like one; see `Search`."""
    return Search(session, thresholds, agreement, lookups=len(query.variants)).matches(query, limit)


class Search:
    """A search for images whose hashes are within thresholds; good for many queries.

    `thresholds` maps names of hashes to Hamming distances; a hash that is not in it has no say. `lookups` is how many
    queries there will be, times their transforms: what is shared is loaded once where that pays. Of pictures too plain
    for a hash, those with identical pixels match, if there is a `store` to read them from.
    """

    def __init__(
        self,
        session: Session,
        thresholds: Mapping[str, int],
        agreement: Agreement = DEFAULT_AGREEMENT,
        lookups: int = 1,
        store: BlobStore | None = None,
    ) -> None:
        self._session = session
        self._store = store
        self._used = [name for name in SPARING if name in thresholds]
        self._limits = np.array([thresholds.get(name, -1) for name in HASHES])
        self._needed = agreement.needed(len(self._used))
        self._indexes = {name: open_index(session, name, thresholds.get(name, 0), lookups) for name in HASHES}
        self._thresholds = thresholds

    def matches(self, query: Query, limit: int | None = None) -> list[Match]:
        """Return the images that look like the query, at most `limit` of them.

        Its own content comes first, then what is nearest: by the least distance, then by their sum.
        """
        variants = query.variants
        ids = self._candidates(variants.values())
        away = self._distances(variants.values(), ids)
        within = (away <= self._limits).sum(axis=2) >= self._needed
        nearness = np.where(within, self._nearness(away), FARTHEST)
        best, nearness = nearness.argmin(axis=0), nearness.min(axis=0)
        identical = np.isin(ids, find_by_hash(self._session, query.sha256, "sha256"))
        places = np.flatnonzero(nearness < FARTHEST)
        transforms = list(variants)
        done = [transforms[variant] for variant in best[places]]
        places = places[self._confirmed(query, ids[places], done, identical[places])]
        places = places[np.lexsort([ids[places], nearness[places], ~identical[places]])][:limit]
        return [
            Match(int(ids[at]), _by_name(away[best[at], at]), bool(identical[at]), transforms[best[at]])
            for at in places
        ]

    def _confirmed(
        self, query: Query, ids: Ids, transforms: Sequence[Transform], identical: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Tell which images count as similar: by the user's verdict, else as identical, else by a second look."""
        confirmed = np.ones(ids.size, np.bool_)
        if query.luma is not None and self._limits.max() <= SECOND_LOOK:
            looks = look_at_query(self._session, query.luma, ids, transforms)
            confirmed, plain = looks.confirmed, looks.found == Look.PLAIN
            confirmed[plain] = self._have_same_pixels(query, ids[plain])
        own = ids[identical].tolist()
        judged = verdicts(self._session, own) if own else {}
        for pair, verdict in judged.items():
            confirmed[np.isin(ids, pair)] = verdict is not Verdict.UNRELATED
        return confirmed | identical

    def _have_same_pixels(self, query: Query, ids: Ids) -> NDArray[np.bool_]:
        """Tell which of the images have the very pixels of the query; only those of the same luma are decoded."""
        lumas, _ = load_lumas(self._session, ids)
        alike = (lumas == query.luma).all(axis=1)
        own = query.pixels() if self._store and alike.any() else None
        if not self._store or not own:
            return np.zeros_like(alike)
        digests = pixel_digests(self._session, self._store, ids[alike].tolist())
        return np.isin(ids, [entity_id for entity_id, digest in digests.items() if digest == own])

    def _candidates(self, variants: Iterable[Mapping[str, str]]) -> Ids:
        """Return entities, ascending: all in which as many hashes are near as must agree, and more."""
        probed = self._used[: len(self._used) - self._needed + 1]
        near = [
            self._indexes[name].near(int(variant[name], 16), self._thresholds[name])
            for variant in variants
            for name in probed
        ]
        return np.unique(np.concatenate(near))

    def _distances(self, variants: Iterable[Mapping[str, str]], ids: Ids) -> NDArray[np.int64]:
        """Return the distance of each variant to each entity by each hash, shape (variants, entities, hashes)."""
        by_hash = []
        for name in HASHES:
            hashes, known = self._indexes[name].values(ids)
            wanted = np.array([[int(variant[name], 16)] for variant in variants], np.uint64)
            by_hash.append(np.where(known, np.bitwise_count(hashes ^ wanted), UNKNOWN))
        return np.stack(by_hash, axis=2).astype(np.int64)

    def _nearness(self, away: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the least of the distances by the hashes in use, and then their sum, as one number."""
        used = away[:, :, self._limits >= 0]
        total = np.where(used == UNKNOWN, 0, used).sum(axis=2)
        nearness: NDArray[np.int64] = used.min(axis=2, initial=UNKNOWN) * UNKNOWN * len(HASHES) + total
        return nearness


def _by_name(distances: NDArray[np.int64]) -> dict[str, int | None]:
    return {name: None if away == UNKNOWN else away for name, away in zip(HASHES, distances.tolist(), strict=True)}


@dataclass(frozen=True)
class Found:
    """A match, the asset in short, and a file that holds it, if there is one."""

    match: Match
    asset: Asset
    place: str | None


@dataclass(frozen=True)
class Answer:
    """What looks like a query, nearest first; or why it could not be asked."""

    path: str
    found: Sequence[Found]
    error: str | None


def answer(
    library: Library,
    asked: Sequence[Asked],
    thresholds: Mapping[str, int],
    agreement: Agreement = DEFAULT_AGREEMENT,
    limit: int | None = None,
) -> list[Answer]:
    """Return what looks like each of some queries, in their order; see `Search`."""
    lookups = sum(len(each.query.variants) for each in asked if each.query)
    if not lookups:
        return [Answer(each.path, [], each.error) for each in asked]
    with library.read() as session:
        search = Search(session, thresholds, agreement, lookups, library.store)
        answers = []
        for each in asked:
            matches = search.matches(each.query, limit) if each.query else []
            assets = summarise(session, library.store, [match.entity_id for match in matches])
            found = [
                Found(match, asset, find_place(session, asset)) for match, asset in zip(matches, assets, strict=True)
            ]
            answers.append(Answer(each.path, found, each.error))
    return answers
