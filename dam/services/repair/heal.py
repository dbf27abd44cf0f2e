"""Heal blobs: put a sound copy in their places. What was there, and is damaged, goes to the quarantine."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from dam.core.errors import UnreadableFileError
from dam.services.library import Library
from dam.services.mirrors.mirrors import OpenMirror
from dam.services.mirrors.transfer import publish_copies, stage_copy
from dam.services.repair.candidates import copies_in, digest_of, known_copies, size_of
from dam.services.repair.outcome import Action, Repair, Result
from dam.services.sources.places import Place
from dam.services.verify.findings import Finding
from dam.storage.blob_store import StagedBlob
from dam.storage.reading import open_regular

MAX_STAGED = 64
MAX_STAGED_BYTES = 64 * 1024 * 1024
NO_COPY = "no sound copy was found: give the folders where one may be with --from"


@dataclass
class Healer:
    """Looks for sound copies of blobs, and publishes them in batches."""

    library: Library
    mirrors: Sequence[OpenMirror]
    quarantined: Mapping[str, Sequence[str]]
    """The files in the quarantine, by key."""
    dry_run: bool
    _staged: dict[str, StagedBlob] = field(default_factory=dict)
    _healed: dict[str, Repair] = field(default_factory=dict)

    def heal(self, findings: Iterable[tuple[Finding, Place]], folders: Sequence[str]) -> Iterator[Repair]:
        """Heal the blobs of some findings, each with its location; yield each once it is durable and was read back."""
        wanted: dict[int, set[str]] = defaultdict(set)
        open_: dict[str, Finding] = {}
        try:
            for finding, place in findings:
                if not self._heal_from_known(finding, place):
                    wanted[place.size or 0].add(place.identifier)
                    open_[place.identifier] = finding
                yield from self._publish()
            for key, path in copies_in(folders, wanted):
                if key in open_ and self._stage(open_[key], key, path):
                    del open_[key]
                yield from self._publish()
            yield from self._publish(force=True)
        finally:
            for blob in self._staged.values():
                blob.discard()
        yield from (repaired(Action.HEAL, Result.LEFT, NO_COPY, finding) for finding in open_.values())

    def _heal_from_known(self, finding: Finding, place: Place) -> bool:
        aside = self.quarantined.get(place.identifier, ())
        copies = known_copies(self.library, self.mirrors, aside, place.identifier, place.entity_id)
        return any(size_of(path) == place.size and self._stage(finding, place.identifier, path) for path in copies)

    def _stage(self, finding: Finding, key: str, path: str) -> bool:
        """Copy a file to a temporary file of the store; return whether it has the content."""
        if self.dry_run:
            if digest_of(path) != key:
                return False
            self._healed[key] = repaired(Action.HEAL, Result.PLANNED, "a sound copy was found", finding, path)
            return True
        try:
            with open_regular(path) as file:
                blob = stage_copy(file, self.library.store, key)
        except (UnreadableFileError, OSError):
            return False
        if blob is None:
            return False
        self._staged[key] = blob
        self._healed[key] = repaired(Action.HEAL, Result.DONE, "a sound copy is in its place", finding, path)
        return True

    def _publish(self, *, force: bool = False) -> Iterator[Repair]:
        """Publish what was staged, once it is enough."""
        size = sum(blob.size for blob in self._staged.values())
        if not force and len(self._healed) < MAX_STAGED and size < MAX_STAGED_BYTES:
            return
        bad = publish_copies(self.library.store, self._staged) if self._staged else []
        for key in bad:
            left = "the store gives back another content than was written: check its disk"
            self._healed[key] = _left(self._healed[key], left)
        healed = list(self._healed.values())
        self._staged.clear()
        self._healed.clear()
        yield from healed


def repaired(action: Action, result: Result, detail: str, finding: Finding, path: str | None = None) -> Repair:
    """Return the report on a finding."""
    about = partial(Repair, sha256=finding.sha256, entity_id=finding.entity_id, name=finding.name)
    return about(action, result, detail, path=path or finding.path)


def _left(repair: Repair, detail: str) -> Repair:
    return Repair(repair.action, Result.LEFT, detail, repair.sha256, repair.entity_id, repair.name, repair.path)
