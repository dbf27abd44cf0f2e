"""Compare the rows that systems derived with their checksums: they have no second copy, and can be derived again."""

import logging
from collections.abc import Iterable, Iterator

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from dam.core.database import fetched
from dam.core.errors import DamError
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.system_record import SystemRecord, SystemSet
from dam.services.components import ecs
from dam.services.components.derived_rows import checksums
from dam.services.library import Library
from dam.services.verify.findings import Finding, Problem

PAGE = 500
DETAIL = "what was derived from its content has changed since"

logger = logging.getLogger(__name__)


def derived_findings(library: Library) -> Iterator[Finding]:
    """Yield the assets whose derived rows differ from their checksum. Those that have none get it."""
    last, is_writable = 0, True
    while True:
        with library.read() as session:
            records = _records(session, last)
            differing, unknown = _compare(session, records)
        if not records:
            return
        last = max(records)
        if differing:  # a transaction of another process may have come between the statements
            with library.read() as session:
                differing, _ = _compare(session, _records_of(session, differing))
        yield from _findings(library, differing)
        is_writable = is_writable and (not unknown or _record(library, unknown))


Record = tuple[str, int | None]
"""The set of systems that have run for an entity, and the checksum of what they derived."""


def _records(session: Session, after: int) -> dict[int, Record]:
    record = SystemRecord
    statement = select(record.entity_id, SystemSet.systems, record.rows_crc32).join(SystemSet)
    rows = session.execute(statement.where(record.entity_id > after).order_by(record.entity_id).limit(PAGE))
    return {entity_id: (systems, crc32) for entity_id, systems, crc32 in fetched(rows.all)}


def _records_of(session: Session, entity_ids: Iterable[int]) -> dict[int, Record]:
    record = SystemRecord
    statement = select(record.entity_id, SystemSet.systems, record.rows_crc32).join(SystemSet)
    rows = session.execute(statement.where(record.entity_id.in_(entity_ids)))
    return {entity_id: (systems, crc32) for entity_id, systems, crc32 in rows}


def _compare(session: Session, records: dict[int, Record]) -> tuple[list[int], list[int]]:
    """Return the entities whose rows differ from their checksum, and those without one."""
    found = checksums(session, {entity_id: systems for entity_id, (systems, _) in records.items()})
    unknown = [entity_id for entity_id, (_, crc32) in records.items() if crc32 is None]
    return [each for each, (_, crc32) in records.items() if crc32 not in (None, found[each])], unknown


def _findings(library: Library, entity_ids: list[int]) -> Iterator[Finding]:
    name = FilePropertiesComponent.original_filename
    with library.read() as session:
        statement = select(FilePropertiesComponent.entity_id, name)
        names = dict(session.execute(statement.where(FilePropertiesComponent.entity_id.in_(entity_ids))).all())
    for entity_id in entity_ids:
        yield Finding(Problem.DATABASE, DETAIL, entity_id=entity_id, name=names.get(entity_id))


def _record(library: Library, entity_ids: list[int]) -> bool:
    """Record the checksums of assets that have none, as those of an earlier schema; return whether it was possible."""
    table = ecs.table_of(SystemRecord)

    def work(session: Session) -> None:
        systems = {key: text for key, (text, crc32) in _records_of(session, entity_ids).items() if crc32 is None}
        sums = [{"key": entity_id, "crc32": crc32} for entity_id, crc32 in checksums(session, systems).items()]
        statement = update(table).where(table.c.entity_id == bindparam("key"))
        if sums:
            session.connection().execute(statement.values(rows_crc32=bindparam("crc32")), sums)

    try:
        library.write_again(work)
    except DamError as exc:  # read-only, or locked
        logger.info("the checksums of derived rows are not recorded: %s", exc)
        return False
    return True
