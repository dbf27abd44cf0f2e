"""Record links between similar images. Only images that are new since the last run are compared.

A record of each entity tells when it was compared: the systems that had run for it, and the rule. So concurrent writers
do no harm: an entity that is added or gets its hashes during a run has no such record, and is compared with all others
by the next run.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from dam.media.images.small_luma import are_plain
from dam.media.images.transforms import Transform
from dam.models.entity import Entity
from dam.models.link_record import LinkRecord
from dam.models.similar_pair_component import SimilarPairComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.catalogue.pairs import all_verdicts
from dam.services.catalogue.trashed import is_present, trashed_ids
from dam.services.components import ecs
from dam.services.hamming.arrays import TABLES, Ids
from dam.services.hamming.near_pairs import FAR, NearPairs, find_near
from dam.services.library import Library
from dam.services.similar.options import ImageOptions
from dam.services.similar.rule import UNKNOWN, VERDICTS, Decision, Decisions, Evidence, are_similar
from dam.services.similar.verification import BLOCK, Verification, decide_verified, load_lumas, verify_pairs
from dam.systems.system import all_systems, labels_in

BATCH = 1000
"""Number of entities whose pairs are written in one transaction, small so that other writers do not wait long."""


REJECTED = {Decision.UNRELATED: "unrelated", Decision.PLAIN: "plain", Decision.DIFFERENT: "different"}
"""Names of the reasons why pairs with near hashes are not similar."""


def rule_digest(options: ImageOptions) -> int:
    """Return a digest of the rule's options, as a signed 64-bit integer."""
    written = f"{sorted(options.thresholds.items())} {options.needed}{'' if options.verifies else ' unverified'}"
    return int.from_bytes(hashlib.blake2b(written.encode(), digest_size=8).digest(), signed=True)


@dataclass(frozen=True)
class Linked:
    """The result of a run."""

    compared: int
    """Number of images that were compared with all others."""
    plain: int
    """Number of these that have too little detail for hashes."""
    pairs: int
    """Number of similar pairs that were found."""
    rejected: Mapping[str, int]
    """Numbers of pairs with near hashes that are not similar, by reason."""


def link_similar(library: Library, options: ImageOptions | None = None, among: Iterable[int] | None = None) -> Linked:
    """Compare the images that are new since the last run with all others, and record the similar pairs.

    Only pairs with near hashes are recorded. If candidates are verified, images with too little detail are excluded:
    they match only identical pixels, and a thousand blank pages would make half a million pairs. `among`: of the new
    images, only these are compared.
    """
    options = options or ImageOptions()
    with library.read() as session:
        new = _find_new(session, options)
        new = new if among is None else {entity_id: new[entity_id] for entity_id in {*among} & new.keys()}
        ids = np.array(sorted(new), np.int64)
        plain = _plain(session, ids) if options.verifies else np.zeros(len(ids), np.bool_)
    near = find_near(library, ids[~plain], options.thresholds, options.searched, options.needed)
    with library.read() as session:
        near = _without_trash(session, near)
        decisions = _decide(session, near, options)
    similar = near.where(are_similar(decisions))
    rejected = Counter(REJECTED[Decision(number)] for number in decisions[~are_similar(decisions)].tolist())
    for some, batch in _batches(ids, similar):
        states = {entity_id: new[entity_id] for entity_id in some.tolist()}
        library.write_again(partial(_write, options=options, compared=states, similar=batch))
    return Linked(len(ids), int(plain.sum()), len(similar.first), dict(sorted(rejected.items())))


def _find_new(session: Session, options: ImageOptions) -> dict[int, int]:
    """Return the entities with hashes that were not compared in their current state, with their sets of systems."""
    names = {system.name for system in all_systems() if system.produces in TABLES.values()}
    sets = [
        set_id
        for set_id, written in session.execute(select(SystemSet.id, SystemSet.systems))
        if names & {label.partition("@")[0] for label in labels_in(written)}
    ]
    done, record = LinkRecord, SystemRecord
    differs = or_(
        done.entity_id.is_(None), done.system_set_id != record.system_set_id, done.rule != rule_digest(options)
    )
    statement = (
        select(record.entity_id, record.system_set_id)
        .outerjoin(done, done.entity_id == record.entity_id)
        .where(record.system_set_id.in_(sets), differs, is_present(record.entity_id))
        .where(or_(*(exists().where(table.entity_id == record.entity_id) for table in TABLES.values())))
    )
    return dict(session.execute(statement).all())


def _without_trash(session: Session, near: NearPairs) -> NearPairs:
    """Return the pairs without an asset in the trash. What is restored is compared again."""
    trashed = trashed_ids(session)
    return near.where(~np.isin(near.first, trashed) & ~np.isin(near.second, trashed)) if trashed else near


def _plain(session: Session, ids: Ids) -> NDArray[np.bool_]:
    """Return which images have too little detail. Images without a luma count as detailed."""
    plain = np.zeros(len(ids), np.bool_)
    for start in range(0, len(ids), BLOCK):
        lumas, known = load_lumas(session, ids[start : start + BLOCK])
        plain[start : start + BLOCK] = known & are_plain(lumas)
    return plain


def _decide(session: Session, near: NearPairs, options: ImageOptions) -> Decisions:
    """Decide for each pair whether the two are similar."""
    given = dict(all_verdicts(session))
    pairs = zip(near.first.tolist(), near.second.tolist(), strict=True) if given else ()
    verdict_numbers = np.zeros(len(near.first), np.int64)
    for place, pair in enumerate(pairs):
        verdict_numbers[place] = VERDICTS.index(given.get(pair))
    distances = {name: np.where(bits == FAR, UNKNOWN, bits.astype(np.int64)) for name, bits in near.distances.items()}
    evidence = Evidence.of(distances, verdicts=verdict_numbers)

    def verify(places: Ids) -> Verification:
        return verify_pairs(session, near.first[places], near.second[places])

    return decide_verified(evidence, options, verify)[0]


def _batches(ids: Ids, similar: NearPairs) -> Iterator[tuple[Ids, NearPairs]]:
    """Yield batches of entities, each pair in the batch of its later entity.

    If a run is interrupted between batches, the next run finds all entities of the missing pairs new.
    """
    place = np.full(2 * len(similar.first), -1)
    ends = np.concatenate([similar.first, similar.second])
    known = np.isin(ends, ids)
    place[known] = np.searchsorted(ids, ends[known]) // BATCH
    batch_of = place.reshape(2, -1).max(axis=0)
    for number, start in enumerate(range(0, len(ids), BATCH)):
        yield ids[start : start + BATCH], similar.where(batch_of == number)


def _write(session: Session, options: ImageOptions, compared: Mapping[int, int], similar: NearPairs) -> None:
    """Replace the pairs of the compared entities, and record their sets of systems."""
    table = SimilarPairComponent
    there = _existing(session, {*compared, *similar.first.tolist(), *similar.second.tolist()})
    for some in ecs.batched(compared):
        either = or_(table.entity_id.in_(some), table.other_entity_id.in_(some))
        session.execute(delete(table).where(either, table.method.in_(list(TABLES))))
    ecs.put_rows(
        session, table, [row for row in _rows(options, similar) if {row["entity_id"], row["other_entity_id"]} <= there]
    )
    digest = rule_digest(options)
    records = [
        {"entity_id": entity_id, "system_set_id": set_id, "rule": digest}
        for entity_id, set_id in compared.items()
        if entity_id in there
    ]
    ecs.put_rows(session, LinkRecord, records)


def _existing(session: Session, entity_ids: Iterable[int]) -> set[int]:
    """Return the entities that still exist, and lock them until the transaction ends."""
    found: set[int] = set()
    for some in ecs.batched(sorted(entity_ids)):
        statement = select(Entity.id).where(Entity.id.in_(some)).with_for_update(read=True, key_share=True)
        found.update(session.scalars(statement))
    return found


def _rows(options: ImageOptions, similar: NearPairs) -> Iterator[dict[str, Any]]:
    """Yield the rows of pairs, one for each hash within its threshold."""
    for name, threshold in options.thresholds.items():
        within = similar.where(similar.distances[name] <= threshold)
        columns = (within.first.tolist(), within.second.tolist(), within.distances[name].tolist())
        for one, other, distance in zip(*columns, strict=True):
            yield {
                "entity_id": one,
                "other_entity_id": other,
                "method": name,
                "distance": distance,
                "transform": Transform.NONE.value,
            }
