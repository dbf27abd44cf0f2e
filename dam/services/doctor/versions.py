"""The versions of what dam runs on, and which media it can decode."""

import os
import platform
import sqlite3
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import dam.media.sample  # noqa: F401  it imports what registers the obstacles
from dam.core.database import WAL_IS_SAFE_SINCE, journal_mode
from dam.media.obstacle import registered_obstacle
from dam.services.doctor.check import Check, fail, ok, warn

MIN_SQLITE = (3, 35, 0)
"""The first that can drop a column, as migrations do."""

MIN_VERSIONS = {"pillow": (12, 3), "numpy": (2, 0), "sqlalchemy": (2, 1)}
"""The oldest versions without faults that are known to matter; those of `pyproject.toml`."""

EXAMPLES = {
    "image": "image/jpeg",
    "heic": "image/heic",
    "jxl": "image/jxl",
    "raw": "image/x-canon-cr2",
    "svg": "image/svg+xml",
    "video": "video/mp4",
    "audio": "audio/mpeg",
    "documents": "application/pdf",
}
"""A media type that needs each extra."""


def check_versions() -> Iterator[Check]:
    """Yield what is known of the versions in use."""
    yield ok("python", f"{platform.python_version()} on {platform.system()} {platform.release()}")
    found = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        yield fail("sqlite", f"SQLite {found} is too old", "use a Python with SQLite 3.35 or newer")
    elif sqlite3.sqlite_version_info < WAL_IS_SAFE_SINCE:
        yield ok(
            "sqlite",
            f"{found}; its write-ahead log can corrupt a database, so dam uses the journal mode {journal_mode()}, in "
            "which a writer waits for readers",
        )
    else:
        yield ok("sqlite", f"{found}, journal mode {journal_mode()}")
    for package, oldest in MIN_VERSIONS.items():
        if check := _check_package(package, oldest):
            yield check


def _check_package(package: str, oldest: tuple[int, ...]) -> Check | None:
    try:
        found = version(package)
    except PackageNotFoundError:
        return None
    parts = tuple(int(part) for part in found.split(".")[: len(oldest)] if part.isdigit())
    if parts < oldest:
        wanted = ".".join(map(str, oldest))
        return warn(package, f"{found} has known faults", f"pip install '{package}>={wanted}'")
    return ok(package, found)


def check_extras() -> Iterator[Check]:
    """Yield which media can be decoded here."""
    for extra, media_type in EXAMPLES.items():
        obstacle = registered_obstacle(media_type)
        if obstacle is None:
            yield ok(f"extra {extra}", "installed")
        else:
            yield warn(f"extra {extra}", "not installed, or incomplete", str(obstacle))


def check_owner() -> Iterator[Check]:
    """Yield whether the program has more rights than it needs."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        yield warn("user", "root, for whom permissions do not count", "run dam as the user who owns the library")
