"""Every error a user can meet: a message, and the exit code of the program.

    DamError                      5   a fatal error
    ├── NotFoundError             1   the library has no such asset
    ├── UsageError                2   invalid usage
    │   └── QueryError                a query has a mistake, at a column
    ├── NoLibraryError           10   there is no library where the settings point
    │   └── ForeignDatabaseError      the database is that of another program
    ├── ForeignStoreError        10   the store does not belong to the database
    │   └── LostDatabaseError         it belongs to a library whose database is gone
    ├── OldDatabaseError         10   the database lacks what the manifest in its store has
    ├── OutdatedSchemaError      10   the schema is older than the program
    ├── ForeignBackupError       10   a backup is that of another library
    ├── DamagedDatabaseError      4   a database that was checked is damaged
    ├── LockedError              11   timeout waiting for a lock of another process
    │   └── DeadlockError             two processes waited for each other: retry
    ├── NewerSchemaError         12   the schema is newer than the program
    ├── ConflictError             5   later operations stand in the way
    ├── MalformedDatabaseError    5   the database cannot be read any further
    ├── MissingExtraError         5   a missing optional dependency
    ├── StoreError                5   the store cannot be read or written
    │   ├── CannotShareError          its file system cannot share the bytes of a file
    │   └── FileTooLargeError         its file system, or a limit, has no room for so large a file
    └── InputError                3   one input: its path and the cause
        ├── UnreadableFileError       it cannot be read, or changed while it was read
        └── DecodeError               its content cannot be decoded
            └── NoSoundError              it has no sound to decode

A message names the thing, the cause and what to do, in that order. An `InputError` is recorded for its file and the run
continues, and an ingest does so for `CannotShareError` and `FileTooLargeError`; every other error ends the run.
"""

TOO_MUCH_MEMORY = "decoding needs more memory than is available"
"""The reason recorded for a file whose decoder ran out of memory, in a worker or in this process."""


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an error means that memory ran out, also while a shared library was mapped."""
    return isinstance(error, MemoryError) or (isinstance(error, ImportError) and "failed to map segment" in str(error))


class ExitCode:
    """The exit codes of `dam-cli`, as listed by every `--help`."""

    DONE = 0
    NOT_FOUND = 1
    USAGE = 2
    INPUTS_FAILED = 3
    DAMAGE = 4
    FATAL = 5
    NO_LIBRARY = 10
    LOCKED = 11
    NEWER_SCHEMA = 12
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


class DamError(Exception):
    """A fatal error with a message for the user."""

    exit_code = ExitCode.FATAL


class NotFoundError(DamError):
    """No asset in the library matches."""

    exit_code = ExitCode.NOT_FOUND


class UsageError(DamError):
    """Invalid usage: of a command, an option, an argument or a setting."""

    exit_code = ExitCode.USAGE


class QueryError(UsageError):
    """A mistake in a query. `column` is where it begins, counted from 0."""

    def __init__(self, problem: str, query: str, column: int) -> None:
        self.problem = problem
        self.query = query
        self.column = column
        self.problem_line = f"column {column + 1} of the query: {problem}"
        super().__init__("\n".join([self.problem_line, *self.marked]))

    @property
    def marked(self) -> tuple[str, str]:
        """The part of the query around the column, and a line with a caret below it."""
        first = max(0, self.column - 60)
        shown = "".join(each if each.isprintable() else " " for each in self.query[first : self.column + 20])
        return f"  {shown}", f"  {' ' * (self.column - first)}^"


class NoLibraryError(DamError):
    """There is no library where the settings point."""

    exit_code = ExitCode.NO_LIBRARY


class ForeignDatabaseError(NoLibraryError):
    """The database has tables of another program."""


class ForeignBackupError(DamError):
    """A backup is not one of the library that it is to replace."""

    exit_code = ExitCode.NO_LIBRARY


class DamagedDatabaseError(DamError):
    """A check of a database, or of a backup, found damage."""

    exit_code = ExitCode.DAMAGE


class ForeignStoreError(DamError):
    """The store lacks the marker of this database's library: unmounted, or another library's."""

    exit_code = ExitCode.NO_LIBRARY


class LostDatabaseError(ForeignStoreError):
    """The store belongs to a library whose database is gone."""


class OldDatabaseError(DamError):
    """The database lacks what the manifest in its store has: it was restored from a backup."""

    exit_code = ExitCode.NO_LIBRARY


class OutdatedSchemaError(DamError):
    """The database has an older schema than this program."""

    exit_code = ExitCode.NO_LIBRARY


class LockedError(DamError):
    """Timeout waiting for another process to release the database."""

    exit_code = ExitCode.LOCKED


class DeadlockError(LockedError):
    """Two transactions waited for each other, and the database ended this one."""


class NewerSchemaError(DamError):
    """The database has a newer schema than this program."""

    exit_code = ExitCode.NEWER_SCHEMA


class MalformedDatabaseError(DamError):
    """The database cannot be read any further. `verify` reports it as a finding, and exits with 4."""


class ConflictError(DamError):
    """An operation cannot be undone: it is final, has been undone, or a later one has changed the same."""


class MissingExtraError(DamError):
    """A missing optional dependency."""


class StoreError(DamError):
    """The store cannot be read or written: disk full, read-only, input/output error."""


class CannotShareError(StoreError):
    """The file system cannot make a reflink or a hard link of a source in the store."""


class FileTooLargeError(StoreError):
    """A file is too large for the file system of the store, or for a limit of the process."""


class InputError(DamError):
    """One input file cannot be used; the others can."""

    exit_code = ExitCode.INPUTS_FAILED


class UnreadableFileError(InputError):
    """A source file cannot be read, or changed while it was read."""


class DecodeError(InputError):
    """The content of a file cannot be decoded as what it seems to be."""


class NoSoundError(DecodeError):
    """A file has no sound. Not a failure for a video."""
