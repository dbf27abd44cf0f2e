"""Tables: `Base`, `Entity`, and one component per file, found by discovery.

Modules are imported on demand. A command that imports the modules of a few tables does not map the others; accessing a
class as an attribute of this package imports all.
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from dam.models.base_class import Base as Base
from dam.models.base_component import BaseComponent as BaseComponent


@cache
def all_models() -> dict[str, type[Base]]:
    """Import all tables; return them by class name, sorted."""
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        importlib.import_module(module.name)
    return dict(sorted((mapper.class_.__name__, mapper.class_) for mapper in Base.registry.mappers))


def component_classes() -> list[type[BaseComponent]]:
    """Return all component classes, sorted by component name."""
    classes = [table for table in all_models().values() if issubclass(table, BaseComponent)]
    return sorted(classes, key=lambda component: component.component_name())


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted({"Base", "BaseComponent", *all_models()})
    try:
        return all_models()[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *all_models()})
