"""The assets that match a query: all ids, a page of them in an order, or their number."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, not_, select
from sqlalchemy.orm import Session

from dam.models.entity import Entity
from dam.services.components.ecs import table_of
from dam.services.library import Library
from dam.services.query.columns import TEXTS
from dam.services.query.order import SortKey, read_sort
from dam.services.query.parse import parse
from dam.services.query.predicates import Reader
from dam.services.query.saved import resolve
from dam.services.query.special import Answers, Asks
from dam.services.query.sql import Compiler
from dam.services.query.tree import Node

if TYPE_CHECKING:
    from dam.services.catalogue.selection import Ids

ENTITY_ID = table_of(Entity).c.id
FIRST_PAGE = 100
"""Number of assets that are looked for before all the others: what is read by a person, or by `head`."""
PAGE = 500

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
    target: Target, text: str, sort: str = "", limit: int | None = None, offset: int = 0, *, in_trash: bool = False
) -> list[int]:
    """Return the assets that match a query in the order of `sort`, such as `-taken,name`; by default newest first.

    `in_trash`: of those in the trash alone.

    Raises:
        QueryError: the query, or `sort`, has a mistake.

    """
    keys, answers = read_sort(sort), Answers()
    if isinstance(target, Library):
        with target.read() as session:
            return _find(_compiler(session, text, target, answers, in_trash), text, keys, limit, offset)
    return _find(_compiler(target, text, None, answers, in_trash), text, keys, limit, offset)


def all_pages(library: Library, text: str, sort: str, limit: int | None, offset: int) -> Iterator[list[int]]:
    """Yield the assets that match a query, in pages: the first is there before all the others are looked for.

    Raises:
        QueryError: the query, or `sort`, has a mistake.

    """
    keys, answers, done = read_sort(sort), Answers(), 0
    for size in (FIRST_PAGE, None):
        wanted = size if limit is None else min(size or limit, limit - done)
        with library.read() as session:
            found = _find(_compiler(session, text, library, answers), text, keys, wanted, offset + done)
        for start in range(0, len(found), PAGE):
            yield found[start : start + PAGE]
        done += len(found)
        if size is None or len(found) < size or done == limit:
            return


def count(target: Target, text: str) -> int:
    """Return how many assets match a query.

    Raises:
        QueryError: the query has a mistake.

    """
    if isinstance(target, Library):
        with target.read() as session:
            return _count(_compiler(session, text, target, Answers()), text)
    return _count(_compiler(target, text, None, Answers()), text)


def matching(session: Session, text: str, *, library: Library | None = None) -> Select[tuple[int]]:
    """Return the statement of the ids of the assets that match a query, for use within another statement.

    Raises:
        QueryError: the query has a mistake.

    """
    compiler = _compiler(session, text, library, Answers())
    return select(ENTITY_ID).where(compiler.where(resolve(session, parse(text), text), ENTITY_ID))


def explain(library: Library, text: str) -> tuple[Node, str]:
    """Return the tree of a query, and the SQL that it becomes.

    Raises:
        QueryError: the query has a mistake.

    """
    with library.read() as session:
        compiler = _compiler(session, text, library, Answers())
        tree = resolve(session, parse(text), text)
        statement = select(ENTITY_ID).where(compiler.where(tree, ENTITY_ID)).order_by(ENTITY_ID.desc())
        return tree, str(statement.compile(session.get_bind()))


def _compiler(
    session: Session,
    text: str,
    library: Library | None,
    answers: Answers,
    in_trash: bool = False,  # noqa: FBT001, FBT002
) -> Compiler:
    reader, asks = Reader(text, datetime.now().astimezone()), Asks(text, session, library, answers)
    return Compiler(session, reader, asks, in_trash)


def _count(compiler: Compiler, text: str) -> int:
    where = compiler.where(resolve(compiler.session, parse(text), text), ENTITY_ID)
    return compiler.session.scalar(select(func.count()).select_from(table_of(Entity)).where(where)) or 0


def _find(compiler: Compiler, text: str, keys: list[SortKey], limit: int | None, offset: int) -> list[int]:
    tree = resolve(compiler.session, parse(text), text)
    where = compiler.where(tree, ENTITY_ID)
    if len(keys) == 1 and keys[0].is_quick and limit is not None and not compiler.drives:
        return _along_index(compiler, tree, keys[0], limit, offset)
    order = [part for key in keys for part in key.order(ENTITY_ID, compiler.columns)]
    statement = select(ENTITY_ID).where(where).order_by(*order, ENTITY_ID.desc())
    if limit is not None:
        statement = statement.limit(limit)
    elif offset:  # SQLite has no offset without a limit
        statement = statement.limit(2**62)
    return list(compiler.session.scalars(statement.offset(offset) if offset else statement))


def _along_index(compiler: Compiler, tree: Node, key: SortKey, limit: int, offset: int) -> list[int]:
    """Return a page by walking the index of the column that it is sorted by; assets without a value come last."""
    field, session = key.fields[0], compiler.session
    table: Any = field.column.table.alias()
    entity, column = table.c.entity_id, table.c[field.column.name]
    if field.type in TEXTS:
        column = compiler.columns.by_code_point(column)
    having = select(entity).where(column.is_not(None), compiler.where(tree, entity))
    page = list(session.scalars(having.order_by(key.ends(column), entity.desc()).limit(limit).offset(offset)))
    if len(page) == limit:
        return page
    before = offset + len(page)
    if not page and offset:
        before = session.scalar(select(func.count()).select_from(having.subquery())) or 0
    present = select(entity).where(entity == ENTITY_ID, column.is_not(None)).correlate(table_of(Entity)).exists()
    rest = select(ENTITY_ID).where(not_(present), compiler.where(tree, ENTITY_ID)).order_by(ENTITY_ID.desc())
    return page + list(session.scalars(rest.limit(limit - len(page)).offset(max(0, offset - before))))
