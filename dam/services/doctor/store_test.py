"""Try on the disk of a store what the store relies on, in a temporary folder that is removed afterwards."""

import errno
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from dam.core.durable import flush
from dam.core.errors import CannotShareError
from dam.services.doctor.check import Check, fail, ok, warn
from dam.storage.flushing import flush_file_system
from dam.storage.local import MARKER, TEMPORARY
from dam.storage.local_staging import share
from dam.storage.modes import Mode
from dam.storage.staging_area import StagingArea

SIZE = 4 * 1024 * 1024
HOLE = 5 * 1024**3
"""More than FAT can hold in a file."""

READ_ONLY = 0o400
MAX_SKEW_SECONDS = 2.0
LOCKED, FREE = 10, 11
TRY_LOCK = f"""
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        getattr(fcntl, sys.argv[2])(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        sys.exit({LOCKED})
sys.exit({FREE})
"""

Test = Callable[[Path], Check]


def check_on_disk(root: Path) -> Iterator[Check]:
    """Yield the results of all tests; OSError where not even a folder can be made."""
    if not (root / MARKER).is_file():
        yield fail("store test", f"{root} is no store: nothing was written", "dam-cli setup-db, or mount it")
        return
    area = StagingArea(root / TEMPORARY)
    try:
        shares = []
        for test in TESTS:
            yield _run(test, area.files)
        for mode in (Mode.HARDLINK, Mode.REFLINK):
            check, works = _check_sharing(area.files, mode)
            yield check
            shares += [mode.value] if works else []
        yield ok("modes of add-asset", ", ".join(["copy", "move", "reference", "auto", *shares]) + " work here")
    finally:
        area.close()


def _run(test: Test, folder: Path) -> Check:
    name = test.__name__.removeprefix("_").replace("_", " ")
    try:
        return test(folder)
    except OSError as exc:
        return fail(name, exc.strerror or str(exc), "this file system cannot hold a store: choose another disk")


def _written_and_read_back(folder: Path) -> Check:
    path, content = folder / "content", os.urandom(SIZE)
    path.write_bytes(content)
    flush(path)
    flush(folder)
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):  # read what is on the disk, not what the system keeps of it
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        found = hashlib.file_digest(file, "sha256").digest()
    if found != hashlib.sha256(content).digest():
        return fail("written and read back", "what was read is not what was written", "replace the disk or the memory")
    return ok("written and read back", f"{SIZE >> 20} MB, flushed")


def _flushed_together(folder: Path) -> Check:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if flush_file_system(descriptor):
            return ok("flushed together", "syncfs reports errors")
    finally:
        os.close(descriptor)
    return ok("flushed together", "not available: every file is flushed alone, which is slower")


def _renamed_over_another(folder: Path) -> Check:
    (folder / "old").write_text("old")
    (folder / "new").write_text("new")
    os.replace(folder / "new", folder / "old")
    if (folder / "old").read_text() != "new":
        return fail("renamed over another", "the old content is there", "choose another disk")
    return ok("renamed over another", "at once")


def _linked_without_overwriting(folder: Path) -> Check:
    for name in ("taken", "other"):
        (folder / name).write_text(name)
    try:
        os.link(folder / "other", folder / "taken")
    except FileExistsError:
        return ok("linked without overwriting", "refused where the name is taken")
    except OSError as exc:
        return warn("linked without overwriting", exc.strerror or str(exc), "backups and quarantine use renames")
    return fail("linked without overwriting", "a taken name was overwritten", "choose another disk")


def _read_only_modes(folder: Path) -> Check:
    path = folder / "mode"
    path.touch(0o600)
    path.chmod(READ_ONLY)
    if path.stat().st_mode & 0o777 != READ_ONLY:
        return warn("read-only modes", "the file system keeps no modes", "others may read and change the store")
    return ok("read-only modes", "kept")


def _locks(folder: Path) -> Check:
    """Both kinds, as another process sees them: the store's own, and SQLite's."""
    for kind in ("flock", "lockf"):
        with (folder / kind).open("w+b") as file:
            try:
                getattr(fcntl, kind)(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as exc:
                return fail("locks", f"{kind}: {exc.strerror}", "mount the file system with locks")
            command = [sys.executable, "-c", TRY_LOCK, str(folder / kind), kind]
            if subprocess.run(command, check=False, timeout=60).returncode != LOCKED:
                return fail("locks", f"{kind}: two processes get the same lock", "mount the file system with locks")
    return ok("locks", "one process at a time")


def _names(folder: Path) -> Check:
    names = [b"n" * 255, "é".encode(), "e\u0301".encode(), b"not-utf-8-\xff", b"Case", b"case", b"line\nbreak"]
    place = os.fsencode(folder / "names")
    os.mkdir(place)
    refused = []
    for name in names:
        try:
            os.close(os.open(place + b"/" + name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        except OSError:
            refused.append(name)
    lost = set(names) - set(refused) - set(os.listdir(place))
    if refused or lost:
        told = ", ".join(repr(name[:20]) for name in [*refused, *sorted(lost)])
        return warn("names", f"not every name can be had: {told}", "blobs are not affected; a copied source may be")
    return ok("names", "long ones, any bytes, upper and lower case, composed and decomposed")


def _large_and_sparse(folder: Path) -> Check:
    path = folder / "sparse"
    try:
        with path.open("wb") as file:
            file.truncate(HOLE)
        blocks = path.stat().st_blocks * 512
    except OSError as exc:
        if exc.errno not in (errno.EFBIG, errno.EINVAL, errno.ENOSPC):
            raise
        return warn("large and sparse", f"no files of {HOLE >> 30} GiB", "larger files cannot be stored here")
    finally:
        with suppress(OSError):
            path.unlink()
    return ok("large and sparse", f"files of {HOLE >> 30} GiB" + ("" if blocks >= HOLE else ", holes take no space"))


def _clock(folder: Path) -> Check:
    path = folder / "clock"
    before = time.time()
    path.touch()
    state = path.stat()
    skew = max(before - state.st_mtime, state.st_mtime - time.time())
    if skew > MAX_SKEW_SECONDS:
        return warn("clock of the file system", f"{skew:.0f} s off this machine's", "set both clocks (NTP)")
    os.utime(path, ns=(123_456_789, 123_456_789))
    unit = "nanoseconds" if path.stat().st_mtime_ns == 123_456_789 else "coarser units than nanoseconds"  # noqa: PLR2004
    return ok("clock of the file system", f"as this machine's, times in {unit}")


TESTS: tuple[Test, ...] = (
    _written_and_read_back,
    _flushed_together,
    _renamed_over_another,
    _linked_without_overwriting,
    _read_only_modes,
    _locks,
    _names,
    _large_and_sparse,
    _clock,
)


def _check_sharing(folder: Path, mode: Mode) -> tuple[Check, bool]:
    source, target = folder / f"source-{mode.value}", folder / f"shared-{mode.value}"
    source.write_bytes(b"shared" * 1000)
    try:
        share(str(source), str(target), mode)
    except CannotShareError as exc:
        reason = exc.__cause__.strerror if isinstance(exc.__cause__, OSError) else str(exc)
        return ok(mode.value, f"not possible here: {reason}"), False
    if target.read_bytes() != source.read_bytes():
        return fail(mode.value, "what is shared differs from its source", "choose another disk"), False
    return ok(mode.value, "possible from the same file system"), True
