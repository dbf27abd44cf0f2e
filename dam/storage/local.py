"""A store in a folder of a local file system: the blob with digest abcd… is the file `ab/cd/abcd…`.

The order that makes a blob durable: temporary file in the same file system, write, fsync, read-only, rename, fsync of
the folders. `doc/store_format.md` describes what is on disk.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from dam.core import private
from dam.core.durable import flush, make_folder
from dam.core.errors import ForeignStoreError, StoreError
from dam.core.private import PRIVATE
from dam.storage import store_lock
from dam.storage.blob_store import StagedBlob, checked_key, is_key
from dam.storage.flaw import Flaw, FlawKind, file_flaw, open_regular
from dam.storage.flushing import flush_file_system
from dam.storage.local_layout import QUARANTINE
from dam.storage.local_manifest import LocalManifest
from dam.storage.local_staging import LocalStagedBlob, naming, share
from dam.storage.modes import Mode
from dam.storage.quarantine import keep_aside
from dam.storage.staging_area import StagingArea, oldest_begin, sweep

MARKER = "dam-library-id"
LINKS = "links"
MANIFEST = "manifest"
TEMPORARY = "tmp"
_NUMBERS = count()
FLUSH_TOGETHER = 8
"""From this many files on, one flush of the file system is faster than a flush of each file."""


class LocalBlobStore:
    """Blobs in files below `root`."""

    storage_type = "local_content_addressable"

    def __init__(self, root: Path, staging: str | None = None, umask: int = PRIVATE) -> None:
        self.root = root
        self._umask = umask
        self.manifest = LocalManifest(root / MANIFEST, umask)
        self._root = str(root)
        self._area: StagingArea | None = None
        self._staging = staging

    @property
    def umask(self) -> int:
        """What the store takes from the modes of its files and folders."""
        return self._umask

    def __reduce__(self) -> tuple[type["LocalBlobStore"], tuple[Path, str, int]]:
        """Pickle as a store to stage in; the temporary files of the copy go when this store is closed."""
        return LocalBlobStore, (self.root, self._staging_folder(), self._umask)

    def _staging_folder(self) -> str:
        if self._staging is None:
            with naming(self.root):
                self._area = StagingArea(self.root / TEMPORARY, self._umask)
            self._staging = str(self._area.files)
        return self._staging

    def _temporary(self) -> str:
        return f"{self._staging_folder()}{os.sep}{_process_token(os.getpid())}{next(_NUMBERS):x}"

    def sweep(self) -> None:
        """Remove the temporary files of processes that were killed."""
        sweep(self.root / TEMPORARY)

    def stage(self, key: str | None = None) -> StagedBlob:
        """Begin a blob in a temporary file; make the folder that it will be in."""
        if key is not None:
            folder = self._folder(key)
            with naming(folder):
                self._make_folder(folder)
        return LocalStagedBlob(self._temporary(), self._umask)

    def stage_shared(self, source: str, mode: Mode) -> StagedBlob:
        """Begin a blob that shares the bytes of a file instead of copying them; see `share`."""
        return share(source, self._temporary(), mode, self._umask)

    def publish(self, staged: Mapping[str, StagedBlob | None]) -> None:
        """Flush the temporary files, rename them to their places, and flush the folders."""
        targets = {key: self._place(key) for key in staged}
        if not staged:
            return
        temporary = {key: blob for key, blob in staged.items() if isinstance(blob, LocalStagedBlob)}
        for file in temporary.values():
            file.finish()
        self._flush([file.path for file in temporary.values() if not file.is_durable])
        links = {self._note_link(key) for key, file in temporary.items() if file.is_linked}
        for key, blob in staged.items():
            with naming(targets[key]):
                self._settle(key, targets[key], blob)
        lowest = {os.path.dirname(target) for target in targets.values()} | links
        self._flush([*lowest, *{os.path.dirname(folder) for folder in lowest}, self._root])

    def _flush(self, paths: Sequence[str]) -> None:
        """Make files or folders of the store durable: each, or all together if there are many."""
        with naming(self.root):
            if len(paths) >= FLUSH_TOGETHER:
                self._staging_folder()  # was opened before anything was written
                if self._area and flush_file_system(self._area.descriptor):
                    return
        for path in paths:
            with naming(path):
                flush(path)

    def _settle(self, key: str, target: str, blob: StagedBlob | None) -> None:
        if blob is None:
            if _size(target) is None:
                raise StoreError(f"{target}: the blob has gone from the store")
            return
        assert isinstance(blob, LocalStagedBlob)  # noqa: S101  publish takes what stage gave
        if not os.path.lexists(target):
            self._put(blob, target)
            return
        flaw = self._flaw_to_heal(key, blob)
        if flaw is None:
            blob.discard()
            return
        blob.healed = flaw.detail
        if flaw.is_damage:
            self._make_folder(str(self.root / QUARANTINE))
            keep_aside(self.root, Path(target))
        self._put(blob, target)
        if not blob.is_linked:
            with suppress(FileNotFoundError):
                os.unlink(self._link_note(key))

    def _flaw_to_heal(self, key: str, blob: LocalStagedBlob) -> Flaw | None:
        """Return why a staged blob takes the place of what is there. A copy replaces a link, on purpose or not."""
        try:
            flaw = file_flaw(self._place(key), blob.size, key, None)
        except OSError as exc:
            return Flaw(FlawKind.CONTENT, f"cannot be read: {exc.strerror or exc}")
        return None if flaw and self._is_excused(key, flaw, linking=blob.is_linked) else flaw

    def _put(self, blob: LocalStagedBlob, target: str) -> None:
        try:
            os.replace(blob.path, target)
        except FileNotFoundError:
            self._make_folder(os.path.dirname(target))
            os.replace(blob.path, target)
        if blob.is_linked:  # if both were names of one file, rename(2) has done nothing
            with suppress(FileNotFoundError):
                os.unlink(blob.path)

    def flaw(
        self, key: str, size: int, *, content: bool | bytes = False, apart_from: os.stat_result | None = None
    ) -> Flaw | None:
        """Return what is wrong with the blob's file, or None; see `dam.storage.flaw`."""
        place = self._place(key)
        with naming(place):
            flaw = file_flaw(place, size, key if content is True else content or None, apart_from)
            return None if flaw and self._is_excused(key, flaw, linking=apart_from is None) else flaw

    def _is_excused(self, key: str, flaw: Flaw, *, linking: bool) -> bool:
        """Return whether a flaw is none here: a link that the user made, or a file system that keeps no modes."""
        if flaw.kind not in (FlawKind.LINKED, FlawKind.WRITABLE):
            return False
        if linking and os.path.exists(self._link_note(key)):
            return True
        return flaw.kind is FlawKind.WRITABLE and not self._keeps_modes()

    def _keeps_modes(self) -> bool:
        """Return whether the file system can make a file read-only; some (NTFS, CIFS) show the same mode for all."""
        try:
            if not os.stat(self.root / MARKER).st_mode & 0o222:
                return True
            probe = LocalStagedBlob(self._temporary(), self._umask)
            probe.finish()
            mode = os.stat(probe.path).st_mode
            probe.discard()
        except (OSError, StoreError):  # it may be read-only
            return True
        return not mode & 0o222

    def _link_note(self, key: str) -> str:
        return f"{self._root}{os.sep}{LINKS}{os.sep}{key[:2]}{os.sep}{key}"

    def _note_link(self, key: str) -> str:
        """Remember that a blob is a hard link on purpose, before it is one; return the folder of the note."""
        note = self._link_note(key)
        with naming(note):
            self._make_folder(os.path.dirname(note))
            os.close(os.open(note, os.O_WRONLY | os.O_CREAT, 0o600))
        return os.path.dirname(note)

    def link_out(self, key: str, target: str) -> None:
        """Make a hard link to a blob outside the store, which counts as made on purpose; OSError if that fails."""
        flush(self._note_link(key))
        os.link(self._place(key), target, follow_symlinks=False)

    def size(self, key: str) -> int | None:
        """Return the size of the blob's file; None if there is none, or no file."""
        place = f"{self._root}{os.sep}{key[:2]}{os.sep}{key[2:4]}{os.sep}{checked_key(key)}"
        try:  # a check of known files spends its time here, so there are no more calls than needed
            return _size(place)
        except OSError:
            with naming(place):
                raise

    def open(self, key: str) -> BinaryIO:
        """Open the blob's file."""
        place = self._place(key)
        with naming(place):
            return open(open_regular(place), "rb")

    def path(self, key: str) -> Path | None:
        """Return the blob's file, or None."""
        return Path(self._place(key)) if self.size(key) is not None else None

    def file(self, key: str) -> Path:
        """Return the blob's file; StoreError when there is none."""
        path = self.path(key)
        if path is None:
            raise StoreError(f"the store at {self._place(key)}: {os.strerror(errno.ENOENT)}")
        return path

    def cache_folder(self) -> Path:
        """Return the store's own folder: a cache lies beside the blobs, in a folder with more than two letters."""
        return self.root

    def keys(self) -> Iterator[str]:
        """Yield the keys, folder by folder; files that are not blobs at their place are ignored."""
        for upper in _folders(self.root):
            for lower in _folders(upper):
                yield from (name for name in _names(lower) if is_key(name) and str(lower / name) == self._place(name))

    def unsettled_since(self) -> float | None:
        """Return when the oldest process that is storing blobs now began; None if there is none.

        What was published since then may get its owner yet: compare with `published_at`.
        """
        return oldest_begin(self.root / TEMPORARY)

    def published_at(self, key: str) -> float:
        """Return when a blob was published, by the clock of its file system; StoreError if it does not exist."""
        place = self._place(key)
        with naming(place):
            return os.stat(place).st_ctime

    def clock(self) -> float:
        """Return the time by the clock of the file system, which may be that of another machine."""
        place = self._temporary()
        with naming(place):
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                return os.fstat(descriptor).st_ctime
            finally:
                os.close(descriptor)
                os.unlink(place)

    def in_use(self) -> AbstractContextManager[None]:
        """Hold the shared lock of the store's folder."""
        return store_lock.shared(self.root)

    def alone(self) -> AbstractContextManager[None]:
        """Hold the exclusive lock of the store's folder."""
        return store_lock.exclusive(self.root)

    def remove(self, key: str) -> int:
        """Unlink a blob; a hard link to its source frees nothing.

        No flush: a blob that is there again after a power cut is removed by the next collection.
        """
        place = self._place(key)
        with naming(place):
            try:
                status = os.lstat(place)
                os.unlink(place)
            except FileNotFoundError:
                return 0
        return status.st_size if status.st_nlink == 1 else 0

    def close(self) -> None:
        """Remove this process's temporary files."""
        if self._area:
            self._area.close()
            self._area = self._staging = None

    def _make_folder(self, folder: str) -> None:
        """Make a folder of the second level; its parent usually exists."""
        with suppress(FileExistsError):
            try:
                private.make_folder(folder, self._umask)
            except FileNotFoundError:
                private.make_folders(folder, self._umask)

    def place(self, key: str) -> Path:
        """Return the path of a blob, whether there is one or not."""
        return Path(self._place(key))

    def _place(self, key: str) -> str:
        return f"{self._folder(key)}{os.sep}{key}"

    def _folder(self, key: str) -> str:
        checked_key(key)
        return f"{self._root}{os.sep}{key[:2]}{os.sep}{key[2:4]}"

    def marker(self) -> str | None:
        """Return the library's id in the marker; None where there is no such file."""
        try:
            return (self.root / MARKER).read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as exc:
            raise StoreError(f"{self.root / MARKER}: {exc}") from exc

    def check_marker(self, library_id: str) -> None:
        """Check that the store belongs to the library.

        Raises:
            ForeignStoreError: it has no marker, as a folder where nothing is mounted, or another library's.

        """
        found = self.marker()
        if found is None:
            raise ForeignStoreError(
                f"{self.root} is not the store of this library ({MARKER} is missing): is it mounted, and is "
                "ASSET_STORAGE_PATH right?"
            )
        if found != library_id:
            raise ForeignStoreError(
                f"{self.root} is the store of library {found}, the database has library {library_id}: "
                "DATABASE_URL and ASSET_STORAGE_PATH do not belong together"
            )

    def write_marker(self, library_id: str) -> None:
        """Make the folder the store of a library; does nothing when it is that already.

        Raises:
            ForeignStoreError: the folder is the store of another library.

        """
        with naming(self.root):
            make_folder(self.root, mode=private.folder_mode(self._umask))
            if not (self.root / MARKER).exists():
                marker = self.stage()
                marker.write(f"{library_id}\n".encode("ascii"))
                assert isinstance(marker, LocalStagedBlob)  # noqa: S101  that is what stage gives
                marker.finish()
                flush(marker.path)
                os.replace(marker.path, self.root / MARKER)
                flush(self.root)
        self.check_marker(library_id)


@cache
def _process_token(process: int) -> str:  # noqa: ARG001  a worker that is forked gets its own
    """Return what the names of a process's temporary files begin with."""
    return uuid4().hex


def _size(path: str) -> int | None:
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _folders(parent: Path) -> Iterator[Path]:
    """Yield the two-digit folders below `parent` in order."""
    return (parent / name for name in _names(parent) if len(name) == len("ab") and (parent / name).is_dir())


def _names(folder: Path) -> list[str]:
    with naming(folder):
        return sorted(os.listdir(folder))
