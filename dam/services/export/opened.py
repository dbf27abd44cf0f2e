"""A file to look at: a copy of an asset with a name that programs know, in the private cache of the user."""

import contextlib
import mimetypes
import os
import shutil
import time
from os.path import splitext
from pathlib import Path
from typing import BinaryIO

from platformdirs import user_cache_path

from dam.core.durable import make_folder
from dam.core.errors import DamError, UnreadableFileError
from dam.services.catalogue.whereabouts import PlaceKind, Whereabouts
from dam.services.export.names import fit, legal_name
from dam.storage.blob_store import BlobStore
from dam.storage.local_staging import clone_bytes
from dam.storage.reading import open_blob, open_regular

KEPT_SECONDS = 7 * 24 * 60 * 60
"""Age at which a copy is removed when another one is made."""


def file_to_open(store: BlobStore, found: Whereabouts, folder: Path | None = None) -> Path:
    """Return a file with the content of an asset, for a program to open.

    A source, where no store has the content, is that file itself. A blob, or its copy in a mirror, is copied to a
    read-only file with the name of the source, and with an extension; its bytes are shared where possible.

    Raises:
        UnreadableFileError: the content is missing, or damaged.
        DamError: the copy cannot be written.

    """
    held = next((place for place in found.places if not place.problem), None)
    if held is None:
        problems = "; ".join(f"{place.path}: {place.problem}" for place in found.places)
        raise UnreadableFileError(f"entity {found.entity_id} is nowhere: {problems or 'the store has no such blob'}")
    if held.kind is PlaceKind.SOURCE:
        return Path(held.path)
    folder = folder or user_cache_path("dam") / "open"
    place = folder / found.sha256 / name_of(found)
    try:
        make_folder(folder, 0o700)
        folder.chmod(0o700)
        _sweep(folder)
        make_folder(place.parent, 0o700)
        opened = open_regular(held.path) if held.kind is PlaceKind.MIRROR else open_blob(store, found.sha256)
        with opened as blob:
            _copy(blob, place)
    except OSError as exc:
        raise DamError(f"{place}: {exc.strerror or exc}") from exc
    return place


def name_of(found: Whereabouts) -> str:
    """Return the name of a copy: that of the first source, with an extension that fits its media type."""
    name = legal_name(found.name or found.sha256, strict=True)
    guessed = mimetypes.guess_extension(found.media_type) or ""
    return name if splitext(name)[1] or not guessed else fit(name + guessed, "")


def _copy(blob: BinaryIO, place: Path) -> None:
    temporary = place.with_name(f".{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    try:
        with temporary.open("xb") as copy:
            try:
                clone_bytes(blob, copy)
            except (OSError, ValueError):  # not on this file system, or not a file
                shutil.copyfileobj(blob, copy, 1024 * 1024)
            os.chmod(temporary, 0o400)
        os.replace(temporary, place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _sweep(folder: Path) -> None:
    """Remove copies that were made long ago; what cannot be removed stays."""
    for each in folder.iterdir():
        with contextlib.suppress(OSError):
            if each.is_dir() and not each.is_symlink() and each.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(each, ignore_errors=True)
