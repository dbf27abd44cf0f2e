"""Write the marker of a store again, where the blobs prove that it is the library's."""

import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from dam.core.durable import flush
from dam.core.errors import DamError, ForeignStoreError, StoreError
from dam.services.library import Library
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.sources.places import places
from dam.storage.local import MARKER, LocalBlobStore
from dam.storage.quarantine import set_aside

SAMPLE = 100
"""Number of contents that the store is asked for."""
MAX_FLIPPED = 4
"""Characters by which a rotted id may differ: two libraries' ids differ in thirty."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def repair_marker(library: Library, *, dry_run: bool) -> Iterator[Repair]:
    """Write the marker again if it is missing or damaged, and the store has the contents of the library.

    Raises:
        ForeignStoreError: it is the marker of another library, or the store has not the contents: it is not mounted.

    """
    store = library.store
    reason = _reason_to_write(library)
    if reason is None:
        return
    if (
        not isinstance(store, LocalBlobStore)
        or _is_foreign(store.root / MARKER, library.id)
        or not _has_contents(library, store)
    ):
        raise reason
    marker = store.root / MARKER
    if not dry_run:
        if os.path.lexists(marker):
            set_aside(store.root, marker)
            flush(store.root)
        store.write_marker(library.id)
    result = Result.PLANNED if dry_run else Result.DONE
    yield Repair(Action.MARKER, result, "the store has the contents of the library", path=str(marker))


def _reason_to_write(library: Library) -> DamError | None:
    """Return what is wrong with the marker."""
    try:
        library.store.check_marker(library.id)
    except (ForeignStoreError, StoreError) as exc:
        return exc
    return None


def _is_foreign(marker: Path, library_id: str) -> bool:
    """Return whether a marker is that of another library, and not a damaged one of this."""
    try:
        found = marker.read_bytes().strip().decode("ascii")
    except (OSError, UnicodeDecodeError):
        return False
    differing = sum(one != other for one, other in zip(found, library_id, strict=False))
    return _UUID.fullmatch(found) is not None and differing > MAX_FLIPPED


def _has_contents(library: Library, store: LocalBlobStore) -> bool:
    """Return whether most of the contents that are looked for are in the store."""
    sample = [place for place in islice(places(library), SAMPLE) if not place.is_referenced and place.is_consistent]
    there = sum(store.flaw(place.identifier, place.size or 0) is None for place in sample)
    return bool(sample) and there * 2 > len(sample)
