"""Write the content of an asset to a file: copied, or sharing the bytes of the blob."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import CannotShareError, UnreadableFileError
from dam.media.files.digests import digests_of
from dam.media.files.source import chunks, open_source
from dam.services.catalogue.asset_states import AssetState, states_by_id
from dam.services.catalogue.content import find_content
from dam.services.export.facts import Facts
from dam.services.export.target import naming
from dam.services.library import Library
from dam.services.mirrors.mirrors import OpenMirror, open_mirrors
from dam.storage.blob_store import BlobStore
from dam.storage.local import LocalBlobStore
from dam.storage.local_staging import clone_bytes
from dam.storage.modes import Mode
from dam.storage.reading import open_blob

DAMAGED = "its blob is damaged: see dam-cli verify --content, and dam-cli repair"


class Contents:
    """Writes contents of assets to files, by one of the modes COPY, REFLINK and HARDLINK. Nothing is flushed."""

    def __init__(self, library: Library, mode: Mode) -> None:
        self._library = library
        self._mode = mode
        self.from_mirrors: dict[int, str] = {}
        """The name of the mirror from which an asset was read, as its blob is damaged or missing, by entity id."""

    def maker(self, facts: Facts) -> Callable[[Path], None]:
        """Return what writes the content of an asset to a new file; from a mirror where the store has it not.

        It raises UnreadableFileError where the content is missing or damaged, CannotShareError where the mode is
        impossible, and OSError where the file cannot be written.
        """
        return lambda target: self._make(facts, target)

    def _make(self, facts: Facts, target: Path) -> None:
        store = self._library.store
        is_stored = store.size(facts.sha256) == facts.size
        if self._mode is Mode.HARDLINK:
            self._link(facts, target, is_stored=is_stored)
            return
        try:
            if is_stored:
                self._copy(facts, store, target)
            else:
                with open_source(self._source(facts)) as (source, _):
                    self._write(facts, source, target)
        except UnreadableFileError:
            if not any(self._is_made_from(mirror, facts, target) for mirror in self._mirrors):
                raise

    def _copy(self, facts: Facts, store: BlobStore, target: Path) -> None:
        with open_blob(store, facts.sha256) as blob:
            self._write(facts, blob, target)

    @cached_property
    def _mirrors(self) -> list[OpenMirror]:
        return open_mirrors(self._library)[0]

    def _is_made_from(self, mirror: OpenMirror, facts: Facts, target: Path) -> bool:
        """Write the content that a mirror has; return whether it has it, undamaged."""
        with suppress(FileNotFoundError):
            target.unlink()
        try:
            self._copy(facts, mirror.store, target)
        except UnreadableFileError:
            return False
        self.from_mirrors[facts.entity_id] = mirror.info.name
        return True

    def _source(self, facts: Facts) -> str:
        """Return the path of an unchanged source; UnreadableFileError says why there is none."""
        with self._library.read() as session:
            [state] = list(states_by_id(session, [facts.entity_id])) or [_gone(facts)]
            return find_content(session, self._library.store, state)

    def _link(self, facts: Facts, target: Path, *, is_stored: bool) -> None:
        store = self._library.store
        if not is_stored or not isinstance(store, LocalBlobStore):
            raise CannotShareError("cannot be hard linked: it is not a file of the store; use --mode copy")
        try:
            store.link_out(facts.sha256, str(target))
        except OSError as exc:
            raise CannotShareError(f"cannot be hard linked ({exc.strerror}): use --mode copy") from exc

    def _write(self, facts: Facts, source: BinaryIO, target: Path) -> None:
        with naming(target), target.open("xb") as file:  # no error of what is read
            if self._mode is Mode.REFLINK:
                try:
                    clone_bytes(source, file)
                except OSError as exc:
                    raise CannotShareError(f"cannot share its bytes ({exc.strerror}): use --mode copy") from exc
            elif digests_of(_copied(source, file)).sha256 != facts.sha256:
                raise UnreadableFileError(DAMAGED)
            file.flush()
            if facts.mtime_ns is not None:
                os.utime(file.fileno() if os.utime in os.supports_fd else target, ns=(facts.mtime_ns, facts.mtime_ns))


def _copied(source: BinaryIO, file: BinaryIO) -> Iterator[bytes]:
    """Copy a file, and yield its chunks. UnreadableFileError where it cannot be read."""
    parts = chunks(source)
    while True:
        try:
            chunk = next(parts, b"")
        except OSError as exc:
            raise UnreadableFileError(exc.strerror or str(exc)) from exc
        if not chunk:
            return
        file.write(chunk)
        yield chunk


def _gone(facts: Facts) -> AssetState:
    raise UnreadableFileError(f"entity {facts.entity_id} was removed meanwhile")
