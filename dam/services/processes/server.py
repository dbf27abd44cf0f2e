"""The server from which workers are forked. It has only imported the modules that they need.

Workers start quickly, and do not inherit the database connections and threads of this process.
"""

import atexit
import contextlib
import multiprocessing
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dam.core.interrupts import blocked
from dam.storage.staging_area import lock_folder, sweep_folder

PRELOADED = ["dam.cli", "dam.services.ingest.preloaded"]

START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"

PREFIX = "dam-workers-"
"""Begin of the names of temporary folders, which their owners lock while they live."""
MAX_FOLDER_BYTES = 64
"""Maximum length of the path of a folder for temporary folders: the address of a socket has at most 108 bytes."""


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
    """Create and lock a temporary folder for multiprocessing; remove those of killed processes."""
    if _Own.lock is not None or sys.platform == "win32":
        return
    for parent in _parents():
        sweep_temporary_folders(parent)
        with contextlib.suppress(OSError):
            while _Own.lock is None:  # another process may sweep the folder before it is locked
                own = tempfile.mkdtemp(prefix=PREFIX, dir=parent)
                _Own.lock = lock_folder(Path(own))
            multiprocessing.current_process()._config["tempdir"] = own  # type: ignore[attr-defined]  # noqa: SLF001
            atexit.register(_remove, own, os.getpid())
            return


def _parents() -> Iterator[Path]:
    """Yield the folders for temporary folders whose paths are short enough for a socket: the user's, then others."""
    parents = [os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp", "/dev/shm"]  # noqa: S108  made by mkdtemp
    with contextlib.suppress(FileNotFoundError):  # there is none that can be written to
        parents.insert(0, tempfile.gettempdir())
    yield from (Path(parent) for parent in parents if 0 < len(os.fsencode(parent)) <= MAX_FOLDER_BYTES)


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # not a fork
        shutil.rmtree(folder, ignore_errors=True)


def sweep_temporary_folders(parent: Path) -> None:
    """Remove the temporary folders in `parent` whose owners, processes of this user, were killed."""
    with contextlib.suppress(OSError):
        for folder in parent.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                status = folder.lstat()
                if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                    sweep_folder(folder)


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
