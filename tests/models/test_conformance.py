import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint, inspect
from sqlalchemy.orm import Session

import dam.models
from dam.models import Base, BaseComponent, Entity, component_classes
from dam.models.base_pair import BasePair
from tests.models.samples import sample_component

COMPONENTS = component_classes()
each_component = pytest.mark.parametrize("kind", COMPONENTS, ids=lambda kind: kind.component_name())


def table_of(kind: type[Base]) -> Table:
    table = inspect(kind).local_table
    assert isinstance(table, Table)
    return table


@each_component
def test_file_class_and_table_have_one_name(kind: type[BaseComponent]) -> None:
    name = kind.component_name()
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert kind.__tablename__ == f"component_{name}"
    assert kind.__module__ == f"dam.models.{name}_component"
    assert kind.__name__.lower() == f"{name.replace('_', '')}component"


def test_every_component_file_defines_one_component() -> None:
    files = sorted(path.stem for path in Path(dam.models.__file__).parent.glob("*_component.py"))
    assert files == sorted(["base_component", *(f"{kind.component_name()}_component" for kind in COMPONENTS)])


@each_component
def test_a_component_says_what_it_is(kind: type[BaseComponent]) -> None:
    first_line = (kind.__doc__ or "").partition("\n")[0]
    assert first_line.endswith(".")
    assert not first_line.startswith(f"{kind.__name__}(")  # what dataclass writes when there is none


@each_component
def test_a_unique_constraint_begins_with_the_entity(kind: type[BaseComponent]) -> None:
    keys = [list(key.columns.keys()) for key in table_of(kind).constraints if isinstance(key, UniqueConstraint)]
    assert [key for key in keys if key[0] == "entity_id"]


@each_component
def test_the_entity_takes_its_components_with_it(kind: type[BaseComponent]) -> None:
    keys = [key for key in table_of(kind).constraints if isinstance(key, ForeignKeyConstraint)]
    assert ["entity_id"] in [key.column_keys for key in keys]
    for key in keys:
        assert key.ondelete == "CASCADE"
        assert [element.target_fullname for element in key.elements] == ["entities.id"]
        assert not any(column.nullable for column in key.columns)


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=str)
def test_constraints_and_indexes_are_named(table: Table) -> None:
    names = [constraint.name for constraint in table.constraints] + [index.name for index in table.indexes]
    assert all(isinstance(name, str) and len(name) <= 63 for name in names)  # PostgreSQL cuts names at 63 bytes
    assert len(names) == len(set(names))


@pytest.mark.parametrize("model", dam.models.all_models().values(), ids=lambda model: model.__name__)
def test_models_are_keyword_only(model: type[Base]) -> None:
    with pytest.raises(TypeError, match="positional"):
        model(1)  # type: ignore[call-arg]  # what the test is about


@each_component
def test_built_with_its_entity(db_session: Session, kind: type[BaseComponent]) -> None:
    entity = Entity()
    component = sample_component(kind, entity=entity)
    if issubclass(kind, BasePair):
        db_session.add(entity)  # before the other one, so that it has the lower id
    check_flushed(db_session, component, lambda: entity.id)


@each_component
def test_built_with_the_id_of_its_entity(db_session: Session, kind: type[BaseComponent]) -> None:
    entity = Entity()
    db_session.add(entity)
    db_session.flush()
    check_flushed(db_session, sample_component(kind, entity_id=entity.id), lambda: entity.id)


@each_component
@pytest.mark.parametrize("by_id", [True, False])
def test_attached_later(db_session: Session, kind: type[BaseComponent], by_id: bool) -> None:  # noqa: FBT001
    entity = Entity()
    db_session.add(entity)
    db_session.flush()
    component = sample_component(kind)
    if by_id:
        component.entity_id = entity.id
    else:
        component.entity = entity
    check_flushed(db_session, component, lambda: entity.id)


def check_flushed(session: Session, component: BaseComponent, entity_id: Callable[[], int]) -> None:
    session.add(component)
    session.flush()
    session.expire_all()
    assert component.entity_id == component.entity.id == entity_id()
    assert component.created_at.tzinfo is not None
    assert component.updated_at >= component.created_at


def test_all_models_are_exported() -> None:
    exported: dict[str, object] = {}
    exec("from dam.models import *", exported)
    assert {"Base", "BaseComponent", "Entity"} <= exported.keys()
    assert {kind.__name__ for kind in COMPONENTS} <= exported.keys()
    assert set(dam.models.__all__) <= set(dir(dam.models))


def test_what_is_no_model_is_not_exported() -> None:
    with pytest.raises(AttributeError, match="NoSuchComponent"):
        _ = dam.models.NoSuchComponent
    with pytest.raises(ImportError):
        exec("from dam.models import NoSuchComponent")
