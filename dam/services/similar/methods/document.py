"""Finding documents whose text is nearly the same."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, bindparam, select, union_all
from sqlalchemy.orm import Session

from dam.media.documents.minhash import INDEXED, ORDERS, Fingerprint, from_bytes, index_keys, similarity
from dam.media.kinds import Kind
from dam.models.document_fingerprint_component import DocumentFingerprintComponent
from dam.models.document_index_row import DocumentIndexRow
from dam.services.catalogue import ecs
from dam.services.similar.match import SimilarMatch, SimilarPair
from dam.services.similar.method import FileQuery, similarity_method

if TYPE_CHECKING:
    from dam.media.sample import Sample

NAME = "document_fingerprint"

MIN_SIMILARITY = 0.15
"""The similarity from which on a document is found. Of 256 that have nothing in common, fewer than one comes near."""

MIN_SIMILARITY_OF_PAIRS = 0.5
"""The similarity of near-duplicates: about one word in eight is another."""

MIN_SHARED_KEYS = 2
"""The keys that a candidate shares: by chance, one is shared by many that have but a few phrases in common."""

MAX_CANDIDATES_OF_KEY = 1000
"""The candidates that one key gives: what so many have is a licence, or a form, and tells little."""

MAX_NEIGHBOURS = 16
"""With how many that follow it each of a run of equal keys is compared, where the run is longer than that."""

Ids: TypeAlias = NDArray[np.int64]


def find_similar(session: Session, sample: "Sample", *, limit: int | None = None) -> list[SimilarMatch]:
    """Return the documents whose text is like that of a sample, best first; DecodeError when it cannot be read."""
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
    """Yield the pairs of documents that are near-duplicates of each other.

    Of several with equal fingerprints, each is paired with the first, and the first alone with others.
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


def _candidates(session: Session, query: Fingerprint) -> list[int]:
    """Return the documents that share enough keys with a query."""
    parts = [_with_key(number) for number in range(INDEXED)]
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


def _fingerprints(session: Session, entity_ids: list[int]) -> tuple[Ids, Fingerprint]:
    """Return the fingerprints of some documents, shapes (n,) and (n, 128)."""
    table = DocumentFingerprintComponent
    found: list[Any] = []
    for some in ecs.batched(entity_ids):
        found += session.execute(select(table.entity_id, table.minhash).where(table.entity_id.in_(some))).all()
    return np.array([row[0] for row in found], np.int64), from_bytes(b"".join(row[1] for row in found))


def _all_fingerprints(session: Session) -> tuple[Ids, Fingerprint]:
    """Return all fingerprints, by entity."""
    table = DocumentFingerprintComponent
    ids, parts = [], [np.empty((0, ORDERS), np.uint16)]
    statement = select(table.entity_id, table.minhash).order_by(table.entity_id)
    with closing(session.execute(statement.execution_options(yield_per=10_000))) as rows:
        for some in rows.partitions():
            ids.append([row[0] for row in some])
            parts.append(from_bytes(b"".join(row[1] for row in some)))
    return np.fromiter(chain.from_iterable(ids), np.int64), np.concatenate(parts)


def _distinct(fingerprints: Fingerprint) -> tuple[Ids, Ids]:
    """Return the places of the first of all equal fingerprints, and for each fingerprint that of its first."""
    if not len(fingerprints):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    whole = np.ascontiguousarray(fingerprints).view(f"V{2 * ORDERS}").ravel()
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    return np.sort(first), first[number.ravel()]


def _pairs_with_equal_keys(fingerprints: Fingerprint) -> tuple[Ids, Ids]:
    """Return the pairs of places that share enough keys, lower ones first."""
    count = len(fingerprints)
    codes = [np.empty(0, np.int64)]
    for keys in fingerprints[:, :INDEXED].T:
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


def _similarities(fingerprints: Fingerprint, one: Ids, other: Ids) -> NDArray[np.float64]:
    """Return the similarity of each pair of places, a block at a time."""
    parts = [np.empty(0)]
    for start in range(0, len(one), 1 << 16):
        block = slice(start, start + (1 << 16))
        parts.append(similarity(fingerprints[one[block]], fingerprints[other[block]]))
    return np.concatenate(parts)


@similarity_method(name=NAME, kind=Kind.DOCUMENT, features=("document_fingerprint",), pairs=similar_pairs)
def document_fingerprint(session: Session, query: FileQuery) -> list[SimilarMatch]:
    """Return the documents whose text is like that of a file."""
    return find_similar(session, query.sample)
