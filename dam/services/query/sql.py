"""The tree of a query as SQL: the only module of the room that knows SQL.

A condition becomes a list of ids where few assets match, so that it drives the search, and `EXISTS (…)` where many do,
so that a first page reads only as much as it shows. Which of the two is decided by reading up to `FEW` from an index.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    true,
    type_coerce,
)
from sqlalchemy.orm import Session

from dam.core.folding import folded
from dam.media.kinds import Kind
from dam.models.base_class import Base
from dam.models.tag_component import TagComponent
from dam.models.trashed_component import TrashedComponent
from dam.services import full_text
from dam.services.catalogue.trashed import any_trashed
from dam.services.components.ecs import table_of
from dam.services.query import special
from dam.services.query.columns import Columns, is_indexed
from dam.services.query.few_values import values_like
from dam.services.query.fields import ENTITY, Field, Type, find, nearest
from dam.services.query.predicates import Glob, Predicate, Reader, Tag
from dam.services.query.tree import And, Condition, Node, Not, Or, Regex, Word
from dam.services.tags.rules import Rules, load_rules

FEW = 2000
"""Up to how many matches a condition drives the search."""


@dataclass(frozen=True)
class Leaf:
    """The entities that a table has rows of which meet a condition. `column` is that of the entity."""

    table: Any
    column: ColumnElement[int]
    where: tuple[ColumnElement[bool], ...] = ()

    def ids(self) -> Select[Any]:
        """Select the entities."""
        return select(self.column).select_from(self.table).where(*self.where)

    def of(self, entity: ColumnElement[int]) -> ColumnElement[bool]:
        """Return whether an entity is among them."""
        return exists(
            select(literal(1))
            .select_from(self.table)
            .where(self.column == entity, *self.where)
            .correlate_except(self.table)
        )


@dataclass
class Compiler:
    """Makes SQL of a tree, whose saved queries have been replaced, for one database."""

    session: Session
    reader: Reader
    asks: special.Asks
    """Answers what is no question to the database alone."""
    in_trash: bool = False
    """Whether only assets in the trash match."""
    drives: bool = field(default=False, init=False)
    """Whether few assets match, by a condition that all must meet."""

    _rules: Rules | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Look at which database it is."""
        self.columns = Columns(self.session.get_bind().dialect.name == "postgresql")

    def where(self, node: Node, entity: ColumnElement[int]) -> ColumnElement[bool]:
        """Return the condition that an entity matches a tree; those in the trash only where the tree asks for them."""
        condition = self._node(node, entity, is_needed=True)
        if self.in_trash:
            return and_(condition, self._leaf(TrashedComponent).of(entity))
        if special.mentions_trash(node) or not any_trashed(self.session):
            return condition
        return and_(condition, not_(self._leaf(TrashedComponent).of(entity)))

    def _node(self, node: Node, entity: ColumnElement[int], *, is_needed: bool = False) -> ColumnElement[bool]:
        match node:
            case And(parts):
                cheap_first = sorted(parts, key=_needs_scan)
                return and_(true(), *(self._node(part, entity, is_needed=is_needed) for part in cheap_first))
            case Or(parts):
                return or_(false(), *(self._node(part, entity) for part in parts))
            case Not(part):
                return not_(self._node(part, entity))
            case Word():
                leaves = [Leaf(*each) for each in full_text.matches(self.session, node.text, prefix=node.prefix)]
                return self._any(leaves, entity, is_needed=is_needed, is_costly=node.prefix)
            case Condition():
                return self._condition(node, entity, is_needed=is_needed)
        raise AssertionError(node)  # saved queries have been replaced

    def _any(
        self,
        leaves: Sequence[Leaf],
        entity: ColumnElement[int],
        *,
        is_needed: bool,
        is_costly: bool = False,
        scans: bool = False,
    ) -> ColumnElement[bool]:
        """Return whether an entity is in any of some leaves: by a list of the few that are, or by looking it up.

        `scans`: to list them reads all rows, which is left out where another condition drives the search. `is_costly`:
        so is a look-up of one.
        """
        if not leaves:
            return false()
        listed = leaves[0].ids().union_all(*(leaf.ids() for leaf in leaves[1:])) if leaves[1:] else leaves[0].ids()
        if not (scans and self.drives):
            ids = list(self.session.scalars(listed.limit(FEW + 1)))
            if len(ids) <= FEW:
                self.drives = self.drives or is_needed
                return self._ids(ids, entity)
        return entity.in_(listed) if is_costly else or_(*(leaf.of(entity) for leaf in leaves))

    def _condition(self, node: Condition, entity: ColumnElement[int], *, is_needed: bool) -> ColumnElement[bool]:
        if handler := _SPECIAL.get(node.name):
            return handler(self, node, entity, is_needed)
        found = find(node.name)
        if not found or not found[0]:
            hint = nearest(node.name) or ": quote it to search for the text, or give a tag as tag:NAME"
            raise self.asks.error(f"there is no field {node.name!r}{hint}", node.column)
        fields, first = found
        if first and len(fields) > 1:
            return self._first(fields, node, entity)
        regexes = [value for value in node.values if isinstance(value, Regex)]
        others = [value for value in node.values if not isinstance(value, Regex)]
        leaves = [self._column_leaf(each, node.operator, value) for each in fields for value in others]
        plain = self._any(leaves, entity, is_needed=is_needed and not regexes, scans=_needs_scan(node))
        return or_(plain, self._ids(self._matching(fields, node.operator, regexes), entity)) if regexes else plain

    def _first(self, fields: Sequence[Field], node: Condition, entity: ColumnElement[int]) -> ColumnElement[bool]:
        """Return whether the first of some fields that an entity has meets a condition."""
        before: list[ColumnElement[bool]] = []
        choices = []
        for each in fields:
            meets = or_(*(self._column_leaf(each, node.operator, value).of(entity) for value in node.values))
            choices.append(and_(*before, meets))
            before.append(not_(self._present(each).of(entity)))
        return or_(*choices)

    # ---- leaves

    def _leaf(self, model: type[Base], *where: ColumnElement[bool]) -> Leaf:
        table = table_of(model).alias()
        return Leaf(table, table.c.entity_id, where)

    def _column_leaf(self, each: Field, operator: str, value: Any) -> Leaf:
        predicate = self.reader.predicate(each, operator, value)
        table = each.column.table.alias()
        if isinstance(predicate, Glob) and each.type is Type.TEXT and is_indexed(each):
            values = values_like(self.session, self.columns, each.column, predicate.pattern)
            if values is not None:
                return Leaf(table, _entity_column(each, table), (table.c[each.column.name].in_(values),))
        where = or_(*(self.columns.meets(each, table, one) for one in self._with_target(each, predicate)))
        return Leaf(table, _entity_column(each, table), (where,))

    def _with_target(self, each: Field, predicate: Predicate) -> list[Predicate]:
        """Return a predicate, and of a tag that is an alias also that of the tag that it stands for."""
        if not isinstance(predicate, Tag) or each.component != TagComponent.component_name() or not predicate.below:
            return [predicate]
        if self._rules is None:
            self._rules = load_rules(self.session)
        target = folded(self._rules.resolved(predicate.key))
        return [predicate] if target == predicate.key else [predicate, replace(predicate, key=target)]

    def _present(self, each: Field) -> Leaf:
        table = each.column.table.alias()
        return Leaf(table, _entity_column(each, table), (table.c[each.column.name].is_not(None),))

    def _matching(self, fields: Sequence[Field], operator: str, regexes: Sequence[Regex]) -> list[int]:
        """Return the entities with a value that a regular expression finds: Python's, on every database."""
        import re  # noqa: PLC0415  seldom needed

        for each in fields:
            for regex in regexes:
                self.reader.predicate(each, operator, regex)  # refuses what is wrong with it
        searches = [re.compile(regex.pattern, re.IGNORECASE).search for regex in regexes]
        found: set[int] = set()
        for each in fields:
            table: Any = each.column.table
            column = type_coerce(table.c[each.column.name], Text)
            rows = self.session.execute(select(table.c.entity_id, column).where(column.is_not(None)))
            found.update(entity_id for entity_id, value in rows if any(search(value) for search in searches))
        return sorted(found)

    def _ids(self, ids: Sequence[int], entity: ColumnElement[int]) -> ColumnElement[bool]:
        """Return whether an entity is in a list, as one parameter whatever its length."""
        if self.columns.is_postgresql:
            return entity == any_(cast(bindparam(None, list(ids), ARRAY(BigInteger)), ARRAY(BigInteger)))
        listed = "[" + ",".join(map(str, ids)) + "]"
        return entity.in_(select(text("value")).select_from(func.json_each(bindparam(None, listed))))

    # ---- names with rules of their own

    def _kind(self, node: Condition, entity: ColumnElement[int], is_needed: bool) -> ColumnElement[bool]:  # noqa: FBT001
        properties = find("mime")
        assert properties  # noqa: S101  the alias is there
        mime = properties[0][0]
        leaves = []
        for kind in self.asks.words(node):
            table = mime.column.table.alias()
            column = self.columns.by_code_point(table.c[mime.column.name])
            begins = [and_(column >= low, column < high) for low, high in special.media_types(kind)]
            where = not_(or_(*begins)) if kind == Kind.OTHER else or_(*begins)
            leaves.append(Leaf(table, table.c.entity_id, (where,)))
        return self._any(leaves, entity, is_needed=is_needed)

    def _ext(self, node: Condition, entity: ColumnElement[int], is_needed: bool) -> ColumnElement[bool]:  # noqa: FBT001
        names = find("name")
        assert names  # noqa: S101  the alias is there
        leaves = []
        for each in names[0]:
            table = each.column.table.alias()
            column = table.c[each.column.name]
            endings = [f"*.{special.escaped(word.lstrip('.'))}" for word in self.asks.words(node)]
            leaves.append(Leaf(table, table.c.entity_id, (or_(*(self.columns.like(column, end) for end in endings)),)))
        return self._any(leaves, entity, is_needed=is_needed, scans=True)

    def _has(self, node: Condition, entity: ColumnElement[int], _is_needed: bool) -> ColumnElement[bool]:  # noqa: FBT001
        return or_(*(leaf.of(entity) for name in self.asks.words(node) for leaf in self._of_name(node, name)))

    def _none(self, node: Condition, entity: ColumnElement[int], _is_needed: bool) -> ColumnElement[bool]:  # noqa: FBT001
        return not_(self._has(node, entity, False))  # noqa: FBT003

    def _of_name(self, node: Condition, name: str) -> list[Leaf]:
        if model := special.component(name):
            leaves = [self._leaf(model)]
            if "other_entity_id" in table_of(model).c:  # a pair belongs to both
                other = table_of(model).alias()
                leaves.append(Leaf(other, other.c.other_entity_id))
            return leaves
        found = find(name)
        if not found or not found[0]:
            raise self.asks.error(
                f"there is no component or field {name!r}{nearest(name, special.has_names())}", node.values[0]
            )
        return [self._present(each) for each in found[0]]

    def _is(self, node: Condition, entity: ColumnElement[int], is_needed: bool) -> ColumnElement[bool]:  # noqa: FBT001
        return or_(*(self._state(node, state, entity, is_needed=is_needed) for state in self.asks.words(node)))

    def _state(
        self, node: Condition, state: str, entity: ColumnElement[int], *, is_needed: bool
    ) -> ColumnElement[bool]:
        if state in special.COMPUTED:
            return self._ids(self.asks.computed(node, state), entity)
        if state not in special.STATES:
            hint = nearest(state, special.state_names())
            raise self.asks.error(
                f"there is no state {state!r}{hint or ': ' + ', '.join(special.state_names())}", node.values[0]
            )
        leaves = []
        for select_ids in special.STATES[state](self.session):
            source = select_ids.subquery()
            leaves.append(Leaf(source, source.c[0], ()))
        return self._any(leaves, entity, is_needed=is_needed)

    def _listed(self, node: Condition, entity: ColumnElement[int], is_needed: bool) -> ColumnElement[bool]:  # noqa: FBT001
        ids = self.asks.listed(node)
        self.drives = self.drives or (is_needed and len(ids) <= FEW)
        return self._ids(ids, entity)


def _needs_scan(node: Node) -> bool:
    """Return whether to list the assets of a condition reads all rows of a table."""
    if not isinstance(node, Condition):
        return False
    found = find(node.name)
    return node.name == "ext" or (found is not None and not all(map(is_indexed, found[0])))


def _entity_column(each: Field, table: Any) -> ColumnElement[int]:
    column: ColumnElement[int] = table.c.id if each.component == ENTITY else table.c.entity_id
    return column


_Handler = Callable[[Compiler, Condition, ColumnElement[int], bool], ColumnElement[bool]]
_SPECIAL: dict[str, _Handler] = {
    "kind": Compiler._kind,  # noqa: SLF001  of this module
    "ext": Compiler._ext,  # noqa: SLF001
    "has": Compiler._has,  # noqa: SLF001
    "none": Compiler._none,  # noqa: SLF001
    "is": Compiler._is,  # noqa: SLF001
    "near": Compiler._listed,  # noqa: SLF001
    "similar": Compiler._listed,  # noqa: SLF001
}
