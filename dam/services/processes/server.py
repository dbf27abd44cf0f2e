"""The server from which workers are forked. It has only imported the modules that they need.

Workers start quickly, and do not inherit the database connections and threads of this process.
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
"""A file of this name marks a temporary folder of multiprocessing whose owner locks it while it is alive."""


def start_server() -> None:
    """Start the server, which imports modules in the background."""
    if START_METHOD == "forkserver":
        from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415  not on Windows

        multiprocessing.get_context(START_METHOD).set_forkserver_preload(PRELOADED)
        with contextlib.suppress(OSError):  # then no worker can be started either, which the pool reports
            _own_temporary_folder()
            resource_tracker.ensure_running()  # it unblocks the signal that it has blocked
            with blocked():  # it must ignore Ctrl-C from its first import on, as workers do
                forkserver.ensure_running()


class _Own:
    """The lock on the temporary folder of this process, which contains the socket of its server."""

    lock: int | None = None


def _own_temporary_folder() -> None:
    """Create and lock the temporary folder of multiprocessing; remove those of killed processes."""
    if _Own.lock is not None or sys.platform == "win32":
        return
    from multiprocessing.util import get_temp_dir  # noqa: PLC0415  only here

    sweep_temporary_folders(Path(tempfile.gettempdir()))
    own = Path(get_temp_dir())  # multiprocessing removes it when this process ends normally
    _Own.lock = lock_folder(own)
    (own / OWNED).touch()


def sweep_temporary_folders(parent: Path) -> None:
    """Remove the temporary folders in `parent` whose owners, processes of this user, were killed."""
    with contextlib.suppress(OSError):
        for folder in parent.glob("pymp-*"):
            with contextlib.suppress(OSError):
                if (folder / OWNED).stat().st_uid == os.geteuid():
                    sweep_folder(folder)


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
