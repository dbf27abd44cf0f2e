"""The assets that match a query: all ids, a page of them in an order, or their number."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, not_, select
from sqlalchemy.orm import Session

from dam.models.entity import Entity
from dam.services.catalogue.ecs import table_of
from dam.services.library import Library
from dam.services.query.columns import TEXTS
from dam.services.query.order import SortKey, read_sort
from dam.services.query.parse import parse
from dam.services.query.predicates import Reader
from dam.services.query.saved import resolve
from dam.services.query.special import Asks
from dam.services.query.sql import Compiler
from dam.services.query.tree import Node

if TYPE_CHECKING:
    from dam.services.catalogue.selection import Ids

ENTITY_ID = table_of(Entity).c.id

Target = Library | Session
"""A library, or a session on one; `similar:` and `is:missing` need the library."""


def matching_ids(target: Target, text: str) -> "Ids":
    """Return the assets that match a query, ascending.

    Raises:
        QueryError: the query has a mistake.

    """
    import numpy as np  # noqa: PLC0415  an optional dependency, and heavy

    return np.array(sorted(find_page(target, text)), np.int64)


def find_page(
    target: Target,
    text: str,
    sort: str = "",
    limit: int | None = None,
    offset: int = 0,
    *,
    library: Library | None = None,
) -> list[int]:
    """Return the assets that match a query in the order of `sort`, such as `-taken,name`; by default newest first.

    Raises:
        QueryError: the query, or `sort`, has a mistake.

    """
    if isinstance(target, Library):
        with target.read() as session:
            return find_page(session, text, sort, limit, offset, library=target)
    keys = read_sort(sort)
    if limit == 0:
        return []
    compiler, tree = _compiler(target, text, library), resolve(target, parse(text), text)
    where = compiler.where(tree, ENTITY_ID)
    if len(keys) == 1 and keys[0].is_quick and limit is not None and not compiler.drives:
        return _along_index(target, compiler, tree, keys[0], limit, offset)
    order = [part for key in keys for part in key.order(ENTITY_ID, compiler.columns)]
    statement = select(ENTITY_ID).where(where).order_by(*order, ENTITY_ID.desc()).limit(limit)
    return list(target.scalars(statement.offset(offset) if offset else statement))


def count(target: Target, text: str, *, library: Library | None = None) -> int:
    """Return how many assets match a query.

    Raises:
        QueryError: the query has a mistake.

    """
    if isinstance(target, Library):
        with target.read() as session:
            return count(session, text, library=target)
    where = _where(target, text, library)
    return target.scalar(select(func.count()).select_from(table_of(Entity)).where(where)) or 0


def explain(library: Library, text: str) -> tuple[str, str]:
    """Return the tree of a query as a text, and the SQL that it becomes.

    Raises:
        QueryError: the query has a mistake.

    """
    with library.read() as session:
        tree = resolve(session, parse(text), text)
        where = _compiler(session, text, library).where(tree, ENTITY_ID)
        statement = select(ENTITY_ID).where(where).order_by(ENTITY_ID.desc())
        return repr(tree), str(statement.compile(session.get_bind()))


def _where(session: Session, text: str, library: Library | None) -> ColumnElement[bool]:
    return _compiler(session, text, library).where(resolve(session, parse(text), text), ENTITY_ID)


def _compiler(session: Session, text: str, library: Library | None) -> Compiler:
    return Compiler(session, Reader(text, datetime.now().astimezone()), Asks(text, session, library))


def _along_index(session: Session, compiler: Compiler, tree: Node, key: SortKey, limit: int, offset: int) -> list[int]:
    """Return a page by walking the index of the column that it is sorted by; assets without a value come last."""
    field = key.fields[0]
    table: Any = field.column.table
    entity, column = table.c.entity_id, table.c[field.column.name]
    if field.type in TEXTS:
        column = compiler.columns.by_code_point(column)
    having = select(entity).where(column.is_not(None), compiler.where(tree, entity))
    order = key.ends(column)
    page = list(session.scalars(having.order_by(order, entity.desc()).limit(limit).offset(offset)))
    if len(page) == limit:
        return page
    before = (
        len(page) if page or not offset else session.scalar(select(func.count()).select_from(having.subquery())) or 0
    )
    before += offset if page else 0
    present = select(entity).where(entity == ENTITY_ID, column.is_not(None)).correlate(table_of(Entity)).exists()
    rest = select(ENTITY_ID).where(not_(present), compiler.where(tree, ENTITY_ID)).order_by(ENTITY_ID.desc())
    return page + list(session.scalars(rest.limit(limit - len(page)).offset(max(0, offset - before))))
