"""The server that workers are forked from. Imports little: it is started before all else."""

import multiprocessing
import os
import signal
from contextlib import suppress

# A worker is forked from a server that has only imported what workers need: it starts at once, and has neither
# the database's connections nor the threads of this process, which a fork of this process would inherit.
START_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def start_server() -> None:
    """Begin importing what workers need, while this process goes on to import what it needs itself."""
    if START_METHOD == "forkserver":
        from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415  not on Windows

        multiprocessing.get_context(START_METHOD).set_forkserver_preload(["dam.cli", "dam.services.ingest.preloaded"])
        with suppress(OSError):  # then no worker can be started either: the pool says so
            resource_tracker.ensure_running()  # it unblocks the signal that it has blocked
            before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            try:
                forkserver.ensure_running()  # deaf to Ctrl-C from its first import on, as workers are
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)


def default_jobs() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
