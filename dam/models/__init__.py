"""The tables: `Base`, `Entity`, and one component a file. All of them are found, none is listed."""

import importlib
import pkgutil
from typing import Any

from dam.models.base_class import Base
from dam.models.base_component import BaseComponent

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)

_TABLES = {mapper.class_.__name__: mapper.class_ for mapper in Base.registry.mappers}
__all__ = ["Base", "BaseComponent", *sorted(_TABLES)]  # noqa: PLE0604  these are strings


def __getattr__(name: str) -> Any:
    try:
        return _TABLES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def component_classes() -> list[type[BaseComponent]]:
    """Return every kind of component, by name."""
    found = [table for table in _TABLES.values() if issubclass(table, BaseComponent)]
    return sorted(found, key=lambda component: component.component_name())
