"""The settings and the process: where values come from, folders that are missing, limits of workers, the clock."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dam.core.config import ENV_FILE, PLACE, Settings, setting_origins
from dam.core.errors import DamError
from dam.services.doctor.check import Check, fail, ok, warn
from dam.services.doctor.file_system import check_space
from dam.services.processes.isolated import run_isolated
from dam.services.processes.limits import Limits, time_limit
from dam.services.processes.request import Request

MAX_SKEW_SECONDS = 2.0


@dataclass(frozen=True)
class _Probe(Request[str | None]):
    """Asks a worker whether it runs."""

    path: str = os.devnull
    size: int = 0

    def run(self) -> str | None:
        with time_limit():
            return None

    def give_up(self, reason: str) -> str | None:
        return reason


def check_settings() -> Iterator[Check]:
    """Yield where each setting comes from."""
    for name, origin in setting_origins().items():
        if origin == "default":
            continue
        if name in PLACE and Path(origin).name == ENV_FILE:
            advice = f"if that file is of another project, set {name} in the environment"
            yield warn(f"setting {name}", f"from {origin}", advice)
        else:
            yield ok(f"setting {name}", f"from {origin if origin != 'environment' else 'the environment'}")


def check_folders() -> Iterator[Check]:
    """Yield whether the folders are there that the process stands on."""
    try:
        os.getcwd()
    except OSError:
        yield fail("working directory", "it was removed", "change to another one: cd")
    wanted = os.environ.get("TMPDIR")
    try:
        used = tempfile.gettempdir()
    except OSError:
        yield fail("temporary folder", "there is none that can be written", "set TMPDIR to a folder that can be")
        return
    if wanted and Path(wanted).absolute() != Path(used).absolute():
        yield warn("temporary folder", f"TMPDIR is {wanted}, which cannot be used; {used} is", "correct TMPDIR")
    yield from check_space("temporary folder", Path(used))


def check_workers(settings: Settings) -> Iterator[Check]:
    """Yield whether worker processes start within their limits."""
    megabytes = settings.DAM_WORKER_MEMORY_MB
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  not on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard != resource.RLIM_INFINITY and hard < megabytes << 20:
            yield warn(
                "worker memory", f"ulimit -v is {hard >> 20} MB, DAM_WORKER_MEMORY_MB {megabytes}", "raise ulimit -v"
            )
    try:
        problem = run_isolated(_Probe(), Limits(settings.DAM_DECODE_SECONDS, megabytes << 20))
    except (DamError, OSError, MemoryError, ValueError) as exc:
        problem = str(exc) or type(exc).__name__
    if problem:
        yield fail("workers", problem, "files cannot be decoded: raise the limits of processes and memory (ulimit -a)")
    else:
        yield ok("workers", f"start; {settings.DAM_DECODE_SECONDS} s and {megabytes} MB for each file")


def check_clock(paths: list[Path]) -> Iterator[Check]:
    """Yield whether the clock is behind the files that dam has written."""
    now = time.time()
    ahead = max((path.stat().st_mtime - now for path in paths if path.exists()), default=0.0)
    if ahead > MAX_SKEW_SECONDS:
        yield warn("clock", f"it is {ahead:.0f} s behind the newest file of the library", "set the clock (NTP)")
    else:
        yield ok("clock", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))
