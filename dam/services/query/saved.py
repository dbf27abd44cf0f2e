"""Saved queries: keep, list and remove them, and put them where a query has `@NAME`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError, QueryError, UsageError
from dam.models.saved_query import SavedQuery
from dam.services.components.operations import Recorder
from dam.services.query.fields import nearest
from dam.services.query.parse import parse
from dam.services.query.tree import And, Between, Condition, Node, Not, Or, Saved, Value

_NAME = re.compile(r"[\w][\w.-]{0,63}")


@dataclass(frozen=True)
class NamedQuery:
    """A saved query."""

    name: str
    query: str


def resolve(session: Session, node: Node, query: str, within: tuple[str, ...] = ()) -> Node:
    """Return a tree with the saved queries that it names in their places.

    Raises:
        QueryError: there is no such saved query, it contains itself, or it has a mistake.

    """
    match node:
        case And(parts):
            return And(tuple(resolve(session, part, query, within) for part in parts))
        case Or(parts):
            return Or(tuple(resolve(session, part, query, within) for part in parts))
        case Not(part):
            return Not(resolve(session, part, query, within))
        case Saved(name, column):
            if name in within:
                raise QueryError(
                    f"the saved query @{name} contains itself: @{' → @'.join([*within, name])}", query, column
                )
            text = _text_of(session, name)
            if text is None:
                known = [each.name for each in saved_queries(session)]
                raise QueryError(f"there is no saved query @{name}{nearest(name, known)}", query, column)
            return _at(column, resolve(session, _parsed(name, text), text, (*within, name)))
    return node


def _at(column: int, node: Node) -> Node:
    """Return a tree all of which stands where a query names it: errors point there."""
    match node:
        case And(parts):
            return And(tuple(_at(column, part) for part in parts))
        case Or(parts):
            return Or(tuple(_at(column, part) for part in parts))
        case Not(part):
            return Not(_at(column, part))
        case Condition(values=values):
            return replace(node, column=column, values=tuple(_value_at(column, value) for value in values))
    return replace(node, column=column)


def _value_at(column: int, value: Value) -> Value:
    if isinstance(value, Between):
        return Between(*(end and replace(end, column=column) for end in (value.low, value.high)))
    return replace(value, column=column)


def _parsed(name: str, text: str) -> Node:
    try:
        return parse(text)
    except QueryError as exc:
        raise QueryError(f"in the saved query @{name}: {exc.problem}", text, exc.column) from exc


def _text_of(session: Session, name: str) -> str | None:
    return session.scalar(select(SavedQuery.text).where(SavedQuery.name == name))


def saved_queries(session: Session) -> Sequence[NamedQuery]:
    """Return all saved queries, by name."""
    rows = session.execute(select(SavedQuery.name, SavedQuery.text).order_by(SavedQuery.name))
    return [NamedQuery(name, text) for name, text in rows]


def save(session: Session, name: str, text: str, *, replace: bool = False) -> NamedQuery:
    """Keep a query under a name, as an operation of the journal.

    Raises:
        UsageError: the name is not valid, or there without `replace`.
        QueryError: the query has a mistake, or contains itself.

    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a query: give letters, digits, dots, dashes, at most 64")
    resolve(session, parse(text), text, (name,))
    before = _text_of(session, name)
    if before not in (None, text) and not replace:
        raise UsageError(f"there is a saved query @{name} ({before}): replace it with --replace, or give another name")
    Recorder(session, "query").put(SavedQuery, [{"name": name, "text": text}])
    return NamedQuery(name, text)


def remove(session: Session, names: Sequence[str]) -> list[NamedQuery]:
    """Remove saved queries, as an operation of the journal; return them.

    Raises:
        NotFoundError: there is no such saved query.
        UsageError: another one contains it.

    """
    known = {each.name: each for each in saved_queries(session)}
    for name in names:
        if name not in known:
            raise NotFoundError(f"there is no saved query @{name}{nearest(name, list(known))}")
    for other in known.values():
        used = [name for name in _names_in(_parsed(other.name, other.query)) if name in names]
        if other.name not in names and used:
            raise UsageError(f"the saved query @{other.name} contains @{used[0]}: remove that one first")
    Recorder(session, "query").delete_keys(SavedQuery, [{"name": name} for name in dict.fromkeys(names)])
    return [known[name] for name in dict.fromkeys(names)]


def _names_in(node: Node) -> list[str]:
    match node:
        case And(parts) | Or(parts):
            return [name for part in parts for name in _names_in(part)]
        case Not(part):
            return _names_in(part)
        case Saved(name):
            return [name]
    return []
