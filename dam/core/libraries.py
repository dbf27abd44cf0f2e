"""The libraries that the user has named, in a configuration file.

default = "photos"

[libraries]
photos = "/mnt/photos/dam.sqlite3"
studio = { database = "postgresql://ana@server/dam", store = "/mnt/studio/store" }
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from dam.core.errors import DamError, UsageError

DATABASE_NAME = "dam.sqlite3"


@dataclass(frozen=True)
class NamedLibrary:
    """Where a library is: the URL of its database, and its store unless that is beside the SQLite file."""

    url: str
    store: Path | None = None


@dataclass(frozen=True)
class Libraries:
    """The configuration file: the libraries by name, and the name of the default one."""

    named: Mapping[str, NamedLibrary]
    default: str | None = None


def config_path() -> Path:
    """Return the path of the user's configuration file, which need not exist."""
    try:
        return Path(platformdirs.user_config_dir("dam", appauthor=False)) / "config.toml"
    except RuntimeError as exc:
        raise UsageError("there is no configuration file: you have no home directory (set HOME)") from exc


def read_libraries() -> Libraries:
    """Read the configuration file; one that is not there names no libraries.

    Raises:
        DamError: it cannot be read.
        UsageError: it has something other than libraries.

    """
    try:
        path = config_path()
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, UsageError):
        return Libraries({})
    except OSError as exc:
        raise DamError(f"{path}: {exc.strerror}") from exc
    import tomllib  # noqa: PLC0415  most users have no such file

    try:
        return _checked(tomllib.loads(content.decode()))
    except ValueError as exc:
        raise UsageError(f"{path}: {exc}") from exc


def find_library(name: str) -> NamedLibrary:
    """Return the library of a name in the configuration file, or that of a SQLite file or its folder.

    Raises:
        UsageError: there is no such name, and what is given is no path.

    """
    known = read_libraries().named
    if name in known:
        return known[name]
    if "://" in name:
        return NamedLibrary(name)
    path = Path(name).expanduser()
    if os.sep not in name and not path.exists():
        listed = f"it names {', '.join(sorted(known))}" if known else "it names none"
        raise UsageError(f"there is no library {name!r} in {config_path()} ({listed}), and no such file or folder")
    return _at(path)


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file; `%` and `?` mean something in a URL."""
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def _at(path: Path) -> NamedLibrary:
    """Return the library of a SQLite file, or of the folder that has it."""
    is_file = path.is_file() or (not path.exists() and path.suffix in (".sqlite3", ".sqlite", ".db"))
    return NamedLibrary(sqlite_url((path if is_file else path / DATABASE_NAME).absolute()))


def _checked(content: Mapping[str, Any]) -> Libraries:
    """Return what a configuration file says; ValueError says what is wrong."""
    if unknown := content.keys() - {"default", "libraries"}:
        raise ValueError(f"unknown setting {min(unknown)!r}: it has [libraries] and default")
    libraries, default = content.get("libraries", {}), content.get("default")
    if not isinstance(libraries, dict):
        raise ValueError("libraries is no table")  # noqa: TRY004  the user's file, no fault of the program
    named = {name: _library(name, value) for name, value in libraries.items()}
    if default is not None and default not in named:
        raise ValueError(f"the default {default!r} is none of the libraries")
    return Libraries(named, default)


def _library(name: str, value: Any) -> NamedLibrary:
    if not name or os.sep in name or not name.isprintable():
        raise ValueError(f"{name!r} is no name for a library: it would be taken for a path")
    entry = {"database": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or not entry.keys() <= {"database", "store"} or "database" not in entry:
        raise ValueError(f'library {name}: give the path of its database, or {{ database = "…", store = "…" }}')
    if not all(isinstance(each, str) for each in entry.values()):
        raise ValueError(f"library {name}: database and store are texts")
    store = _absolute(name, entry["store"]) if "store" in entry else None
    if "://" in entry["database"]:
        return NamedLibrary(entry["database"], store)
    return NamedLibrary(_at(_absolute(name, entry["database"])).url, store)


def _absolute(name: str, text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError(f"library {name}: {text!r} is relative; give an absolute path")
    return path
