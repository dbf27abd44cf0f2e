"""Collections: named, ordered lists of assets. A collection exists as long as it has members."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dam.core.errors import ConflictError, NotFoundError, UsageError
from dam.core.folding import folded
from dam.models.collection_component import CollectionComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.services.catalogue.lookup import require_entities
from dam.services.catalogue.trashed import is_present
from dam.services.components import ecs
from dam.services.components.operations import Recorder

MAX_NAME_LENGTH = 255
GAP = 1 << 20
"""Between the positions of neighbours, so that most moves change nothing but what is moved."""
MAX_POSITION = 2**62


@dataclass(frozen=True)
class Collection:
    """A collection, and how many assets it has; those in the trash do not count."""

    name: str
    assets: int


def checked_name(name: str) -> str:
    """Return the name of a collection without surrounding white space, in Unicode normal form NFC.

    Raises:
        UsageError: it is empty, too long, or has control characters.

    """
    name = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise UsageError(f"the name of a collection has 1 to {MAX_NAME_LENGTH} characters, this one has {len(name)}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise UsageError(f"collection {name!r}: a name has no control characters")
    return name


def all_collections(session: Session) -> list[Collection]:
    """Return all collections that have assets outside the trash, by name without case."""
    table = CollectionComponent
    wanted = select(func.min(table.name), func.count()).where(is_present(table.entity_id))
    rows = session.execute(wanted.group_by(table.name_key).order_by(table.name_key))
    return [Collection(name, assets) for name, assets in rows]


def members(session: Session, name: str) -> list[int]:
    """Return the assets of a collection in order, but for those in the trash.

    Raises:
        NotFoundError: there is no such collection.

    """
    table = CollectionComponent
    wanted = select(table.entity_id).where(table.name_key == folded(checked_name(name)), is_present(table.entity_id))
    found = list(session.scalars(wanted.order_by(table.position, table.entity_id)))
    if not found:
        raise _unknown(name)
    return found


def with_filenames(session: Session, entity_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Return assets, each with its original file name."""
    table, names, ids = FilePropertiesComponent, dict[int, str](), list(entity_ids)
    for some in ecs.batched(ids):
        rows = session.execute(select(table.entity_id, table.original_filename).where(table.entity_id.in_(some)))
        names.update((entity_id, name) for entity_id, name in rows)
    return [(entity_id, names.get(entity_id, "")) for entity_id in ids]


def spelling(session: Session, name: str) -> str:
    """Return how the name of a collection is spelled in the library, or the name itself if there is none."""
    table, checked = CollectionComponent, checked_name(name)
    return session.scalar(select(func.min(table.name)).where(table.name_key == folded(checked))) or checked


def add_to_collection(session: Session, name: str, entity_ids: Sequence[int]) -> int:
    """Add assets at the end of a collection, in their order, as one operation; return how many were not in it.

    Raises:
        UsageError: the name is not valid.
        NotFoundError: the library has no such asset.

    """
    require_entities(session, entity_ids)
    recorder, spelled, table = Recorder(session, "collection"), spelling(session, name), CollectionComponent
    last = session.scalar(select(func.max(table.position)).where(table.name_key == folded(spelled))) or 0
    rows = [
        {"entity_id": entity_id, "name": spelled, "name_key": folded(spelled), "position": last + number * GAP}
        for number, entity_id in enumerate(dict.fromkeys(entity_ids), 1)
    ]
    return sum(len(recorder.insert(table, some)) for some in ecs.batched(rows))


def remove_from_collection(session: Session, name: str, entity_ids: Iterable[int] | None = None) -> int:
    """Remove assets from a collection, by default all of them, as one operation; return how many were in it.

    Raises:
        NotFoundError: there is no such collection.

    """
    recorder, table = Recorder(session, "collection"), CollectionComponent
    is_in = table.name_key == folded(checked_name(name))
    if session.scalar(select(table.id).where(is_in).limit(1)) is None:
        raise _unknown(name)
    if entity_ids is None:
        return len(recorder.delete(table, is_in))
    return sum(len(recorder.delete(table, is_in, table.entity_id.in_(some))) for some in ecs.batched(entity_ids))


def rename_collection(session: Session, old: str, new: str) -> int:
    """Give a collection another name, as one operation; return how many assets it has.

    Raises:
        NotFoundError: there is no such collection.
        ConflictError: there is a collection of the new name.

    """
    recorder, table, checked = Recorder(session, "collection"), CollectionComponent, checked_name(new)
    before, after = folded(checked_name(old)), folded(checked)
    if before != after and session.scalar(select(table.id).where(table.name_key == after).limit(1)) is not None:
        raise ConflictError(f"there is a collection {checked!r}: add the assets of {old!r} to it instead")
    rows = _rows(session, before)
    if not rows:
        raise _unknown(old)
    renamed = [row | {"name": checked, "name_key": after} for row in rows]
    if before == after:
        return len(recorder.put(table, renamed))
    recorder.delete(table, table.name_key == before)
    return sum(len(recorder.insert(table, some)) for some in ecs.batched(renamed))


def move_in_collection(session: Session, name: str, entity_ids: Sequence[int], *, before: int | None) -> int:
    """Move assets of a collection, in their order, before another one, or with None to the end, as one operation.

    Return how many have another position.

    Raises:
        NotFoundError: there is no such collection, or it does not have one of the assets.
        UsageError: the assets would go before one of themselves.

    """
    rows = _rows(session, folded(checked_name(name)))
    if not rows:
        raise _unknown(name)
    there, moved = {row["entity_id"] for row in rows}, list(dict.fromkeys(entity_ids))
    if missing := [each for each in [*moved, *([] if before is None else [before])] if each not in there]:
        raise NotFoundError(f"asset {missing[0]} is not in the collection {name!r}")
    if before in moved:
        raise UsageError(f"asset {before} cannot go before itself")
    rest = [row for row in rows if row["entity_id"] not in set(moved)]
    index = next((place for place, row in enumerate(rest) if row["entity_id"] == before), len(rest))
    positions = _positions(rest, index, len(moved))
    if positions is None:
        order = [row["entity_id"] for row in rest]
        order[index:index] = moved
        numbers = {entity_id: number * GAP for number, entity_id in enumerate(order, 1)}
    else:
        numbers = dict(zip(moved, positions, strict=True))
    changed = [row | {"position": numbers[row["entity_id"]]} for row in rows if row["entity_id"] in numbers]
    return len(Recorder(session, "collection").put(CollectionComponent, changed))


def _positions(rest: Sequence[Mapping[str, Any]], index: int, count: int) -> list[int] | None:
    """Return positions for some assets before those that are at an index now; None if the gap is too narrow."""
    low = rest[index - 1]["position"] if index else rest[0]["position"] - (count + 1) * GAP if rest else 0
    high = rest[index]["position"] if index < len(rest) else low + (count + 1) * GAP
    step = (high - low) // (count + 1)
    if step < 1 or max(-low, high) > MAX_POSITION:
        return None
    return [low + number * step for number in range(1, count + 1)]


def _rows(session: Session, key: str) -> list[dict[str, Any]]:
    table = CollectionComponent
    columns = (table.entity_id, table.name, table.name_key, table.position)
    wanted = select(*columns).where(table.name_key == key).order_by(table.position, table.entity_id)
    return [dict(row) for row in session.execute(wanted).mappings()]


def _unknown(name: str) -> NotFoundError:
    return NotFoundError(f"there is no collection {name!r}: see dam-cli collection ls")
