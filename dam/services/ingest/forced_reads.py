"""Files that must be read although they look unchanged."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from dam.services.catalogue import failures
from dam.services.catalogue.content import has_references, only_referenced
from dam.services.ingest import sidecars
from dam.services.library import Library
from dam.storage.modes import Mode


class ForcedReads:
    """Files that must be read although they have the recorded size, time and inode.

    These are files with a recorded failure, referenced files that are now to be stored, and images whose sidecar was
    deleted. Most libraries have none of them, so `exist` is determined once.
    """

    def __init__(self, library: Library, mode: Mode) -> None:
        self._storage_type = library.store.storage_type
        with library.read() as session:
            self._failed = failures.any_unreadable(session)
            self._sidecars = sidecars.any_sidecar(session)
            self._referenced = mode is not Mode.REFERENCE and has_references(session)

    @property
    def exist(self) -> bool:
        """Whether the library can have any such file."""
        return self._failed or self._referenced or self._sidecars

    def among(self, session: Session, known: Mapping[str, int]) -> set[str]:
        """Return the paths that must be read, of a mapping of paths to assets."""
        paths: set[str] = set()
        if self._failed:
            paths |= failures.unreadable_among(session, known)
        if self._referenced:
            ids = only_referenced(session, self._storage_type, set(known.values()))
            paths |= {path for path, entity_id in known.items() if entity_id in ids}
        if self._sidecars:
            ids = sidecars.deleted(session, set(known.values()))
            paths |= {path for path, entity_id in known.items() if entity_id in ids}
        return paths
