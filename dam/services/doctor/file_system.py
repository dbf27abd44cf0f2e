"""What is known of the file system of a path, without writing to it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dam.services.doctor.check import Check, fail, ok, warn

NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "lustre", "beegfs", "vboxsf", "prl_fs", "davfs"}
LOCAL_LOCKS = ("nolock", "local_lock=all", "local_lock=flock", "nobrl")
"""Options of a mount with which a lock is not seen by other machines."""

FULL, NEARLY_FULL = 50_000_000, 1_000_000_000
FEW_INODES = 1000


@dataclass(frozen=True)
class Mount:
    """A mounted file system."""

    place: str
    kind: str
    options: frozenset[str]

    @property
    def is_network(self) -> bool:
        """Whether other machines may have it, too; `fuse.sshfs` and the like count."""
        return self.kind in NETWORK or self.kind.startswith("fuse.")


def existing(path: Path) -> Path:
    """Return a path, or the nearest folder above that exists."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def mount_of(path: Path) -> Mount | None:
    """Return the mount that a path is on; None where the system does not tell."""
    real = os.path.realpath(path)
    found = None
    with suppress(OSError), open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        for row in table:  # a later mount hides an earlier one at the same place
            left, _, right = row.partition(" - ")
            place = left.split()[4].encode("latin-1", "replace").decode("unicode_escape")
            inside = real == place or real.startswith(place.rstrip("/") + "/")
            if inside and (found is None or len(place) >= len(found.place)):
                kind, _, more = right.split(maxsplit=2)
                found = Mount(place, kind, frozenset([*left.split()[5].split(","), *more.strip().split(",")]))
    return found


def check_file_system(name: str, path: Path, *, has_database: bool) -> Iterator[Check]:
    """Yield what is known of the file system that a folder of the library is on, or will be."""
    there = existing(path)
    mount = mount_of(there)
    if mount is None:
        return
    where = f"{there} is on {mount.kind}"
    if mount.is_network and mount.options & set(LOCAL_LOCKS):
        yield fail(f"{name} file system", f"{where}, mounted so that locks are local", "mount it with locks")
    elif mount.is_network and has_database:
        yield warn(f"{name} file system", where, "SQLite needs a local disk: move the database, or use PostgreSQL")
    elif mount.is_network:
        yield warn(f"{name} file system", where, "add files from one machine at a time: flock may be local")
    else:
        yield ok(f"{name} file system", where)
    if "ro" in mount.options:
        yield warn(f"{name} access", f"{mount.place} is mounted read-only", "nothing can be added: mount it writable")


def check_space(name: str, path: Path) -> Iterator[Check]:
    """Yield how much room a file system has."""
    there = existing(path)
    free = shutil.disk_usage(there).free
    inodes = os.statvfs(there)
    text = f"{free / 1e9:.1f} GB free at {there}"
    if free < FULL or (inodes.f_files and inodes.f_favail < FEW_INODES):
        yield fail(f"{name} space", f"{text}, {inodes.f_favail} inodes", "free some: nothing can be added")
    elif free < NEARLY_FULL:
        yield warn(f"{name} space", text, "free some before you add files")
    else:
        yield ok(f"{name} space", text)


def check_rights(name: str, path: Path, *, is_writable: bool = True) -> Iterator[Check]:
    """Yield who can read and write an existing file or folder of the library."""
    state = path.stat()
    others = state.st_mode & 0o077
    if others & 0o022:
        yield fail(f"{name} mode", f"others can write to {path} ({state.st_mode & 0o777:o})", f"chmod go-w {path}")
    elif others:
        yield warn(f"{name} mode", f"others can read {path} ({state.st_mode & 0o777:o})", f"chmod go-rwx {path}")
    if hasattr(os, "geteuid") and state.st_uid != os.geteuid():
        yield warn(f"{name} owner", f"{path} belongs to user {state.st_uid}", "run dam as that user")
    if is_writable and not os.access(path, os.W_OK):
        yield warn(f"{name} access", f"no permission to write to {path}", "only reading commands work")
