"""Find images that are similar to a query image."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.database import release
from dam.media.images.signature import HASHES
from dam.media.images.transforms import Transform
from dam.models.image_data_digest_component import ImageDataDigestComponent
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.content import find_path
from dam.services.catalogue.lookup import find_by_hash
from dam.services.catalogue.pairs import verdicts
from dam.services.catalogue.trashed import trashed_ids
from dam.services.catalogue.verdict import Verdict
from dam.services.hamming.arrays import Ids
from dam.services.hamming.index import open_index
from dam.services.hamming.probes import MAX_DISTANCE
from dam.services.library import Library
from dam.services.similar.image_query import Query, QueryFile
from dam.services.similar.options import ImageOptions
from dam.services.similar.pixel_digests import pixel_digests
from dam.services.similar.rule import UNKNOWN, VERDICTS, Bools, Decision, Decisions, Evidence, are_similar, decide
from dam.services.similar.verification import Verification, decide_verified, load_lumas, verify_query
from dam.storage.blob_store import BlobStore

NO_MATCH = np.iinfo(np.int64).max
"""Sort key of assets that do not match."""


@dataclass(frozen=True)
class Match:
    """An image that is similar to the query."""

    entity_id: int
    distances: Mapping[str, int | None]
    """Hamming distances by name of the hash, 0–64; None if the image lacks the hash."""
    identical: bool
    """Whether it has the same bytes as the query."""
    transform: Transform = Transform.NONE
    """The transform of the query that matches."""


@dataclass(frozen=True)
class _OwnEvidence:
    """Evidence from the assets that have the same bytes as the query."""

    own: Sequence[int]
    """The assets with the same bytes as the query."""
    verdicts: Mapping[int, Verdict]
    """Verdicts on pairs with these assets, by the other asset."""
    same_content: Sequence[int]
    """The assets with the same compressed picture."""

    @classmethod
    def read(cls, session: Session, sha256: str) -> "_OwnEvidence":
        own = find_by_hash(session, sha256, "sha256") if sha256 else []
        if not own:
            return cls([], {}, [])
        given = {entity_id: word for pair, word in verdicts(session, own).items() for entity_id in pair}
        table = ImageDataDigestComponent
        digest = select(table.digest).where(table.entity_id.in_(own))
        others = {entity_id: word for entity_id, word in given.items() if entity_id not in own}
        return cls(own, others, session.scalars(select(table.entity_id).where(table.digest.in_(digest))).all())

    @property
    def entity_ids(self) -> list[int]:
        """The assets that can be similar at any Hamming distance."""
        return [*self.own, *self.same_content, *self.verdicts]

    def evidence(self, ids: Ids) -> dict[str, NDArray[np.generic]]:
        """Return the evidence about some entities."""
        number = {entity_id: VERDICTS.index(word) for entity_id, word in self.verdicts.items()}
        return {
            "same_bytes": np.isin(ids, self.own),
            "same_content": np.isin(ids, self.same_content),
            "verdicts": np.array([number.get(entity_id, 0) for entity_id in ids.tolist()], np.int64),
        }


def find_similar(
    session: Session,
    query: Query,
    options: ImageOptions | None = None,
    limit: int | None = None,
    store: BlobStore | None = None,
) -> list[Match]:
    """Return the images that are similar to a query; see `Search`."""
    return Search(session, options or ImageOptions(), len(query.variants), store).matches(query, limit)


class Search:
    """A search for similar images, which can be used for many queries.

    `lookups` is the number of queries times their transforms, which decides whether hashes are loaded into memory.
    Images with too little detail for hashes match only if their pixels are identical; a `store` is needed to read them.
    """

    def __init__(
        self, session: Session, options: ImageOptions, lookups: int = 1, store: BlobStore | None = None
    ) -> None:
        self._session = session
        self._options = options
        self._store = store
        self._trashed = trashed_ids(session)
        thresholds = options.thresholds
        self._indexes = {name: open_index(session, name, thresholds.get(name, 0), lookups) for name in HASHES}

    def matches(self, query: Query, limit: int | None = None) -> list[Match]:
        """Return at most `limit` images that are similar to the query.

        The same content comes first; the others are sorted by their minimum distance, then by the sum of distances.
        """
        own = _OwnEvidence.read(self._session, query.sha256)
        ids = np.union1d(self._candidates(query), np.array(own.entity_ids, np.int64))
        ids = np.setdiff1d(ids, self._trashed, assume_unique=True) if self._trashed else ids
        transforms = list(query.variants)
        away = self._distances(query.variants.values(), ids)
        decisions = self._decide(query, ids, own, transforms, away)
        nearness = np.where(are_similar(decisions), self._nearness(away), NO_MATCH)
        best, nearness = nearness.argmin(axis=0), nearness.min(axis=0)
        identical = np.isin(ids, own.own)
        places = np.flatnonzero(nearness < NO_MATCH)
        places = places[np.lexsort([ids[places], nearness[places], ~identical[places]])][:limit]
        return [
            Match(int(ids[at]), _by_name(away[best[at], at]), bool(identical[at]), transforms[best[at]])
            for at in places
        ]

    def _decide(
        self, query: Query, ids: Ids, own: _OwnEvidence, transforms: Sequence[Transform], away: NDArray[np.int64]
    ) -> Decisions:
        """Decide for each variant of the query and each entity whether they are similar, shape (variants, entities)."""
        variants, entities = (
            np.repeat(np.arange(len(transforms)), len(ids)),
            np.tile(np.arange(len(ids)), len(transforms)),
        )
        turned = np.array([transform is not Transform.NONE for transform in transforms])
        known_evidence = {name: values[entities] for name, values in own.evidence(ids).items()}
        distances = {name: away[:, :, place].ravel() for place, name in enumerate(HASHES)}
        evidence = Evidence.of(distances, transformed=turned[variants], **known_evidence)

        def verify(places: Ids) -> Verification:
            done = [transforms[variant] for variant in variants[places].tolist()]
            return verify_query(self._session, query.luma, ids[entities[places]], done)

        decisions, evidence = decide_verified(evidence, self._options, verify)
        plain = decisions == Decision.PLAIN
        if plain.any():
            same = np.isin(entities, np.flatnonzero(self._have_same_pixels(query, ids, entities[plain])))
            decisions = decide(replace(evidence, same_pixels=same), self._options)
        return decisions.reshape(len(transforms), len(ids))

    def _have_same_pixels(self, query: Query, ids: Ids, places: Ids) -> Bools:
        """Return which images have the same pixels as the query; only images with the same luma are decoded."""
        some = ids[np.unique(places)]
        lumas, _ = load_lumas(self._session, some)
        some = some[(lumas == query.luma).all(axis=1)]
        if not self._store or not some.size:
            return np.zeros(len(ids), np.bool_)
        release(self._session)
        own = query.pixels()
        if not own:
            return np.zeros(len(ids), np.bool_)
        digests = pixel_digests(self._session, self._store, some.tolist())
        return np.isin(ids, [entity_id for entity_id, digest in digests.items() if digest == own])

    def _candidates(self, query: Query) -> Ids:
        """Return the candidates by hash."""
        found = [
            self._indexes[name].near(int(hashes[name], 16), self._options.thresholds[name])
            for transform, hashes in query.variants.items()
            for name in (self._options.searched if transform is Transform.NONE else ["phash"])
        ]
        return np.concatenate(found)

    def _distances(self, variants: Iterable[Mapping[str, str]], ids: Ids) -> NDArray[np.int64]:
        """Return the distances, shape (variants, entities, hashes)."""
        by_hash = []
        for name in HASHES:
            hashes, known = self._indexes[name].values(ids)
            wanted = np.array([[int(variant[name], 16)] for variant in variants], np.uint64)
            by_hash.append(np.where(known, np.bitwise_count(hashes ^ wanted).astype(np.int64), UNKNOWN))
        return np.stack(by_hash, axis=2)

    def _nearness(self, away: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return a sort key: the minimum of the distances of the hashes in use, then their sum."""
        used = away[:, :, [name in self._options.thresholds for name in HASHES]]
        total = np.where(used == UNKNOWN, 0, used).sum(axis=2)
        minimum = np.where(used == UNKNOWN, MAX_DISTANCE + 1, used).min(axis=2)
        nearness: NDArray[np.int64] = minimum * (MAX_DISTANCE + 1) * len(HASHES) + total
        return nearness


def _by_name(distances: NDArray[np.int64]) -> dict[str, int | None]:
    return {name: None if away == UNKNOWN else away for name, away in zip(HASHES, distances.tolist(), strict=True)}


@dataclass(frozen=True)
class MatchedAsset:
    """A match, with a summary of the asset and the path of its content, if there is one."""

    match: Match
    asset: Asset
    path: str | None


@dataclass(frozen=True)
class SearchResult:
    """The matches of a query, nearest first, or the error."""

    path: str
    found: Sequence[MatchedAsset]
    error: str | None


def search_images(
    library: Library,
    queries: Sequence[QueryFile],
    options: ImageOptions | None = None,
    limit: int | None = None,
) -> list[SearchResult]:
    """Return the matches of each query, in their order; see `Search`."""
    lookups = sum(len(each.query.variants) for each in queries if each.query)
    if not lookups:
        return [SearchResult(each.path, [], each.error) for each in queries]
    with library.read() as session:
        search = Search(session, options or ImageOptions(), lookups, library.store)
        results = []
        for each in queries:
            matches = search.matches(each.query, limit) if each.query else []
            assets = summarise(session, library.store, [match.entity_id for match in matches])
            found = [
                MatchedAsset(match, asset, find_path(session, asset))
                for match, asset in zip(matches, assets, strict=True)
            ]
            results.append(SearchResult(each.path, found, each.error))
    return results
