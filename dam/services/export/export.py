"""Export assets into a folder: facts → name → file → sidecar → metadata, page by page.

Nothing that is there is replaced, but for what an export has written itself. The same export again continues: a file
that is there with the right content is left as it is.
"""

import hashlib
import os
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from dam.core.errors import CannotShareError, DamError, InputError, UsageError
from dam.services.components import ecs
from dam.services.export.bag import PAYLOAD, Bag
from dam.services.export.batch import BatchWriter, Planned
from dam.services.export.content import Contents
from dam.services.export.facts import Facts, read_facts
from dam.services.export.names import MAX_BYTES, GivenNames, candidates, legal_name
from dam.services.export.outcome import Exported, ExportOptions, Status
from dam.services.export.records import JsonLines, Parquet, RecordWriter, record, require_parquet
from dam.services.export.sidecar import ENDING, packet_of, put_sidecar, sidecar_path
from dam.services.export.target import Target
from dam.services.export.template import NameTemplate
from dam.services.ingest.own_files import OwnFiles
from dam.services.library import Library

PAGE = 100
"""Number of assets that are reported together, when their files are durable."""
MAX_BATCH_BYTES = 256 * 1024 * 1024
"""Files that are written together have so many bytes, but for the last one."""
DEFAULT = ExportOptions()


def export(
    library: Library, entity_ids: Iterable[int], folder: Path, options: ExportOptions = DEFAULT
) -> Generator[Exported, None, None]:
    """Export assets in the order of the ids, and yield what became of each once it is durable.

    Ascending ids give the same names each time.

    Raises:
        UsageError: the template is not valid, the folder is the library's own, or has what an export must not replace.
        MissingExtraError: Parquet needs an extra that is not installed.
        DamError: the folder cannot be written.

    """
    template = NameTemplate(options.template)
    if OwnFiles(library).contain(str(folder)):
        raise UsageError(f"{folder} is in the store of the library itself")
    if options.parquet:
        require_parquet()
    with ExitStack() as stack:
        target = stack.enter_context(Target(folder, library.id, bag=options.bag, dry_run=options.dry_run))
        run = _Export(library, target, template, options, stack)
        for some in ecs.batched(entity_ids, PAGE):
            yield from run.page(some)
        run.finish()


class _Export:
    def __init__(
        self, library: Library, target: Target, template: NameTemplate, options: ExportOptions, stack: ExitStack
    ) -> None:
        self._library = library
        self._target = target
        self._template = template
        self._options = options
        self._contents = Contents(library, options.mode)
        self._writer = None if options.dry_run else stack.enter_context(BatchWriter(target, self._contents))
        self._prefix = PAYLOAD if options.bag else ""
        self._max_bytes = MAX_BYTES - len(ENDING) if options.xmp else MAX_BYTES
        self._given = GivenNames(ignore_case=options.strict_names)
        stack.callback(self._given.close)
        self._bag = Bag(target, library.id) if options.bag and not options.dry_run else None
        if self._bag:
            stack.callback(self._bag.close)
        self._records = self._open_records(stack)

    def _open_records(self, stack: ExitStack) -> "_Records | None":
        name = self._options.metadata_name
        if name is None:
            return None
        path = self._prefix + name
        self._given.claim(path)
        if os.path.lexists(self._target.root / path) and not self._target.owns(name):
            raise UsageError(f"{self._target.root / path} is not written by dam-cli export: choose another folder")
        if self._options.dry_run:
            return None
        records = _Records(self._target, name, path)
        stack.callback(records.close)
        return records

    def page(self, entity_ids: list[int]) -> list[Exported]:
        """Export some assets; return what became of each."""
        with self._library.read() as session:
            found = {facts.entity_id: facts for facts in read_facts(session, entity_ids)}
        done = [each for some in self._planned(entity_ids, found) for each in self._written(some)]
        rows = [
            record(found[each.entity_id], os.path.relpath(each.path, self._target.root / self._prefix))
            for each in done
            if each.path
        ]
        if self._records and rows:
            self._records.writer.write(rows)
        self._target.settle()
        return done

    def finish(self) -> None:
        """Write what describes all files."""
        if self._records:
            size, sha256 = self._records.finish()
            if self._bag:
                self._bag.add(self._records.path, size, sha256)
        if self._bag:
            self._bag.finish(self._given)

    def _planned(self, entity_ids: list[int], found: Mapping[int, Facts]) -> Iterator[list["_Chosen | Exported"]]:
        """Choose the names of some assets; yield them in groups of which the temporary files need not much room."""
        group: list[_Chosen | Exported] = []
        size = 0
        for entity_id in entity_ids:
            chosen = self._chosen(found.get(entity_id), entity_id)
            group.append(chosen)
            size += chosen.facts.size if isinstance(chosen, _Chosen) else 0
            if size >= MAX_BATCH_BYTES:
                yield group
                group, size = [], 0
        yield group

    def _chosen(self, facts: Facts | None, entity_id: int) -> "_Chosen | Exported":
        if facts is None:
            gone = "the library has no such asset, or it is in the trash"
            return Exported(entity_id, "", 0, Status.FAILED, error=gone)
        strict = self._options.strict_names
        try:
            parts = [legal_name(part, strict=strict, max_bytes=self._max_bytes) for part in self._template.parts(facts)]
            return self._next(_Chosen(facts, candidates(parts, facts.sha256, self._max_bytes)))
        except InputError as exc:
            return _failed(facts, exc)

    def _next(self, chosen: "_Chosen") -> "_Chosen":
        """Choose the next of its names that is free, or has the content already."""
        for candidate in chosen.names:
            chosen.path = self._prefix + candidate
            if not self._given.claim(chosen.path):
                continue
            there = self._target.state(chosen.path, chosen.facts.size, chosen.facts.sha256)
            chosen.is_there = bool(there)
            if there is not False:
                return chosen
        raise InputError(f"{self._target.root / chosen.path} and its other names are taken: choose another --name")

    def _written(self, group: Sequence["_Chosen | Exported"]) -> Iterator[Exported]:
        """Write those of a group that are not there, and yield all in order."""
        files = {
            each.facts.entity_id: Planned(each.facts, each.path, self._target.temporary())
            for each in group
            if isinstance(each, _Chosen) and not each.is_there
        }
        if self._writer:
            self._writer.write(list(files.values()))
        for each in group:
            if isinstance(each, Exported):
                yield each
                continue
            try:
                self._name(each, files.get(each.facts.entity_id))
            except (InputError, CannotShareError) as exc:
                yield _failed(each.facts, exc)
            else:
                yield self._done(each, is_new=each.facts.entity_id in files)

    def _name(self, chosen: "_Chosen", file: Planned | None) -> None:
        """Give a file that was written its name, or the next one if that is taken meanwhile."""
        if file is None or self._writer is None:
            return
        if file.failure:
            raise file.failure
        try:
            while not self._target.name(file.temporary, chosen.path):
                if self._next(chosen).is_there:
                    break
        finally:
            with suppress(FileNotFoundError):
                file.temporary.unlink()

    def _done(self, chosen: "_Chosen", *, is_new: bool) -> Exported:
        facts, path = chosen.facts, chosen.path
        if self._bag:
            self._bag.add(path, facts.size, facts.sha256)
        status = Status.WRITTEN if is_new and not chosen.is_there else Status.PRESENT
        mirror = self._contents.from_mirrors.pop(facts.entity_id, None)
        place = str(self._target.root / path)
        done = Exported(facts.entity_id, facts.sha256, facts.size, status, place, mirror=mirror)
        return self._with_sidecar(facts, path, done)

    def _with_sidecar(self, facts: Facts, path: str, done: Exported) -> Exported:
        packet = packet_of(facts) if self._options.xmp else None
        if packet is None or self._options.xmp is None:
            return done
        sidecar = sidecar_path(path, self._options.xmp)
        try:
            put_sidecar(self._target, self._given, sidecar, packet, dry_run=self._options.dry_run)
        except InputError as exc:
            return replace(done, status=Status.FAILED, error=str(exc))
        if self._bag:
            self._bag.add(sidecar, len(packet), hashlib.sha256(packet).hexdigest())
        return replace(done, sidecar=str(self._target.root / sidecar))


@dataclass
class _Chosen:
    """An asset, and the name that was chosen for it."""

    facts: Facts
    names: Iterator[str]
    """The names that were not tried yet."""
    path: str = ""
    is_there: bool = False
    """Whether a file of that name has the content already."""


def _failed(facts: Facts, error: DamError) -> Exported:
    return Exported(facts.entity_id, facts.sha256, facts.size, Status.FAILED, error=str(error))


class _Records:
    """The file of metadata, which gets its name at the end."""

    def __init__(self, target: Target, name: str, path: str) -> None:
        self._target = target
        self._name = name
        self.path = path
        self._temporary = target.temporary()
        self._file: BinaryIO = self._temporary.open("xb")
        self.writer: RecordWriter = Parquet(self._file) if name.endswith(".parquet") else JsonLines(self._file)

    def finish(self) -> tuple[int, str]:
        """Give the file its name; return its size and SHA-256."""
        self.writer.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        with self._temporary.open("rb") as file:
            digest: Any = hashlib.file_digest(file, "sha256")
        size = self._temporary.stat().st_size
        self._target.note(self._name)
        self._target.move(self._temporary, self.path)
        self._target.settle()
        return size, digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
