"""Pairs of assets: verdicts of the user, and links between similar images."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select, tuple_
from sqlalchemy.orm import Session

from dam.core.database import release
from dam.core.errors import UsageError
from dam.models.link_record import LinkRecord
from dam.models.similar_pair_component import SimilarPairComponent
from dam.models.verdict_component import VerdictComponent
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.components.operations import Recorder

Pair = tuple[int, int]
"""Two entities, the lower id first."""

PAGE = 1000


@dataclass(frozen=True)
class Link:
    """A link between similar assets: the Hamming distance of a hash, and the transform of the first asset."""

    method: str
    distance: int
    transform: str


@dataclass(frozen=True)
class Relative:
    """A related asset, with the verdict and the links."""

    entity_id: int
    verdict: Verdict | None
    links: Sequence[Link]


def in_order(one: int, other: int) -> Pair:
    """Return two ids as a pair.

    Raises:
        UsageError: both are the same asset.

    """
    if one == other:
        raise UsageError(f"both are entity {one}: a pair has two")
    return (one, other) if one < other else (other, one)


def put_verdict(session: Session, pair: Pair, verdict: Verdict) -> None:
    """Record the verdict on a pair; it replaces an earlier one."""
    row = {"entity_id": pair[0], "other_entity_id": pair[1], "verdict": verdict.value}
    Recorder(session, "verdict").put(VerdictComponent, [row])
    if verdict is Verdict.UNRELATED:
        forget_links(session, pair)
    else:
        compare_again(session, pair)


def remove_verdict(session: Session, pair: Pair) -> Verdict | None:
    """Delete the verdict on a pair; return it, or None if there was none."""
    row = {"entity_id": pair[0], "other_entity_id": pair[1]}
    removed = Recorder(session, "verdict").delete_keys(VerdictComponent, [row])
    if not removed:
        return None
    compare_again(session, pair)
    return Verdict(removed[0]["verdict"])


def verdicts(session: Session, entity_ids: Iterable[int]) -> dict[Pair, Verdict]:
    """Return the verdicts on all pairs with at least one of some entities."""
    return {pair: Verdict(verdict) for pair, verdict in _of_pairs(session, VerdictComponent, entity_ids, "verdict")}


def all_verdicts(session: Session) -> Iterator[tuple[Pair, Verdict]]:
    """Yield every verdict, in order of the pairs. A session that only reads has no transaction meanwhile."""
    table = VerdictComponent
    key = tuple_(table.entity_id, table.other_entity_id)
    statement = select(table.entity_id, table.other_entity_id, table.verdict).order_by(*key).limit(PAGE)
    page = session.execute(statement).all()
    while page:
        release(session)
        for one, other, verdict in page:
            yield (one, other), Verdict(verdict)
        page = session.execute(statement.where(key > page[-1][:2])).all()


def relatives(session: Session, entity_id: int) -> list[Relative]:
    """Return the assets with a link to an asset or a verdict on the pair, in order of id."""
    links: dict[int, list[Link]] = defaultdict(list)
    columns = ("method", "distance", "transform")
    for pair, *link in _of_pairs(session, SimilarPairComponent, [entity_id], *columns):
        links[_other(pair, entity_id)].append(Link(*link))
    by_verdict = {_other(pair, entity_id): verdict for pair, verdict in verdicts(session, [entity_id]).items()}
    return [
        Relative(other, by_verdict.get(other), sorted(links[other], key=lambda link: (link.distance, link.method)))
        for other in sorted({*links, *by_verdict})
    ]


def forget_links(session: Session, pair: Pair) -> None:
    """Delete the links of a pair."""
    table = SimilarPairComponent
    session.execute(delete(table).where(table.entity_id == pair[0], table.other_entity_id == pair[1]))


def compare_again(session: Session, entity_ids: Iterable[int]) -> None:
    """Have the next `link-similar` compare some assets again, because a verdict or their presence has changed."""
    for some in ecs.batched(entity_ids):
        session.execute(delete(LinkRecord).where(LinkRecord.entity_id.in_(some)))


def _of_pairs(session: Session, table: Any, entity_ids: Iterable[int], *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield each pair with at least one of some entities once, with columns of its row."""
    seen: set[int] = set()
    wanted = [table.id, table.entity_id, table.other_entity_id, *(getattr(table, name) for name in columns)]
    for some in ecs.batched(dict.fromkeys(entity_ids)):
        either = or_(table.entity_id.in_(some), table.other_entity_id.in_(some))
        for row_id, one, other, *values in session.execute(select(*wanted).where(either)):
            if row_id not in seen:
                seen.add(row_id)
                yield (one, other), *values


def _other(pair: Pair, entity_id: int) -> int:
    return pair[1] if pair[0] == entity_id else pair[0]
