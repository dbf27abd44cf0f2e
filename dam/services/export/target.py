"""The folder of an export: files get their names when they are complete, durable and read back.

Its folder `.dam-export` has the temporary files, and notes by which an export knows what it has written there.
"""

import errno
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from uuid import uuid4

from dam.core.durable import flush
from dam.core.errors import DamError, UnreadableFileError, UsageError
from dam.media.files.digests import sha256_of
from dam.storage.flushing import flush_file_system
from dam.storage.reading import open_regular, past_the_cache
from dam.storage.staging_area import lock_folder

OWN = ".dam-export"
"""The folder for the export's own files."""
FLUSH_TOGETHER = 8
"""From this many files on, one flush of the file system is faster than a flush of each file."""
_OF_ONE_FILE = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.EINVAL, errno.ENOTDIR, errno.ELOOP, errno.EILSEQ)
"""Errors of a name; others, such as of a full disk, end the export."""


class Target:
    """The folder of an export, which one process writes to at a time.

    `library_id`: that of the library. `bag`: whether nothing else may be in the folder.

    Raises:
        UsageError: the folder has an export of another library, or cannot become a bag.
        DamError: it cannot be written, or another process exports to it.

    """

    def __init__(self, root: Path, library_id: str, *, bag: bool, dry_run: bool) -> None:
        self.root = Path(os.path.abspath(root))
        self._own = self.root / OWN
        self._checked: set[Path] = set()
        self._changed: set[Path] = set()
        self._lock: int | None = None
        self._check(library_id, bag=bag)
        if not dry_run:
            try:
                self._take(library_id, bag=bag)
            except OSError as exc:
                raise DamError(f"{self.root}: {exc.strerror or exc}") from exc

    def __enter__(self) -> Self:
        """Return the target."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Remove the temporary files, and let others write to it."""
        if self._lock is not None:
            self._sweep()
            if self._lock >= 0:
                os.close(self._lock)
            self._lock = None

    def _check(self, library_id: str, *, bag: bool) -> None:
        if os.path.lexists(self.root) and not self.root.is_dir():
            raise UsageError(f"{self.root} is not a folder")
        if self._own.is_symlink():
            raise UsageError(f"{self._own} is a link: remove it")
        note = self._own / "library"
        if note.is_file():
            if note.read_text(errors="replace").strip() != library_id:
                raise UsageError(f"{self.root} has an export of another library: choose another folder")
            if bag != self.owns("bag"):
                raise UsageError(f"{self.root} has an export with{'out' if bag else ''} --bag: choose another folder")
        elif bag and self.root.is_dir() and any(name != OWN for name in os.listdir(self.root)):
            raise UsageError(f"{self.root} is not empty: a bag needs a folder of its own")

    def _take(self, library_id: str, *, bag: bool) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            self._own.mkdir()
        self._lock = lock_folder(self._own)
        if self._lock is None:
            raise DamError(f"another process exports to {self.root}: wait for it, or choose another folder")
        self._sweep()
        if bag:
            self.note("bag")
        if not (self._own / "library").exists():  # last: from now on, this is an export
            self._write_whole(self._own / "library", f"{library_id}\n".encode("ascii"))
        flush(self._own)
        flush(self.root)

    def _sweep(self) -> None:
        for name in os.listdir(self._own):
            if name.startswith("tmp-"):
                (self._own / name).unlink()

    def owns(self, name: str) -> bool:
        """Return whether an export has noted that it writes a file of this name."""
        return (self._own / f"wrote-{name}").exists()

    def note(self, name: str) -> None:
        """Note that this export writes a file of this name, before it does."""
        self._write_whole(self._own / f"wrote-{name}", b"")
        flush(self._own)

    def temporary(self) -> Path:
        """Return the path of a new temporary file."""
        return self._own / f"tmp-{uuid4().hex}"

    def state(self, path: str, size: int, sha256: str) -> bool | None:
        """Return whether what is at a path is a file with some content; None if nothing is there."""
        place = self.root / path
        try:
            status = place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as exc:
            raise UnreadableFileError(f"{place}: {exc.strerror or exc}") from exc
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:
            return False
        with open_regular(place) as file:
            return sha256_of(file) == sha256

    def flush_all(self, temporaries: Sequence[Path]) -> None:
        """Make temporary files durable: each, or all together if there are many."""
        with naming(self._own):
            is_many = len(temporaries) >= FLUSH_TOGETHER and self._lock is not None and self._lock >= 0
            if is_many and flush_file_system(self._lock or 0):  # it was opened before anything was written
                return
            for temporary in temporaries:
                flush(temporary)

    def read_back(self, temporary: Path, path: str, sha256: str) -> None:
        """Compare a temporary file, which is durable, with what it should have.

        Raises:
            UnreadableFileError: it has something else.

        """
        place = self.root / path
        with naming(place), open_regular(temporary) as file:
            past_the_cache(file)
            if sha256_of(file) != sha256:
                raise UnreadableFileError(f"{place}: what was written is not what can be read back: is the disk sound?")

    def name(self, temporary: Path, path: str) -> bool:
        """Give a temporary file, which is durable, its name; False if something has that meanwhile.

        Raises:
            UnreadableFileError: the name is not possible here.
            DamError: nothing can be written any more.

        """
        place = self.root / path
        with naming(place):
            self._make_folder(place.parent)
            return self._name(temporary, place)

    def put(self, path: str, sha256: str, make: Callable[[Path], None]) -> bool:
        """Let `make` write a temporary file, read it back, and give it its name; False if that is taken meanwhile.

        Raises:
            UnreadableFileError: the file cannot be written here.
            DamError: nothing can be written any more.

        """
        temporary = self.temporary()
        try:
            with naming(self.root / path):
                make(temporary)
            self.read_back(temporary, path, sha256)
            return self.name(temporary, path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()

    def replace(self, path: str, content: Callable[[BinaryIO], None]) -> None:
        """Write one of the export's own files, in place of an earlier one."""
        place, temporary = self.root / path, self.temporary()
        with naming(place):
            self._make_folder(place.parent)
            with temporary.open("xb") as file:
                content(file)
                file.flush()
                os.fsync(file.fileno())
            self.move(temporary, path)

    def move(self, temporary: Path, path: str) -> None:
        """Put a temporary file, which is durable, in place of one of the export's own files."""
        place = self.root / path
        with naming(place):
            self._make_folder(place.parent)
            os.replace(temporary, place)
            self._changed.add(place.parent)

    def settle(self) -> None:
        """Make the names of all files durable."""
        with naming(self.root):
            for folder in self._changed:
                flush(folder)
        self._changed.clear()

    def _make_folder(self, folder: Path) -> None:
        """Make a folder below the root. A link, which may lead anywhere, is not followed."""
        if folder in self._checked or folder == self.root:
            return
        self._make_folder(folder.parent)
        try:
            folder.mkdir()
            self._changed |= {folder, folder.parent}
        except FileExistsError:
            if not stat.S_ISDIR(folder.lstat().st_mode):
                raise UnreadableFileError(f"{folder} is in the way: it is not a folder") from None
        self._checked.add(folder)

    def _name(self, temporary: Path, place: Path) -> bool:
        """Give a file its name, unless something has it."""
        try:
            os.link(temporary, place, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError as exc:
            if exc.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
                raise
            if os.path.lexists(place):  # the file system has no hard links
                return False
            os.rename(temporary, place)
        self._changed.add(place.parent)
        return True

    def _write_whole(self, path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


class naming:  # noqa: N801  it reads as what it does
    """Translate an OSError to name a path: one of a name concerns that file, any other ends the export."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, exc: BaseException | None, __: object) -> None:
        if isinstance(exc, OSError):
            kind = UnreadableFileError if exc.errno in _OF_ONE_FILE else DamError
            raise kind(f"{self._path}: {exc.strerror or exc}") from exc
