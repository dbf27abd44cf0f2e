"""Find documents with similar text."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, bindparam, select, union_all
from sqlalchemy.orm import Session

from dam.media.documents.minhash import INDEXED_PERMUTATIONS, PERMUTATIONS, MinHash, from_bytes, index_keys, similarity
from dam.media.kinds import Kind
from dam.models.document_fingerprint_component import DocumentFingerprintComponent
from dam.models.document_index_row import DocumentIndexRow
from dam.services.components import ecs
from dam.services.similar.match import SimilarMatch, SimilarPair
from dam.services.similar.method import FileQuery, similarity_method

if TYPE_CHECKING:
    from dam.media.sample import Sample

NAME = "document_fingerprint"

MIN_SIMILARITY = 0.15
"""Minimum similarity of a match. Fewer than one in 256 unrelated documents comes near."""

MIN_SIMILARITY_OF_PAIRS = 0.5
"""Minimum similarity of near-duplicates: about one word in eight differs."""

MIN_SHARED_KEYS = 2
"""Minimum number of keys that a candidate shares: many documents with a few common phrases share one key."""

MAX_CANDIDATES_OF_KEY = 1000
"""Maximum number of candidates per key: text shared by more documents is boilerplate."""

MAX_NEIGHBOURS = 16
"""Maximum number of following documents with an equal key that a document is compared with."""

Ids: TypeAlias = NDArray[np.int64]


def find_similar(session: Session, sample: "Sample", *, limit: int | None = None) -> list[SimilarMatch]:
    """Return the documents with text similar to a sample's, best first.

    Raises:
        DecodeError: the sample cannot be decoded.

    """
    query = sample.document_fingerprint
    if query is None:
        return []
    ids, fingerprints = _fingerprints(session, _candidates(session, query))
    scores = similarity(query, fingerprints)
    matches = [
        SimilarMatch(entity_id, score, NAME, _reason(score))
        for entity_id, score in zip(ids.tolist(), scores.tolist(), strict=True)
        if score >= MIN_SIMILARITY
    ]
    return sorted(matches, key=lambda match: (-match.score, match.entity_id))[:limit]


def similar_pairs(session: Session) -> Iterator[SimilarPair]:
    """Yield the pairs of documents that are near-duplicates.

    Documents with equal fingerprints are paired with the first of them, and only the first is paired with others.
    """
    ids, fingerprints = _all_fingerprints(session)
    kept, first_of = _distinct(fingerprints)
    for place, first in enumerate(first_of.tolist()):
        if place != first:
            yield SimilarPair(int(ids[first]), int(ids[place]), 1.0, NAME, _reason(1.0), equal=True)
    one, other = _pairs_with_equal_keys(fingerprints[kept])
    scores = _similarities(fingerprints[kept], one, other)
    near = scores >= MIN_SIMILARITY_OF_PAIRS
    for first, second, score in zip(
        ids[kept[one[near]]].tolist(), ids[kept[other[near]]].tolist(), scores[near].tolist(), strict=True
    ):
        yield SimilarPair(first, second, score, NAME, _reason(score))


def _reason(score: float) -> str:
    return f"about {score:.0%} of the phrases of both texts are the same"


def _candidates(session: Session, query: MinHash) -> list[int]:
    """Return the documents that share at least `MIN_SHARED_KEYS` keys with a query."""
    parts = [_with_key(number) for number in range(INDEXED_PERMUTATIONS)]
    keys = {f"key_{number}": key for number, key in enumerate(index_keys(query).tolist())}
    shared = Counter(session.scalars(union_all(*parts), keys))
    return sorted(entity_id for entity_id, count in shared.items() if count >= MIN_SHARED_KEYS)


def _with_key(number: int) -> Select[Any]:
    found = (
        select(DocumentIndexRow.entity_id)
        .where(DocumentIndexRow.key == bindparam(f"key_{number}"))
        .order_by(DocumentIndexRow.entity_id)
        .limit(MAX_CANDIDATES_OF_KEY)
    )
    return select(found.subquery())


def _fingerprints(session: Session, entity_ids: list[int]) -> tuple[Ids, MinHash]:
    """Return the fingerprints of some documents, shapes (n,) and (n, 128)."""
    table = DocumentFingerprintComponent
    found: list[Any] = []
    for some in ecs.batched(entity_ids):
        found += session.execute(select(table.entity_id, table.minhash).where(table.entity_id.in_(some))).all()
    return np.array([row[0] for row in found], np.int64), from_bytes(b"".join(row[1] for row in found))


def _all_fingerprints(session: Session) -> tuple[Ids, MinHash]:
    """Return all fingerprints, by entity."""
    table = DocumentFingerprintComponent
    ids, parts = [], [np.empty((0, PERMUTATIONS), np.uint16)]
    statement = select(table.entity_id, table.minhash).order_by(table.entity_id)
    with closing(session.execute(statement.execution_options(yield_per=10_000))) as rows:
        for some in rows.partitions():
            ids.append([row[0] for row in some])
            parts.append(from_bytes(b"".join(row[1] for row in some)))
    return np.fromiter(chain.from_iterable(ids), np.int64), np.concatenate(parts)


def _distinct(fingerprints: MinHash) -> tuple[Ids, Ids]:
    """Return the indices of the first of equal fingerprints, and for each fingerprint the index of its first."""
    if not len(fingerprints):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    whole = np.ascontiguousarray(fingerprints).view(f"V{2 * PERMUTATIONS}").ravel()
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    return np.sort(first), first[number.ravel()]


def _pairs_with_equal_keys(fingerprints: MinHash) -> tuple[Ids, Ids]:
    """Return the pairs of indices that share at least `MIN_SHARED_KEYS` keys."""
    count = len(fingerprints)
    codes = [np.empty(0, np.int64)]
    for keys in fingerprints[:, :INDEXED_PERMUTATIONS].T:
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        for step in range(1, MAX_NEIGHBOURS + 1):
            equal = np.flatnonzero(ordered[step:] == ordered[:-step])
            if not len(equal):
                break
            codes.append(order[equal] * count + order[equal + step])
    found, shared = np.unique(np.concatenate(codes), return_counts=True)
    found = found[shared >= MIN_SHARED_KEYS]
    return found // max(count, 1), found % max(count, 1)


def _similarities(fingerprints: MinHash, one: Ids, other: Ids) -> NDArray[np.float64]:
    """Return the similarity of each pair of indices, computed in blocks."""
    parts = [np.empty(0)]
    for start in range(0, len(one), 1 << 16):
        block = slice(start, start + (1 << 16))
        parts.append(similarity(fingerprints[one[block]], fingerprints[other[block]]))
    return np.concatenate(parts)


@similarity_method(name=NAME, kind=Kind.DOCUMENT, features=("document_fingerprint",), pairs=similar_pairs)
def document_fingerprint(session: Session, query: FileQuery) -> list[SimilarMatch]:
    """Return the documents with text similar to a file's."""
    return find_similar(session, query.sample)
