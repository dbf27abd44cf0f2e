"""What a rebuild must give back."""

from collections.abc import Mapping
from typing import Any

from dam.models.base_component import BaseComponent
from dam.services.library import Library
from dam.services.manifest.kept_tables import kept_models, table_of

Rows = Mapping[str, list[dict[str, Any]]]


def kept_rows(library: Library) -> Rows:
    """All rows that cannot be derived; of components, without their ids, and times that a database sets."""
    found = {}
    with library.read() as session:
        for name, model in kept_models().items():
            of_sources = name == "component_source_path"
            left_out = {"id", "created_at"} | (set() if of_sources else {"updated_at"})
            rows = [dict(row) for row in session.execute(table_of(model).select()).mappings()]
            if issubclass(model, BaseComponent):
                rows = [{key: value for key, value in row.items() if key not in left_out} for row in rows]
            found[name] = sorted(rows, key=str)
    return found
