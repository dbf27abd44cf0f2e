"""Describe a library: location, size and versions."""

import platform
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import func, select

from dam.core.schema import head_revision
from dam.models.entity import Entity
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.trashed_component import TrashedComponent
from dam.services.library import Library
from dam.version import __version__

PACKAGES = ("sqlalchemy", "pillow", "imagehash", "numpy", "psycopg")


@dataclass(frozen=True)
class Info:
    """A description of a library. In `versions`, None means not installed."""

    library_id: str
    database_url: str
    storage_path: str
    entities: int
    """Number of assets, without those in the trash."""
    bytes: int
    trashed: int
    """Number of assets in the trash."""
    trashed_bytes: int
    schema_revision: str
    versions: dict[str, str | None]


def describe(library: Library) -> Info:
    """Return the location, size and schema of a library, and the versions of its software."""
    with library.read() as session:
        entities = session.scalar(select(func.count(Entity.id))) or 0
        size_of_all = select(func.sum(FilePropertiesComponent.file_size_bytes))
        size = int(session.scalar(size_of_all) or 0)
        trashed = session.scalar(select(func.count(TrashedComponent.id))) or 0
        trash = size_of_all.join(TrashedComponent, TrashedComponent.entity_id == FilePropertiesComponent.entity_id)
        trashed_bytes = int(session.scalar(trash) or 0) if trashed else 0
    return Info(
        library_id=library.id,
        database_url=library.engine.url.render_as_string(hide_password=True),
        storage_path=str(library.store.root or library.store.storage_type),
        entities=entities - trashed,
        bytes=size - trashed_bytes,
        trashed=trashed,
        trashed_bytes=trashed_bytes,
        schema_revision=head_revision(),
        versions=versions(),
    )


def versions() -> dict[str, str | None]:
    """Return the versions of the program and of its main dependencies."""
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
