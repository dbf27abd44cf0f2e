"""Repair files of the store that have the right bytes: in the wrong folder, writable, or with another name."""

import os
import stat
from pathlib import Path

from dam.core.durable import flush, make_folder
from dam.core.errors import StoreError, UnreadableFileError
from dam.core.interrupts import deferred
from dam.services.mirrors.transfer import publish_copies, stage_copy
from dam.services.repair.candidates import digest_of
from dam.services.repair.heal import repaired
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.verify.findings import Finding
from dam.storage.local import LocalBlobStore
from dam.storage.local_staging import naming
from dam.storage.quarantine import set_aside
from dam.storage.reading import open_blob

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def move_to_place(store: LocalBlobStore, finding: Finding, *, dry_run: bool) -> Repair:
    """Move a misplaced blob to its place; to the quarantine if it is damaged, or a sound one is there."""
    key, path = finding.sha256 or "", Path(finding.path or "")
    is_sound = digest_of(path) == key
    try:
        is_needed = is_sound and store.flaw(key, path.lstat().st_size, content=True) is not None
    except (StoreError, OSError):
        is_needed = is_sound
    told = "it is moved to its place" if is_needed else "its place has a sound blob" if is_sound else "it is damaged"
    if dry_run:
        return repaired(Action.MOVE, Result.PLANNED, told, finding)
    with deferred():
        if is_needed:
            _take_place(store, key, path)
            return repaired(Action.MOVE, Result.DONE, told, finding)
        aside = set_aside(store.root, path)
    return repaired(Action.MOVE, Result.DONE, f"{told}: it is now {aside}", finding)


def _take_place(store: LocalBlobStore, key: str, path: Path) -> None:
    place = store.place(key)
    with naming(place):
        make_folder(place.parent)
        if os.path.lexists(place):
            set_aside(store.root, place)
        os.chmod(path, stat.S_IMODE(path.stat().st_mode) & ~WRITABLE)
        flush(path)
        os.rename(path, place)
        flush(place.parent)
        flush(path.parent)


def protect(store: LocalBlobStore, finding: Finding, *, dry_run: bool) -> Repair:
    """Take the right to write from a sound blob; give one that has another name, too, a file of its own."""
    key = finding.sha256 or ""
    if digest_of(store.place(key)) != key:
        return repaired(Action.PROTECT, Result.LEFT, "its content is damaged: dam-cli verify --content", finding)
    if dry_run:
        return repaired(Action.PROTECT, Result.PLANNED, "it gets a read-only file of its own", finding)
    place = store.place(key)
    with naming(place):
        if place.lstat().st_nlink > 1:
            return _copy_itself(store, finding, key)
        os.chmod(place, stat.S_IMODE(place.lstat().st_mode) & ~WRITABLE)
        flush(place)
    return repaired(Action.PROTECT, Result.DONE, "it is read-only", finding)


def _copy_itself(store: LocalBlobStore, finding: Finding, key: str) -> Repair:
    try:
        with open_blob(store, key) as file:
            blob = stage_copy(file, store, key)
    except UnreadableFileError as exc:
        return repaired(Action.PROTECT, Result.LEFT, str(exc), finding)
    if blob is None or publish_copies(store, {key: blob}):
        return repaired(Action.PROTECT, Result.LEFT, "it changed while it was copied: try again", finding)
    return repaired(Action.PROTECT, Result.DONE, "it has a file of its own", finding)
