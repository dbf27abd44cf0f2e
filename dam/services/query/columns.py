"""Conditions on one column, such that SQLite and PostgreSQL agree on every text."""

import string
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, UniqueConstraint, and_, false, func, or_, true, type_coerce

from dam.services.query.fields import ENTITY, Field, Type
from dam.services.query.predicates import Element, Exact, Glob, Predicate, Range, Tag, is_wild, variants

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
TEXTS = (Type.TEXT, Type.TAG, Type.LOCAL_TIME)
"""The types whose columns have text that is compared."""


@dataclass(frozen=True)
class Columns:
    """Makes conditions for a kind of database."""

    is_postgresql: bool

    def meets(self, field: Field, table: Any, predicate: Predicate) -> ColumnElement[bool]:
        """Return whether the column of a field, in an alias of its table, meets a predicate."""
        column = table.c[field.column.name]
        match predicate:
            case Range():
                return _in_range(self.by_code_point(column) if field.type in TEXTS else column, predicate)
            case Exact(wanted):
                return column == wanted  # type: ignore[no-any-return]
            case Glob(pattern):
                return self.like(type_coerce(column, Text), pattern)
            case Element(wanted):
                contains = func.strpos if self.is_postgresql else func.instr
                return contains(type_coerce(column, Text), wanted) > 0
            case Tag(key, below):
                name = f"{field.name}_key"
                return self._tag(table.c.get(name, column), key, below=below)
        raise AssertionError(predicate)

    def by_code_point(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a text column that is compared and sorted by code points, as SQLite does."""
        return column.collate("C") if self.is_postgresql else column

    def like(self, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
        """Return whether a text matches a glob; see `Glob`."""
        patterns = [_like_pattern(each) for each in variants(pattern)]
        if self.is_postgresql:  # lower() for ASCII alone, as LIKE of SQLite does
            column = func.lower(column.collate("C"))
            patterns = [each.translate(_LOWER) for each in patterns]
        return or_(*(column.like(each, escape="\\") for each in dict.fromkeys(patterns)))

    def _tag(self, column: ColumnElement[Any], key: str, *, below: bool) -> ColumnElement[bool]:
        """Return whether a tag is one, or with `below` also below one; a glob also matches what is below."""
        column = self.by_code_point(column)
        if below and is_wild(key):
            return or_(*(self.like(column, each) for each in (key, f"{key}/*")))
        if not below:
            return column == key
        return or_(column == key, and_(column >= f"{key}/", column < f"{key}0"))  # "0" follows "/"


def _like_pattern(glob: str) -> str:
    """Return a glob as a pattern of LIKE."""
    pattern, literally = "", False
    for character in glob:
        if literally or character not in "*?\\":
            pattern += ("\\" if character in "%_\\" else "") + character
            literally = False
        elif character == "\\":
            literally = True
        else:
            pattern += "%" if character == "*" else "_"
    return pattern + ("\\\\" if literally else "")


def _in_range(column: ColumnElement[Any], wanted: Range) -> ColumnElement[bool]:
    if wanted.low is not None and wanted.low == wanted.high:
        return column == wanted.low if wanted.has_low and wanted.has_high else false()
    ends: list[ColumnElement[bool]] = [true()]
    if wanted.low is not None:
        ends.append(column >= wanted.low if wanted.has_low else column > wanted.low)
    if wanted.high is not None:
        ends.append(column <= wanted.high if wanted.has_high else column < wanted.high)
    if len(ends) == 1:
        ends.append(column.is_not(None))
    return and_(*ends)


@cache
def is_indexed(field: Field) -> bool:
    """Return whether an index begins with the column of a field."""
    table: Any = field.column.table
    firsts: list[Column[Any]] = [table.primary_key.columns[0]] if field.component == ENTITY else []
    firsts += [index.columns[0] for index in table.indexes if len(index.columns)]
    firsts += [key.columns[0] for key in table.constraints if isinstance(key, UniqueConstraint)]
    names = {column.name for column in firsts}
    return field.name in names or f"{field.name}_key" in names
