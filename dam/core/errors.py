"""Every error a user can meet: a message, and the exit code of the program.

    DamError                      5   a fatal error
    ├── NotFoundError             1   the library has no such asset
    ├── UsageError                2   the command's words are off
    ├── NoLibraryError           10   nothing is set up at the configured place
    ├── ForeignStoreError        10   the store does not belong to the database
    ├── OutdatedSchemaError      10   the schema is older than the program
    ├── LockedError              11   another process held a lock past the timeout
    │   └── DeadlockError             two processes waited for each other: the same again works
    ├── NewerSchemaError         12   the schema is newer than the program
    ├── MissingExtraError         5   an optional library is not installed
    ├── StoreError                5   the store cannot be read or written
    │   └── CannotShareError          its file system cannot share a file's bytes
    └── InputError                3   one input: its path and the cause
        ├── UnreadableFileError       it cannot be read, or changed meanwhile
        └── DecodeError               its content cannot be decoded
            └── NoSoundError              there is no sound in it to decode

A message names what it is about and the cause, and says what to do next. An `InputError` is recorded as
a fact about its file and the run goes on; every other error ends the run.
"""


class ExitCode:
    """The exit codes of `dam-cli`, as promised in every `--help`."""

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
    """The library has nothing that the user's words name."""

    exit_code = ExitCode.NOT_FOUND


class UsageError(DamError):
    """The command, a setting or an argument is not of the form it must have."""

    exit_code = ExitCode.USAGE


class NoLibraryError(DamError):
    """There is no library where the settings point."""

    exit_code = ExitCode.NO_LIBRARY


class ForeignStoreError(DamError):
    """The store lacks the marker of this database's library: unmounted, or another library's."""

    exit_code = ExitCode.NO_LIBRARY


class OutdatedSchemaError(DamError):
    """The database has an older schema than this program."""

    exit_code = ExitCode.NO_LIBRARY


class LockedError(DamError):
    """Another process held the database for longer than the timeout."""

    exit_code = ExitCode.LOCKED


class DeadlockError(LockedError):
    """Two transactions waited for each other, and the database ended this one."""


class NewerSchemaError(DamError):
    """The database has a schema that this program does not know."""

    exit_code = ExitCode.NEWER_SCHEMA


class MissingExtraError(DamError):
    """An optional library is needed and not installed."""


class StoreError(DamError):
    """The store cannot be read or written: disk full, read-only, input/output error."""


class CannotShareError(StoreError):
    """The file system cannot make a reflink or a hard link of a source in the store."""


class InputError(DamError):
    """One input file cannot be used; the others can."""

    exit_code = ExitCode.INPUTS_FAILED


class UnreadableFileError(InputError):
    """A source file cannot be read, or changed while it was read."""


class DecodeError(InputError):
    """The content of a file cannot be decoded as what it seems to be."""


class NoSoundError(DecodeError):
    """There is no sound in a file: no fault in a video."""
