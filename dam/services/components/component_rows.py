"""All components of a kind, as rows for data frames."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from dam.models.base_component import BaseComponent
from dam.services.components.ecs import own_columns
from dam.services.library import Library

PAGE = 1000


def component_rows(library: Library, kind: type[BaseComponent]) -> Iterator[dict[str, Any]]:
    """Yield `entity_id` and the own columns of all components of a kind, oldest first; read a page at a time."""
    columns = [kind.entity_id, *(getattr(kind, name) for name in own_columns(kind))]
    statement = select(kind.id, *columns).order_by(kind.id).limit(PAGE)
    last = 0
    while True:
        with library.read() as session:
            page = session.execute(statement.where(kind.id > last)).mappings().all()
        if not page:
            return
        for row in page:
            yield {name: value for name, value in row.items() if name != "id"}
        last = page[-1]["id"]
