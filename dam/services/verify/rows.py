"""Compare the rows that cannot be derived with the manifest: SQLite does not see a bit that has flipped in a value."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from dam.core.database import fetched
from dam.models.base_class import Base
from dam.models.base_component import BaseComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.services.components.operations import key_function
from dam.services.library import Library
from dam.services.manifest import outbox
from dam.services.manifest.kept_tables import KEPT_TABLES, kept_models, table_of
from dam.services.verify.expected_rows import ATTEMPTS, ENTITIES, GROUPS, ExpectedRows, Ids, Row, Rows
from dam.services.verify.findings import Finding, Problem
from dam.services.verify.row_sums import RowSums

PAGE = 500
_UNCOMPARED = frozenset({"id", "created_at", "updated_at"})
"""Columns of components that are not compared: the manifest does not have them for all rows."""


@dataclass(frozen=True)
class Difference:
    """A row that differs from the manifest: `expected` is that of the manifest, `found` of the database, if any."""

    model: type[Base]
    expected: Row | None
    found: Row | None

    @property
    def entity_id(self) -> int | None:
        """The asset that it belongs to."""
        row = self.expected or self.found or {}
        value = row.get("id") if self.model.__tablename__ == ENTITIES else row.get("entity_id")
        return value if isinstance(value, int) and self.model.__tablename__ not in KEPT_TABLES else None

    @property
    def detail(self) -> str:
        """What differs, in words."""
        table = self.model.__tablename__
        if self.found is None:
            return f"the manifest has a row of {table} that the database lacks"
        if self.expected is None:
            return f"the database has a row of {table} that the manifest lacks"
        names = [
            name for name in sorted(_compared(self.model, self.expected)) if self.found.get(name) != self.expected[name]
        ]
        return f"{table} differs from the manifest in {', '.join(names)}"


def row_findings(library: Library, sums: RowSums) -> Iterator[Finding]:
    """Yield a finding for each row that differs from the manifest, whose lines are in `sums`."""
    names = FilePropertiesComponent.original_filename
    for each in differences(library, sums):
        name = None
        if each.entity_id is not None:
            with library.peek() as connection:
                statement = select(names).where(FilePropertiesComponent.entity_id == each.entity_id)
                name = connection.scalar(statement)
        yield Finding(Problem.DATABASE, each.detail, entity_id=each.entity_id, name=name)


def differences(library: Library, sums: RowSums) -> Iterator[Difference]:
    """Compare the database with the manifest, page by page, where the manifest is whole and current.

    `sums` has the lines of the manifest; see `manifest_findings`.
    """
    state = library.manifest_writer.state()
    if not state.in_database or state.is_database_older or state.lost or state.snapshot is not None:
        return
    ranges = sums.differing(library)
    if not (ranges or sums.has_other_lines or _has_other_rows(library)):
        return
    with closing(ExpectedRows(library, ranges)) as expected:
        for group in GROUPS:
            for ids in expected.pages(group, PAGE):
                yield from _settled(library, expected, group, ids)


def _has_other_rows(library: Library) -> bool:
    with library.peek() as connection:
        others = (table_of(kept_models()[name]) for name in KEPT_TABLES)
        return any(connection.scalar(select(table.c.id).limit(1)) is not None for table in others)


def _settled(library: Library, expected: ExpectedRows, group: str, ids: Ids) -> list[Difference]:
    """Return the differences of a page. Where there are any, look again: another process may have changed the rows."""
    found = _compare(library, expected, group, ids)
    for _ in range(ATTEMPTS if found else 0):
        expected.advance()
        found = _compare(library, expected, group, ids)
        with library.peek() as connection:
            if not found or outbox.last_batch(connection) == expected.batch:
                return found
    return []


def _compare(library: Library, expected: ExpectedRows, group: str, ids: Ids) -> list[Difference]:
    wanted = expected.rows(group, ids)
    with library.peek() as connection:
        there = _rows(connection, group, ids)
    both = [(key[0], row, there.get(key)) for key, row in wanted.items()]
    differing = [Difference(*each) for each in both if not _is_same(*each)]
    return [*differing, *(Difference(key[0], None, row) for key, row in there.items() if key not in wanted)]


def _rows(connection: Connection, group: str, ids: Ids) -> Rows:
    found: Rows = {}
    low, high = ids
    for name, model in kept_models().items():
        if (name if name in KEPT_TABLES else ENTITIES) != group:
            continue
        table, key_of = table_of(model), key_function(model)
        column = table.c[("id" if name == group else "entity_id")]
        columns = [each for each in table.c if each.name in _compared(model, dict.fromkeys(table.c.keys()))]
        statement = select(*columns)
        if low is not None:
            statement = statement.where(column > low)
        if high is not None:
            statement = statement.where(column <= high)
        names = [each.name for each in columns]
        for values in fetched(connection.execute(statement).all):
            row = dict(zip(names, values, strict=True))
            found[model, key_of(row)] = row
    return found


def _is_same(model: type[Base], expected: Row, found: Mapping[str, Any] | None) -> bool:
    return found is not None and all(found[name] == expected[name] for name in _compared(model, expected))


def _compared(model: type[Base], row: Row) -> Iterable[str]:
    return row.keys() - _UNCOMPARED if issubclass(model, BaseComponent) else row
