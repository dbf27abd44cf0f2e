"""The server that workers are forked from: it has only imported what they need.

A worker starts at once, and has neither the database's connections nor the threads of this process, which a fork of
this process would inherit.
"""

import contextlib
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

from dam.core.interrupts import blocked
from dam.storage.staging_area import lock_folder, sweep_folder

PRELOADED = ["dam.cli", "dam.services.ingest.preloaded"]

START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"

OWNED = "of-dam"
"""A file with this name in a temporary folder of multiprocessing: the folder's owner holds a lock while it lives."""


def start_server() -> None:
    """Begin importing what workers need, while this process does other things."""
    if START_METHOD == "forkserver":
        from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415  not on Windows

        multiprocessing.get_context(START_METHOD).set_forkserver_preload(PRELOADED)
        with contextlib.suppress(OSError):  # then no worker can be started either: the pool says so
            _own_temporary_folder()
            resource_tracker.ensure_running()  # it unblocks the signal that it has blocked
            with blocked():  # deaf to Ctrl-C from its first import on, as workers are
                forkserver.ensure_running()


class _Own:
    """The temporary folder of this process, for the socket of its server."""

    lock: int | None = None


def _own_temporary_folder() -> None:
    """Have multiprocessing make its temporary folder, and lock it; sweep those of processes that were killed."""
    if _Own.lock is not None or sys.platform == "win32":
        return
    from multiprocessing.util import get_temp_dir  # noqa: PLC0415  only here

    sweep_temporary_folders(Path(tempfile.gettempdir()))
    own = Path(get_temp_dir())  # it removes it when this process ends in order
    _Own.lock = lock_folder(own)
    (own / OWNED).touch()


def sweep_temporary_folders(parent: Path) -> None:
    """Remove the temporary folders in `parent` whose owners, this user's, were killed."""
    with contextlib.suppress(OSError):
        for folder in parent.glob("pymp-*"):
            with contextlib.suppress(OSError):
                if (folder / OWNED).stat().st_uid == os.geteuid():
                    sweep_folder(folder)


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
