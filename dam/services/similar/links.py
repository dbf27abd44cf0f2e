"""Recording which images look alike: `dam-cli link-similar`. Only what is new since the last run is compared.

What has been compared is a fact of each entity: the systems that had run for it then, and the rule. So it does not
matter who else writes meanwhile: an entity that comes in, or gets its hashes, during a run has no such fact, and is
compared with all others by the next.
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
from dam.services.catalogue import ecs
from dam.services.catalogue.pairs import all_verdicts
from dam.services.catalogue.verdict import Verdict
from dam.services.hamming.arrays import TABLES, Ids
from dam.services.hamming.near_pairs import NearPairs, find_near
from dam.services.library import Library
from dam.services.similar.agreement import DEFAULT_AGREEMENT, Agreement
from dam.services.similar.verification import BLOCK, load_lumas, look_at_pairs
from dam.systems.system import all_systems, labels_in

BATCH = 1000
"""Entities whose pairs are written in one transaction: others wait for it a moment only."""


@dataclass(frozen=True)
class LinkRule:
    """What makes two images similar: the most bits that may differ by hash, and how many hashes must agree."""

    thresholds: Mapping[str, int]
    agreement: Agreement = DEFAULT_AGREEMENT

    @property
    def needed(self) -> int:
        """For how many hashes that is."""
        return self.agreement.needed(len(self.thresholds))

    @property
    def digest(self) -> int:
        """A number that changes with the rule, of 64 bits with a sign."""
        written = f"{sorted(self.thresholds.items())} {self.needed}"
        return int.from_bytes(hashlib.blake2b(written.encode(), digest_size=8).digest(), signed=True)


@dataclass(frozen=True)
class Linked:
    """What a run has done."""

    compared: int
    """The images that were compared with all others."""
    plain: int
    """Those of them that are too plain: only identical pixels count, and no hash."""
    pairs: int
    """The similar pairs that were found."""
    rejected: Mapping[str, int]
    """The pairs that are near by hash but not similar, by why not."""


def link_similar(library: Library, rule: LinkRule) -> Linked:
    """Compare the images that are new since the last run with all others, and record the similar pairs."""
    with library.read() as session:
        new = _find_new(session, rule)
        ids = np.array(sorted(new), np.int64)
        telling = ids[~_plain(session, ids)]
    near = find_near(library, telling, rule.thresholds, rule.needed)
    with library.read() as session:
        reasons = _reasons_against(session, near)
    similar = near.where(reasons == "")
    rejected = Counter(reasons[reasons != ""].tolist())
    for some, batch in _batches(ids, similar):
        states = {entity_id: new[entity_id] for entity_id in some.tolist()}
        library.write_again(partial(_write, rule=rule, compared=states, similar=batch))
    return Linked(len(ids), len(ids) - len(telling), len(similar.first), dict(sorted(rejected.items())))


def _find_new(session: Session, rule: LinkRule) -> dict[int, int]:
    """Return the entities whose systems give hashes and that were not compared in this state, with their sets."""
    names = {system.name for system in all_systems() if system.produces in TABLES.values()}
    sets = [
        set_id
        for set_id, written in session.execute(select(SystemSet.id, SystemSet.systems))
        if names & {label.partition("@")[0] for label in labels_in(written)}
    ]
    done, record = LinkRecord, SystemRecord
    differs = or_(done.entity_id.is_(None), done.system_set_id != record.system_set_id, done.rule != rule.digest)
    statement = (
        select(record.entity_id, record.system_set_id)
        .outerjoin(done, done.entity_id == record.entity_id)
        .where(record.system_set_id.in_(sets), differs)
        .where(or_(*(exists().where(table.entity_id == record.entity_id) for table in TABLES.values())))
    )
    return dict(session.execute(statement).all())


def _plain(session: Session, ids: Ids) -> NDArray[np.bool_]:
    """Tell which images are too plain to be compared; those without a luma are not."""
    plain = np.zeros(len(ids), np.bool_)
    for start in range(0, len(ids), BLOCK):
        lumas, known = load_lumas(session, ids[start : start + BLOCK])
        plain[start : start + BLOCK] = known & are_plain(lumas)
    return plain


def _reasons_against(session: Session, near: NearPairs) -> NDArray[np.str_]:
    """Say for each pair why it is not similar after all; the empty string where it is."""
    looks = look_at_pairs(session, near.first, near.second)
    reasons = np.where(looks.confirmed, "", looks.found).astype("U16")
    given = dict(all_verdicts(session))
    unrelated = {pair for pair, verdict in given.items() if verdict is Verdict.UNRELATED}
    wanted = set(given) - unrelated
    for place, pair in enumerate(zip(near.first.tolist(), near.second.tolist(), strict=True)) if given else ():
        if pair in unrelated:
            reasons[place] = Verdict.UNRELATED.value
        elif pair in wanted:
            reasons[place] = ""
    return reasons


def _batches(ids: Ids, similar: NearPairs) -> Iterator[tuple[Ids, NearPairs]]:
    """Yield some entities at a time, each pair with the later of its two.

    A run that ends between two batches has left out pairs only of entities that the next run finds new.
    """
    place = np.full(2 * len(similar.first), -1)
    ends = np.concatenate([similar.first, similar.second])
    known = np.isin(ends, ids)
    place[known] = np.searchsorted(ids, ends[known]) // BATCH
    batch_of = place.reshape(2, -1).max(axis=0)
    for number, start in enumerate(range(0, len(ids), BATCH)):
        yield ids[start : start + BATCH], similar.where(batch_of == number)


def _write(session: Session, rule: LinkRule, compared: Mapping[int, int], similar: NearPairs) -> None:
    """Replace the pairs of entities that were compared, and record that they were, with their sets of systems."""
    table = SimilarPairComponent
    there = _existing(session, {*compared, *similar.first.tolist(), *similar.second.tolist()})
    for some in ecs.batched(compared):
        either = or_(table.entity_id.in_(some), table.other_entity_id.in_(some))
        session.execute(delete(table).where(either, table.method.in_(list(TABLES))))
    ecs.put_rows(
        session, table, [row for row in _rows(rule, similar) if {row["entity_id"], row["other_entity_id"]} <= there]
    )
    records = [
        {"entity_id": entity_id, "system_set_id": set_id, "rule": rule.digest}
        for entity_id, set_id in compared.items()
        if entity_id in there
    ]
    ecs.put_rows(session, LinkRecord, records)


def _existing(session: Session, entity_ids: Iterable[int]) -> set[int]:
    """Return those of some entities that are still there, and keep them there until the transaction ends."""
    found: set[int] = set()
    for some in ecs.batched(sorted(entity_ids)):
        statement = select(Entity.id).where(Entity.id.in_(some)).with_for_update(read=True, key_share=True)
        found.update(session.scalars(statement))
    return found


def _rows(rule: LinkRule, similar: NearPairs) -> Iterator[dict[str, Any]]:
    """Yield the rows of pairs: one for each hash that is within its threshold."""
    for name, threshold in rule.thresholds.items():
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
