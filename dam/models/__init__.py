"""The tables: `Base`, `Entity`, and one component a file. All of them are found, none is listed.

Each is imported when it is first asked for, here or by its module: a command that needs five tables does not wait
for the mapping of all.
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from dam.models.base_class import Base
from dam.models.base_component import BaseComponent


@cache
def all_models() -> dict[str, type[Base]]:
    """Import every table and return them by the names of their classes, in order."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return dict(sorted((mapper.class_.__name__, mapper.class_) for mapper in Base.registry.mappers))


def component_classes() -> list[type[BaseComponent]]:
    """Return every kind of component, by name."""
    found = [table for table in all_models().values() if issubclass(table, BaseComponent)]
    return sorted(found, key=lambda component: component.component_name())


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted({"Base", "BaseComponent", *all_models()})
    try:
        return all_models()[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *all_models()})
