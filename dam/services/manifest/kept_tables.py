"""The tables whose rows cannot be derived from the files: the manifest has them."""

from functools import cache
from typing import Any

from sqlalchemy import Table, inspect

from dam.models import all_models, component_classes
from dam.models.base_class import Base
from dam.systems.system import all_systems

DERIVED_COMPONENTS = ("component_image_pixel_digest", "component_similar_pair", "component_system_failure")
"""Components that no system produces, and that commands derive again."""
KEPT_TABLES = ("operations", "operation_changes", "mirrors", "saved_queries", "tag_rules")
"""Kept tables that are no components, but for the entities."""


@cache
def kept_models() -> dict[str, type[Base]]:
    """Return the models of the kept tables by table name: a row comes after those that it refers to.

    A component that no system produces is kept: a file, or the user, has told it.
    """
    derived = {system.produces for system in all_systems()}
    components = [
        kind for kind in component_classes() if kind not in derived and kind.__tablename__ not in DERIVED_COMPONENTS
    ]
    others = {model.__tablename__: model for model in all_models().values() if hasattr(model, "__tablename__")}
    chosen: list[Any] = [others["entities"], *components, *(others[name] for name in KEPT_TABLES)]
    return {model.__tablename__: model for model in chosen}


@cache
def table_of(model: type[Base]) -> Table:
    """Return the table of a model."""
    table = inspect(model).local_table
    assert isinstance(table, Table)  # noqa: S101  no model maps a join
    return table
