"""What the systems declare, read from their source: importing them maps the tables of all components.

That takes a fifth of the time of a short command, which only asks whether assets are up to date.
"""

import ast
import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import dam.systems
from dam.media.kinds import Kind


@dataclass(frozen=True)
class Declaration:
    """The part of a system's declaration that decides for which assets it is due."""

    name: str
    version: int
    kinds: frozenset[Kind]
    on_request: bool = False

    @property
    def label(self) -> str:
        """Name and version, such as `image_ahash@1`."""
        return f"{self.name}@{self.version}"


@cache
def declarations() -> tuple[Declaration, ...]:
    """Return what all systems declare, sorted by name."""
    modules = (module.name for module in pkgutil.iter_modules(dam.systems.__path__, f"{dam.systems.__name__}."))
    found = (declaration for module in modules for declaration in declarations_in(module))
    return tuple(sorted(found, key=lambda declaration: declaration.name))


def declarations_in(module: str) -> list[Declaration]:
    """Return what the systems of a module declare. The module is imported only if its source is not plain."""
    try:
        return read_declarations(_source(module))
    except (ValueError, SyntaxError):
        from dam.systems.system import systems_in  # noqa: PLC0415  brings the tables

        systems = systems_in(importlib.import_module(module))
        return [
            Declaration(system.name, system.version, frozenset(system.kinds), system.on_request) for system in systems
        ]


def read_declarations(source: bytes) -> list[Declaration]:
    """Return the declarations in the source of a module.

    Raises:
        ValueError: there are none, or they are not in the form `@system(kinds={Kind.IMAGE}, version=1, …)`.

    """
    functions = (each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef))
    decorated = [(function.name, each) for function in functions for each in function.decorator_list]
    if not decorated:
        raise ValueError("no declaration")
    return [_declaration(name, decorator) for name, decorator in decorated]


def _declaration(name: str, decorator: ast.expr) -> Declaration:
    match decorator:
        case ast.Call(func=ast.Name(id="system"), keywords=keywords):
            values = {keyword.arg: keyword.value for keyword in keywords}
        case _:
            raise ValueError("another decorator")
    match values.get("kinds"), values.get("version"), values.get("on_request", ast.Constant(value=False)):
        case ast.Set(elts=kinds), ast.Constant(value=int(version)), ast.Constant(value=bool(on_request)):
            return Declaration(name, version, frozenset(map(_kind, kinds)), on_request)
        case _:
            raise ValueError("kinds, version or on_request are not literals")


def _kind(value: ast.expr) -> Kind:
    match value:
        case ast.Attribute(value=ast.Name(id="Kind"), attr=attribute) if attribute in Kind.__members__:
            return Kind[attribute]
        case _:
            raise ValueError("not a kind")


def _source(module: str) -> bytes:
    spec = find_spec(module)
    try:
        with open(spec.origin if spec and spec.origin else "", "rb") as file:
            return file.read()
    except OSError as exc:
        raise ValueError("no source") from exc
