"""All checks of an installation and of the configured library, in the order in which a user wants to read them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dam.core.config import Settings, load_settings
from dam.core.errors import DamError, UsageError
from dam.services.doctor.check import Check, fail
from dam.services.doctor.database import check_database, library_id
from dam.services.doctor.store import check_store
from dam.services.doctor.store_test import check_on_disk
from dam.services.doctor.surroundings import check_clock, check_folders, check_settings, check_workers
from dam.services.doctor.versions import check_extras, check_owner, check_versions


def examine(*, test_store: bool = False) -> Iterator[Check]:
    """Yield the checks, each as soon as it is done. Needs no library, and writes nothing without `test_store`."""
    yield from _guarded("versions", check_versions())
    yield from _guarded("extras", check_extras())
    yield from _guarded("user", check_owner())
    yield from _guarded("folders", check_folders())
    try:
        settings = load_settings()
    except (UsageError, OSError) as exc:
        yield fail("settings", str(exc), "correct the environment or .env; .env.example explains each setting")
        return
    yield from _guarded("settings", check_settings())
    yield from _guarded("workers", check_workers(settings))
    yield from _guarded("database", check_database(settings))
    root = settings.ASSET_STORAGE_PATH
    yield from _guarded("store", check_store(root, library_id(settings)))
    yield from _guarded("clock", check_clock(_written(settings)))
    if test_store:
        yield from _guarded("store test", check_on_disk(root))


def _written(settings: Settings) -> list[Path]:
    return [settings.ASSET_STORAGE_PATH, *([settings.sqlite_path] if settings.sqlite_path else [])]


def _guarded(name: str, checks: Iterable[Check]) -> Iterator[Check]:
    """Turn what a check stumbles over into its result: the other checks go on."""
    try:
        yield from checks
    except DamError as exc:
        yield fail(name, str(exc), "see the message")
    except OSError as exc:
        yield fail(name, f"{exc.filename or name}: {exc.strerror or exc}", "correct the permissions, or the disk")
