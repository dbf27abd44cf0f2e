"""dam: digital asset management, from the command line and from Python.

`dam.open()` opens a library; `doc/python_api.md` shows what can be done with it. To import this package costs next to
nothing: what is behind its names is imported when they are first used.
"""

from dam.version import __version__

TYPE_CHECKING = False  # as type checkers know it: to import `typing` takes as long as a bare interpreter
if TYPE_CHECKING:
    import os
    from typing import Any

    from dam.core.errors import DamError
    from dam.library import Library
    from dam.storage.blob_store import BlobStore

__all__ = ["DamError", "Library", "__version__", "open"]


def open(  # noqa: A001  as in gzip, tarfile and shelve: it is called dam.open
    url: "str | None" = None, store: "str | os.PathLike[str] | BlobStore | None" = None, *, create: bool = True
) -> "Library":
    """Open the library with a database and a store: a folder, or any `BlobStore`.

    What is not given is as the commands have it: from the environment, `.env`, or the defaults. With `create`, a
    library in a SQLite file that is not there yet is set up, as `dam-cli add-asset` does.

    Raises:
        NoLibraryError: there is no library there.
        OutdatedSchemaError, NewerSchemaError: its schema is not this program's.
        ForeignStoreError: the store is that of another library, or not mounted.
        UsageError: the URL, or a setting, is not valid.

    """
    from dam.library import open_library

    return open_library(url, store, create=create)


def __getattr__(name: str) -> "Any":
    if name == "Library":
        from dam.library import Library

        return Library
    if name == "DamError":
        from dam.core.errors import DamError

        return DamError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
