"""Where the library is, what it holds, and the versions that matter."""

import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import func, select

from dam.core.schema import head_revision
from dam.models.entity import Entity
from dam.models.file_properties_component import FilePropertiesComponent
from dam.services.library import Library
from dam.version import __version__

PACKAGES = ("sqlalchemy", "pillow", "imagehash", "numpy", "psycopg")


@dataclass(frozen=True)
class Info:
    """A description of a library. `versions` has None for what is not installed."""

    library_id: str
    database_url: str
    storage_path: str
    entities: int
    bytes: int
    schema_revision: str
    versions: dict[str, str | None]


def describe(library: Library) -> Info:
    """Describe a library."""
    with library.read() as session:
        entities = session.scalar(select(func.count(Entity.id))) or 0
        size = int(session.scalar(select(func.sum(FilePropertiesComponent.file_size_bytes))) or 0)
    return Info(
        library_id=library.id,
        database_url=library.engine.url.render_as_string(hide_password=True),
        storage_path=str(library.store.root or library.store.storage_type),
        entities=entities,
        bytes=size,
        schema_revision=head_revision(),
        versions=versions(),
    )


def versions() -> dict[str, str | None]:
    """Return the versions of the program and of what it stands on."""
    found: dict[str, str | None] = {
        "dam": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
