"""What is made once in a process and then used by all its tests: compiled statements and the tree of the commands.

A test has an engine of its own, which would compile each statement anew: a tenth of the time of all tests.
"""

from functools import cache
from typing import Any

import sqlalchemy
import typer.main
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from dam.core import database

STATEMENTS: LRUCache[Any, Any] = LRUCache(8192)


def share() -> None:
    """Let all engines for one kind of database share their compiled statements, and all calls of `app` its commands.

    The dialect is a part of the key; those of a kind are set up alike.
    """
    vars_of_dialect: Any = DefaultDialect
    vars_of_dialect.__eq__ = lambda self, other: type(self) is type(other)
    vars_of_dialect.__hash__ = lambda self: hash(type(self))
    modules: tuple[Any, Any] = database, typer.main
    modules[0].create_engine = _create_engine
    modules[1].get_command = cache(typer.main.get_command)


def _create_engine(url: str, **options: Any) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(url, execution_options={"compiled_cache": STATEMENTS}, **options)
