from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, inspect, select, text
from sqlalchemy.orm import Session

from dam.core.errors import DamError
from dam.models import (
    ContentHashSha256Component,
    DimensionsComponent,
    Entity,
    FileLocationComponent,
    ReplacedComponent,
    SystemRecord,
    SystemSet,
    TagComponent,
    component_classes,
)
from dam.services.components import ecs
from dam.services.library import Library
from tests.models.samples import sample_component

many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = component_classes()


@pytest.fixture
def entity_id(db_session: Session) -> int:
    [entity_id] = ecs.add_entities(db_session, 1)
    return entity_id


@pytest.mark.parametrize("count", [0, 1, ecs.MAX_VARIABLES, 2 * ecs.MAX_VARIABLES + 1])
def test_add_entities(each_library: Library, count: int) -> None:
    with each_library.write() as session:
        ids = ecs.add_entities(session, count)
        assert len(set(ids)) == count
        assert ids == sorted(ids)
        assert ids == list(session.scalars(ecs.entities_with()))


def test_one_component_or_none(db_session: Session, entity_id: int) -> None:
    assert ecs.get_component(db_session, entity_id, DimensionsComponent) is None
    db_session.add(DimensionsComponent(entity_id=entity_id, width=3, height=2))
    found = ecs.get_component(db_session, entity_id, DimensionsComponent)
    assert found is not None
    assert (found.width, found.height) == (3, 2)


def test_components_come_oldest_first(db_session: Session, entity_id: int) -> None:
    for tag in ("b", "a"):
        ecs.get_or_add_component(db_session, TagComponent(entity_id=entity_id, tag=tag))
    assert [found.tag for found in ecs.get_components(db_session, entity_id, TagComponent)] == ["b", "a"]


def test_all_components_are_of_every_kind(db_session: Session, entity_id: int) -> None:
    db_session.add_all(sample_component(kind, entity_id=entity_id) for kind in KINDS)
    assert [type(found) for found in ecs.all_components(db_session, entity_id)] == KINDS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.component_name())
def test_get_or_add_adds_once(db_session: Session, entity_id: int, kind: type[TagComponent]) -> None:
    columns = inspect(kind).columns.items()
    others = [name for name, column in columns if column.foreign_keys and name != "entity_id"]
    key = {"entity_id": entity_id} | dict(zip(others, ecs.add_entities(db_session, len(others)), strict=True))
    first, was_new = ecs.get_or_add_component(db_session, sample_component(kind, **key))
    again, is_new = ecs.get_or_add_component(db_session, sample_component(kind, **key))
    assert (was_new, is_new) == (True, False)
    assert again is first


def test_get_or_add_takes_what_another_process_has_added(each_library: Library) -> None:
    with each_library.write() as session:
        [entity_id] = ecs.add_entities(session, 1)
        session.add(TagComponent(entity_id=entity_id, tag="x"))
    with each_library.write() as session:
        found, is_new = ecs.get_or_add_component(session, TagComponent(entity_id=entity_id, tag="x"))
        assert not is_new
        assert len(ecs.get_components(session, entity_id, TagComponent)) == 1
        assert found.id


def test_get_or_add_where_the_disk_is_full(library: Library) -> None:
    with library.write() as session:
        [entity_id] = ecs.add_entities(session, 1)
    with library.engine.connect() as connection, Session(connection) as session:
        session.execute(text("PRAGMA max_page_count = 1"))  # SQLite raises it to the pages that there are

        def fill() -> None:
            for number in range(1000):
                ecs.get_or_add_component(session, TagComponent(entity_id=entity_id, tag=f"{number:0100}"))

        with pytest.raises(DamError, match="is full"):
            fill()


@many
@given(owned=st.lists(st.sets(st.sampled_from(KINDS)), max_size=8), data=st.data())
def test_entities_with_some_and_without_others(
    db_session: Session, owned: list[set[type[TagComponent]]], data: st.DataObject
) -> None:
    having = data.draw(st.sets(st.sampled_from(KINDS), max_size=3))
    without = data.draw(st.sets(st.sampled_from(KINDS), max_size=3))
    with db_session.begin_nested() as example:
        ids = ecs.add_entities(db_session, len(owned))
        for entity_id, kinds in zip(ids, owned, strict=True):
            db_session.add_all(sample_component(kind, number=entity_id % 256, entity_id=entity_id) for kind in kinds)
        db_session.flush()
        found = db_session.scalars(ecs.entities_with(*having, without=without)).all()
        example.rollback()
    expected = [i for i, kinds in zip(ids, owned, strict=True) if having <= kinds and not without & kinds]
    assert [i for i in found if i in ids] == expected  # a pair has brought another entity


def test_rows_with_full_text_are_written_many_at_a_time(library: Library) -> None:
    """FTS5 writes its words to the disk before each statement, which takes most of the time of an ingest."""
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        *_, statement, _values, _context, many = arguments
        assert not many
        statements.append(statement)

    with library.write() as session:
        ids = ecs.add_entities(session, 1000)
        session.connection()
        event.listen(library.engine, "before_cursor_execute", note)
        ecs.put_rows(session, TagComponent, [{"entity_id": each, "tag": "x", "tag_key": "x"} for each in ids])
        event.remove(library.engine, "before_cursor_execute", note)
        assert list(session.scalars(select(TagComponent.entity_id).order_by(TagComponent.entity_id))) == ids
    assert len(statements) <= 1000 * 3 / ecs.MAX_VARIABLES + 1


def test_put_rows_inserts_and_updates_by_the_unique_key(each_library: Library) -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    with each_library.write() as session:
        old, new = ecs.add_entities(session, 2)
        component = DimensionsComponent(entity_id=old, width=1, height=1)
        component.updated_at = long_ago
        session.add(component)
    with each_library.write() as session:
        rows = [{"entity_id": entity_id, "width": entity_id, "height": 7} for entity_id in (old, new)]
        ecs.put_rows(session, DimensionsComponent, rows)
    with each_library.read() as session:
        for entity_id in (old, new):
            [found] = ecs.get_components(session, entity_id, DimensionsComponent)
            assert (found.width, found.height) == (entity_id, 7)
            assert found.updated_at > long_ago


def test_put_rows_leaves_what_has_no_more_than_its_key(each_library: Library) -> None:
    with each_library.write() as session:
        ids = ecs.add_entities(session, 3)
        rows = [{"entity_id": ids[0], "by_entity_id": ids[number]} for number in (1, 2, 1)]
        ecs.put_rows(session, ReplacedComponent, rows)
        ecs.put_rows(session, ReplacedComponent, [])
        found = ecs.get_components(session, ids[0], ReplacedComponent)
        assert [each.by_entity_id for each in found] == ids[1:]


def test_unique_keys() -> None:
    assert ecs.unique_key(TagComponent) == ("entity_id", "tag_key")
    assert ecs.unique_key(FileLocationComponent) == ("entity_id", "storage_type")
    assert ecs.unique_key(ContentHashSha256Component) == ("entity_id",)
    assert ecs.unique_key(SystemRecord) == ("entity_id",)
    assert ecs.unique_key(SystemSet) == ("systems",)
    assert ecs.unique_key(Entity) == ("id",)


def test_values_of_a_component_are_its_own_columns() -> None:
    assert ecs.values_of(DimensionsComponent(width=3, height=2)) == {"width": 3, "height": 2}


@given(values=st.lists(st.integers(), max_size=20), size=st.integers(1, 7))
def test_batches_have_all_values_in_order(values: list[int], size: int) -> None:
    batches = list(ecs.batched(values, size))
    assert [value for batch in batches for value in batch] == values
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(0 < len(batch) <= size for batch in batches)
