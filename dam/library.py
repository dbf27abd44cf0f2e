"""The library from Python: what the commands do, as methods. See `dam.open` and `doc/python_api.md`.

Each method delegates to the service that the command of the same purpose calls, and imports it when it is called.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from dam.core.config import load_settings
from dam.core.errors import UsageError
from dam.services import library as service
from dam.storage.blob_store import BlobStore
from dam.storage.modes import Mode

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from dam.models.base_component import BaseComponent
    from dam.services.backup.backup import BackupResult
    from dam.services.catalogue.assets import Asset
    from dam.services.catalogue.description import Description
    from dam.services.catalogue.failures import RecordedFailure
    from dam.services.catalogue.verdict import Verdict
    from dam.services.check.outcome import CheckedFile
    from dam.services.duplicates.groups import Duplicates
    from dam.services.export.outcome import Exported
    from dam.services.info import Info
    from dam.services.ingest.outcome import Outcome
    from dam.services.ingest.run_systems import Update
    from dam.services.journal.empty import Emptied
    from dam.services.journal.gc import Garbage
    from dam.services.journal.log import LoggedOperation
    from dam.services.journal.trash import TrashedAsset
    from dam.services.journal.undo import Undone
    from dam.services.repair.outcome import Repair
    from dam.services.similar.explain import Explanation
    from dam.services.similar.links import Linked
    from dam.services.similar.search import SearchResult
    from dam.services.tags.move import Moved
    from dam.services.tags.rules import Rule, RuleKind
    from dam.services.thumbnails import Thumbnail
    from dam.services.user_data.collections import Collection
    from dam.services.user_data.effective import Effective
    from dam.services.verify.findings import Finding, IntactAsset

Choice = TypeVar("Choice", bound=StrEnum)

Reference: TypeAlias = int | str | os.PathLike[str]
"""An asset: its entity id, a hash or the first digits of one, or a path."""


def open_library(
    url: str | None = None, store: str | os.PathLike[str] | BlobStore | None = None, *, create: bool = True
) -> "Library":
    """Open a library; see `dam.open`."""
    is_folder = isinstance(store, str | os.PathLike)
    given = {"DATABASE_URL": url, "ASSET_STORAGE_PATH": store if is_folder else None}
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    blobs = None if store is None or isinstance(store, str | os.PathLike) else store
    opened = service.open_library(settings, blobs, create=create)
    return Library(opened.engine, opened.store, opened.id)


class Library(service.Library):
    """An open library. Close it, or use it as a context manager. Results are frozen dataclasses.

    Every method raises `LockedError` when another process holds the database for longer than `DAM_LOCK_TIMEOUT`, and
    `StoreError` when the store fails.
    """

    def add(
        self,
        paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
        *,
        tags: Iterable[str] = (),
        mode: Mode | str = Mode.COPY,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        rehash: bool = False,
        import_keywords: bool = False,
        follow: bool = False,
        min_copies: int = 1,
        jobs: int | None = None,
    ) -> Iterator["Outcome"]:
        """Add files and folders, recursively; yield what became of each file once that is durable.

        A file that cannot be read is an outcome with an `error`, and the others go on. `jobs` is the number of worker
        processes: None is one a core, and 0 examines the files in this process, without limits of time and memory.
        `follow`: what has changed takes over tags and verdicts, also if the picture is another. `min_copies`: with
        `mode="move"`, how many sound copies the store and its mirrors must have before a source is removed.

        Raises:
            UsageError: a tag, the mode or `min_copies` is not valid, or a path is in the library's own store.
            CannotShareError: `mode` is reflink or hardlink, and the file system cannot do that.

        """
        from dam.media.files.selection import Selection
        from dam.services.ingest.ingest import ingest
        from dam.services.ingest.outcome import Options, each_outcome
        from dam.services.processes.pool import open_pool
        from dam.services.tags.names import checked_tags

        listed = [paths] if isinstance(paths, str | os.PathLike) else paths
        selection = Selection(list(include), list(exclude))
        options = Options(selection, _one_of(Mode, mode), rehash, import_keywords, follow, min_copies)
        options.check()
        checked = checked_tags(tags)
        with (
            open_pool(jobs) as pool,
            closing(ingest(self, [os.fspath(path) for path in listed], checked, options, pool=pool)) as outcomes,
        ):
            yield from each_outcome(self, outcomes)

    def find_by_hash(self, digits: str, hash_type: str | None = None) -> list["Asset"]:
        """Return the assets whose SHA-256 or MD5 is this, or begins with these (at least 8) hexadecimal digits.

        `hash_type` is `sha256` or `md5`; by default both are looked up.

        Raises:
            UsageError: that is no hash, nor the beginning of one.

        """
        from dam.services.catalogue.assets import summarise
        from dam.services.catalogue.lookup import checked_hash, find_by_hash

        checked = checked_hash(digits, hash_type)
        with self.read() as session:
            return summarise(session, self.store, find_by_hash(session, checked, hash_type))

    def find_by_file(self, path: str | os.PathLike[str]) -> "Asset | None":
        """Return the asset with the content of a file, or None.

        Raises:
            UnreadableFileError: the file cannot be read.

        """
        from dam.services.catalogue.assets import summarise
        from dam.services.catalogue.lookup import find_by_file

        with self.read() as session:
            return next(iter(summarise(session, self.store, find_by_file(session, Path(path)))), None)

    def check(
        self,
        paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
        *,
        exact: bool = False,
        rehash: bool = False,
        jobs: int | None = None,
    ) -> Iterator["CheckedFile"]:
        """Yield for each file at and below some paths whether the library has it: `have`, `similar`, `new`, `failed`.

        Nothing is written. A file that has not changed since it was added is not read, but with `rehash`. With
        `exact`, nothing similar is looked for. `jobs` is as in `add`.

        Raises:
            UsageError: a path is in the library's own store.

        """
        from dam.services.check.check import CheckOptions, check
        from dam.services.processes.pool import open_pool

        listed = [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
        options = CheckOptions(exact, rehash)
        with open_pool(jobs) as pool, closing(check(self, [listed], options, pool=pool)) as files:
            yield from files

    def export(
        self,
        folder: str | os.PathLike[str],
        entity_ids: Iterable[int],
        *,
        template: str = "{original_filename}",
        mode: Mode | str = Mode.COPY,
        windows: bool = False,
        metadata: bool = False,
        parquet: bool = False,
        bag: bool = False,
        xmp: str | None = None,
        dry_run: bool = False,
    ) -> Iterator["Exported"]:
        """Export assets into a folder; yield what became of each once it is durable. See `doc/export.md`.

        `mode` is copy, reflink or hardlink. `xmp` writes a sidecar for each file: `full` for `photo.jpg.xmp`, `stem`
        for `photo.xmp`. Exhaust the result: metadata, and what makes a bag one, are written at the end.

        Raises:
            UsageError: the template or another option is not valid, or the folder is not for this export.
            MissingExtraError: Parquet needs pyarrow.

        """
        from dam.services.export.export import export
        from dam.services.export.outcome import ExportOptions, SidecarName

        checked = _one_of(Mode, mode)
        if checked not in (Mode.COPY, Mode.REFLINK, Mode.HARDLINK):
            raise UsageError(f"{checked.value!r} is none of copy, reflink, hardlink")
        sidecars = None if xmp is None else _one_of(SidecarName, xmp)
        options = ExportOptions(template, checked, windows, metadata, parquet, bag, sidecars, dry_run)
        with closing(export(self, entity_ids, Path(folder), options)) as exported:
            yield from exported

    def query(self, text: str = "", *, sort: str = "", limit: int | None = None, offset: int = 0) -> Iterator["Asset"]:
        """Yield the assets that match a query, newest first or in the order of `sort`, such as `-taken,name`.

        Raises:
            UsageError: the query, or `sort`, has a mistake (`QueryError`, with its `column`).

        """
        from dam.services.query.results import Shown, search

        for page in search(self, text, Shown(), sort=sort, limit=limit, offset=offset):
            yield from (found.asset for found in page)

    def find_similar(
        self,
        reference: Reference,
        *,
        min_score: float = 0.0,
        limit: int | None = None,
        transforms: bool = False,
    ) -> "SearchResult":
        """Return what is similar to a file, or to an asset, by the method of its kind; best first.

        Scores are from 0 to 1. With `transforms`, an image also finds its turned and mirrored copies. Where nothing
        but the same content could be looked for, the answer has the `error`.

        Raises:
            UnreadableFileError: the file cannot be read, or there is no such file or asset.
            UsageError: several assets could be meant.

        """
        from dam.services.similar.search import find_similar

        return find_similar(self, _text(reference), min_score=min_score, limit=limit, transforms=transforms)

    def find_duplicates(
        self,
        among: Iterable[Reference] = (),
        *,
        tags: Iterable[str] = (),
        level: str = "similar",
        keep: str | None = None,
        transforms: bool = False,
    ) -> "Duplicates":
        """Return the groups of duplicates, each around the asset to keep, in the whole library or among some assets.

        `level` is `content`, `pixels` or `similar`; `keep` has comma-separated rules for which one to keep.

        Raises:
            MissingExtraError: numpy is not installed.
            NotFoundError: `among` names an asset that the library does not have.
            UsageError: a level or rule is not valid, or several assets could be meant.

        """
        from dam.media.images.decoding import require_numpy

        require_numpy()
        from dam.services.catalogue.selection import select_assets
        from dam.services.duplicates.decider import DuplicateOptions
        from dam.services.duplicates.groups import find_duplicates
        from dam.services.duplicates.keepers import read_rules
        from dam.services.duplicates.rules import DEFAULT_RULES, Level
        from dam.services.similar.options import ImageOptions

        rules = read_rules(",".join(DEFAULT_RULES) if keep is None else keep)
        options = DuplicateOptions(_one_of(Level, level), rules, ImageOptions(transforms=transforms))
        with self.read() as session:
            chosen = select_assets(session, map(_text, among), tags)
        return find_duplicates(self, options, chosen)

    def explain(self, one: Reference, other: Reference, *, transforms: bool = False) -> "Explanation":
        """Return why two images are similar or not: every hash, distance and measure, and the decision.

        With `transforms`, the first is rotated and mirrored to match the second best.

        Raises:
            NotFoundError: there is no such asset or file.
            UsageError: several assets could be meant.
            UnreadableFileError, DecodeError: a file outside the library cannot be read, or is not an image.
            MissingExtraError: Pillow or numpy is not installed.

        """
        from dam.media.images.decoding import require_installed

        require_installed()
        from dam.services.similar.explain import explain
        from dam.services.similar.options import ImageOptions

        options = ImageOptions(transforms=transforms)
        with self.read() as session:
            return explain(session, _text(one), _text(other), options, store=self.store)

    def link_similar(self) -> "Linked":
        """Record pairs of similar images, which `show` then lists. Compares only images added since the last run.

        Raises:
            MissingExtraError: Pillow or numpy is not installed.

        """
        from dam.media.images.decoding import require_installed

        require_installed()
        from dam.services.similar.links import link_similar

        return link_similar(self)

    def verdict(self, one: Reference, other: Reference, verdict: "Verdict | str") -> None:
        """Record how two assets are related: `duplicate`, `alternate` or `unrelated`. It precedes all measures.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: the verdict is not valid, both are one asset, or several assets could be meant.

        """
        from dam.services.catalogue.pairs import put_verdict
        from dam.services.catalogue.verdict import Verdict

        checked = _one_of(Verdict, verdict)
        with self._pair(one, other) as (session, pair):
            put_verdict(session, pair, checked)

    def remove_verdict(self, one: Reference, other: Reference) -> "Verdict | None":
        """Remove the verdict on two assets, and return it; None if there was none. Raises what `verdict` raises."""
        from dam.services.catalogue.pairs import remove_verdict

        with self._pair(one, other) as (session, pair):
            return remove_verdict(session, pair)

    @contextmanager
    def _pair(self, one: Reference, other: Reference) -> "Iterator[tuple[Session, tuple[int, int]]]":
        """Give a session that is committed at the end, and a pair of assets in it; files are read before."""
        from dam.services.catalogue.lookup import find_one_asset, read_reference
        from dam.services.catalogue.pairs import in_order

        named = read_reference(_text(one)), read_reference(_text(other))
        with self.write() as session:
            yield session, in_order(find_one_asset(session, named[0]), find_one_asset(session, named[1]))

    def verdicts(self) -> "list[tuple[tuple[int, int], Verdict]]":
        """Return all verdicts, each with the entity ids of its pair, the lower one first."""
        from dam.services.catalogue.pairs import all_verdicts

        with self.read() as session:
            return list(all_verdicts(session))

    def failures(self) -> "list[RecordedFailure]":
        """Return the recorded failures: paths that could not be read, then assets that could not be decoded."""
        from dam.services.catalogue.failures import undecodable, unreadable

        with self.read() as session:
            return [*unreadable(session), *undecodable(session)]

    def retry_failures(self, *, jobs: int | None = None) -> Iterator["Outcome"]:
        """Add the paths that could not be read again, with their modes and tags; yield what became of each.

        `run_systems(retry_failed=True)` does the same for assets that could not be decoded. `jobs` is as in `add`.
        """
        from dam.services.ingest.retry import retry_unreadable
        from dam.services.processes.pool import open_pool

        with open_pool(jobs) as pool, closing(retry_unreadable(self, pool=pool)) as outcomes:
            yield from outcomes

    def show(self, reference: Reference) -> "Description":
        """Return all that the library knows of an asset: its components and its relatives.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: several assets could be meant.

        """
        from dam.services.catalogue.description import describe

        with self.read() as session:
            return describe(session, _text(reference))

    def components(self, kind: "type[BaseComponent]") -> Iterator[dict[str, Any]]:
        """Yield all components of a kind as dictionaries: `entity_id`, and the component's own columns.

        Ordered by age. They are read a page at a time: neither memory nor a lock grows with the library.
        """
        from dam.services.components.component_rows import component_rows

        return component_rows(self, kind)

    def tag(self, reference: Reference, *tags: str) -> list[str]:
        """Put tags on an asset, and return all that it has then.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: a text is not a valid tag, or several assets could be meant.

        """
        from dam.services.catalogue.lookup import find_one_asset, read_reference
        from dam.services.tags.tags import add_tags, get_tags_for_entity

        named = read_reference(_text(reference))
        with self.write() as session:
            entity_id = find_one_asset(session, named)
            add_tags(session, [entity_id], tags)
            return get_tags_for_entity(session, entity_id)

    def untag(self, reference: Reference, *tags: str) -> list[str]:
        """Take tags off an asset, and return those that are left. Raises what `tag` raises."""
        from dam.services.catalogue.lookup import find_one_asset, read_reference
        from dam.services.tags.tags import get_tags_for_entity, remove_tags

        named = read_reference(_text(reference))
        with self.write() as session:
            entity_id = find_one_asset(session, named)
            remove_tags(session, [entity_id], tags)
            return get_tags_for_entity(session, entity_id)

    def tags(self, reference: Reference) -> list[str]:
        """Return the tags of an asset, in order.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: several assets could be meant.

        """
        from dam.services.catalogue.lookup import find_one_asset
        from dam.services.tags.tags import get_tags_for_entity

        with self.read() as session:
            return get_tags_for_entity(session, find_one_asset(session, _text(reference)))

    def tag_counts(self) -> dict[str, int]:
        """Return how many assets have each tag, by tag."""
        from dam.services.tags.counts import count_tags

        with self.read() as session:
            return count_tags(session)

    def rename_tag(self, old: str, new: str) -> "Moved":
        """Rename a tag on all assets, with the tags below it and the rules about it, or change how it is spelled.

        Raises:
            NotFoundError: there is no such tag.
            ConflictError: there is a tag of the new name: see `merge_tags`.
            UsageError: the new name is not valid.

        """
        from dam.services.tags.move import rename_tag

        with self.write() as session:
            return rename_tag(session, old, new)

    def merge_tags(self, old: str, new: str) -> "Moved":
        """Make one tag of two: what has `old`, or a tag below it, gets `new`, or one below that.

        Raises:
            NotFoundError: there is no such tag.
            UsageError: both are one tag, or the new name is not valid.

        """
        from dam.services.tags.move import merge_tags

        with self.write() as session:
            return merge_tags(session, old, new)

    def tag_rules(self) -> "list[Rule]":
        """Return the rules about tags: aliases, and what tags imply."""
        from dam.services.tags.rules import load_rules

        with self.read() as session:
            return load_rules(session).all

    def add_tag_rule(self, kind: "RuleKind | str", tag: str, target: str, *, apply: bool = False) -> None:
        """Let `tag` be an `alias` of `target`, or `implies` it, from now on; with `apply`, also where it is already.

        Raises:
            UsageError: a tag or the kind is not valid, or the rule would lead to a cycle.

        """
        from dam.services.components.operations import Recorder
        from dam.services.tags.move import apply_rules
        from dam.services.tags.rules import RuleKind, add_rules

        checked = _one_of(RuleKind, kind)
        with self.write() as session:
            recorder = Recorder(session, "tag")
            add_rules(recorder, checked, tag, [target])
            if apply:
                apply_rules(recorder)

    def remove_tag_rule(self, kind: "RuleKind | str", tag: str, target: str) -> None:
        """Remove a rule about tags.

        Raises:
            NotFoundError: there is no such rule.
            UsageError: the kind is not valid.

        """
        from dam.services.components.operations import Recorder
        from dam.services.tags.rules import RuleKind, remove_rules

        with self.write() as session:
            remove_rules(Recorder(session, "tag"), _one_of(RuleKind, kind), tag, [target])

    def annotate(self, *references: Reference, **values: str | int | None) -> int:
        """Set the `rating` (0 to 5, -1 for rejected), `title`, `description` or `notes` of assets; None clears one.

        They go before what the files say. Return how many assets have changed.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: a value is not valid, or several assets could be meant.

        """
        from dam.services.user_data.annotations import annotate

        with self._assets(references) as (session, ids):
            return annotate(session, ids, values)

    def effective(self, reference: Reference) -> "Effective":
        """Return what you have written about an asset, and where that is nothing, what its file says.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: several assets could be meant.

        """
        from dam.services.catalogue.lookup import find_one_asset
        from dam.services.user_data.effective import Effective, effective

        with self.read() as session:
            entity_id = find_one_asset(session, _text(reference))
            return effective(session, [entity_id]).get(entity_id, Effective())

    def collections(self) -> "list[Collection]":
        """Return the collections, each with the number of its assets."""
        from dam.services.user_data.collections import all_collections

        with self.read() as session:
            return all_collections(session)

    def collection(self, name: str) -> list[int]:
        """Return the assets of a collection in their order, by entity id.

        Raises:
            NotFoundError: there is no such collection.

        """
        from dam.services.user_data.collections import members

        with self.read() as session:
            return members(session, name)

    def add_to_collection(self, name: str, *references: Reference) -> int:
        """Add assets at the end of a collection, which is made if need be; return how many were not in it.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: the name is not valid, or several assets could be meant.

        """
        from dam.services.user_data.collections import add_to_collection

        with self._assets(references) as (session, ids):
            return add_to_collection(session, name, ids)

    def remove_from_collection(self, name: str, *references: Reference) -> int:
        """Remove assets from a collection; return how many were in it. Raises what `add_to_collection` raises."""
        from dam.services.user_data.collections import remove_from_collection

        with self._assets(references) as (session, ids):
            return remove_from_collection(session, name, ids)

    def move_in_collection(self, name: str, *references: Reference, before: Reference | None = None) -> int:
        """Put assets of a collection, in the order given, before another of its assets, by default at the end.

        Return how many have another position.

        Raises:
            NotFoundError: the collection does not have one of the assets.
            UsageError: several assets could be meant.

        """
        from dam.services.catalogue.lookup import find_one_asset, read_reference
        from dam.services.user_data.collections import move_in_collection

        place = None if before is None else read_reference(_text(before))
        with self._assets(references) as (session, ids):
            goal = None if place is None else find_one_asset(session, place)
            return move_in_collection(session, name, ids, before=goal)

    def rename_collection(self, old: str, new: str) -> int:
        """Give a collection another name; return how many assets it has.

        Raises:
            NotFoundError: there is no such collection.
            ConflictError: there is a collection of the new name.

        """
        from dam.services.user_data.collections import rename_collection

        with self.write() as session:
            return rename_collection(session, old, new)

    @contextmanager
    def _assets(self, references: Iterable[Reference]) -> "Iterator[tuple[Session, list[int]]]":
        """Give a session that is committed at the end, and assets in it; files are read before."""
        from dam.services.catalogue.lookup import find_one_asset, read_reference

        named = [read_reference(_text(reference)) for reference in references]
        with self.write() as session:
            yield session, [find_one_asset(session, each) for each in named]

    def thumbnail(
        self,
        reference: Reference,
        size: int = 256,
        output: str | os.PathLike[str] | None = None,
        *,
        force: bool = False,
    ) -> "Thumbnail":
        """Make a thumbnail of an asset, with at most `size` pixels on the longer side, or return the one that is there.

        With `output`, it is written there, as JPEG, PNG or WebP by the name, and that is the `path` in the result. A
        file that exists is replaced with `force` only; one of the library, or a source, never.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: several assets could be meant, or `output` exists or has another ending.
            DecodeError: the content cannot be decoded, or there are no thumbnails of its kind.
            MissingExtraError: that needs an extra which is not installed.
            UnreadableFileError: the content is missing, or `output` cannot be written.

        """
        from dam.services.catalogue.lookup import find_one_asset
        from dam.services.thumbnails import make_thumbnail

        with self.read() as session:
            entity_id = find_one_asset(session, _text(reference))
        return make_thumbnail(self, entity_id, size, None if output is None else Path(output), force=force)

    def run_systems(self, *, retry_failed: bool = False, jobs: int | None = None) -> Iterator["Update"]:
        """Bring assets up to date with today's systems; yield what was done for each, once that is durable.

        With `retry_failed`, run the systems that have failed before. `jobs` is as in `add`.
        """
        from dam.services.ingest.run_systems import run_systems
        from dam.services.processes.pool import open_pool

        with open_pool(jobs) as pool:
            yield from run_systems(self, retry_failed=retry_failed, pool=pool)

    def verify(
        self, *, content: bool = False, threads: int = 1, quarantine: bool = True
    ) -> Iterator["Finding | IntactAsset"]:
        """Compare the store with the database, and the database with itself; yield problems and intact assets.

        `content`: read all bytes, those that were read least recently first. With `quarantine`, blobs that were read
        and are damaged are moved to the quarantine of the store.
        """
        from dam.services.verify.verify import verify

        return verify(self, content=content, threads=threads, quarantine=quarantine)

    def repair(
        self, folders: Iterable[str | os.PathLike[str]] = (), *, content: bool = False, dry_run: bool = False
    ) -> Iterator["Repair"]:
        """Verify the library and repair what is found; yield each repair once it is durable.

        Sound copies are looked for in the mirrors, the quarantine, the recorded sources and `folders`. `content`: read
        all bytes first. Nothing is deleted.
        """
        from dam.services.repair.repair import repair

        return repair(self, [os.fspath(folder) for folder in folders], content=content, dry_run=dry_run)

    def remove(self, *references: Reference) -> list["Asset"]:
        """Put assets in the trash, as one operation; return those that were not there.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: several assets could be meant.

        """
        from dam.services.journal.trash import find_assets, remove

        return list(remove(self, find_assets(self, map(_text, references))).assets)

    def restore(self, *references: Reference) -> list["Asset"]:
        """Take assets out of the trash, as one operation; return them.

        Raises:
            NotFoundError: the trash has no such asset.
            UsageError: several assets could be meant.

        """
        from dam.services.journal.trash import find_assets, restore

        return list(restore(self, find_assets(self, map(_text, references), in_trash=True)).assets)

    def trash(self) -> Iterator["TrashedAsset"]:
        """Yield the assets in the trash, by when they came there."""
        from dam.services.journal.trash import in_trash

        return in_trash(self)

    def empty_trash(self, *, older_than: float = 0.0, last_copies: bool = False) -> "Emptied":
        """Remove what has been in the trash for some seconds, for good: this cannot be undone.

        An asset of which no mirror and no source has a copy, which is read, stays in the trash without `last_copies`.
        """
        from dam.services.journal.empty import empty_trash, plan_purge

        return empty_trash(self, plan_purge(self, older_than, last_copies=last_copies))

    def collect_garbage(self, *, grace: float = 3600.0, dry_run: bool = False) -> Iterator["Garbage"]:
        """Remove the blobs that no asset has and that are older than `grace` seconds; yield them.

        Raises:
            LockedError: an ingest runs.

        """
        from dam.services.journal.gc import collect_garbage

        return collect_garbage(self, grace=grace, dry_run=dry_run)

    def log(
        self,
        *,
        asset: Reference | None = None,
        since: "datetime | None" = None,
        until: "datetime | None" = None,
        kind: str | None = None,
        limit: int | None = None,
    ) -> Iterator["LoggedOperation"]:
        """Yield the operations of the journal, newest first: since a time, and before another.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: several assets could be meant.

        """
        from dam.services.journal.log import LogFilter, log, operation_entity

        entity_id = None if asset is None else operation_entity(self, _text(asset))
        return log(self, LogFilter(entity_id, since, until, kind), limit)

    def undo(self, operation_id: int | None = None, *, dry_run: bool = False) -> "Undone":
        """Undo an operation, by default the newest that has not been undone. An undo can itself be undone.

        Raises:
            NotFoundError: there is no such operation, or nothing to undo.
            ConflictError: it is final, has been undone, or a later one has changed the same.

        """
        from dam.services.journal.undo import undo

        return undo(self, operation_id, dry_run=dry_run)

    def backup(self, target: str | os.PathLike[str] | None = None) -> "BackupResult":
        """Copy the SQLite database to a file or into a folder, while others write; return when that is durable.

        By default it goes into the folder `backups` beside the database, and only the newest `DAM_BACKUPS` stay there.

        Raises:
            UsageError: the database is not SQLite's, the target exists, or `DAM_BACKUPS` is 0 and there is no target.
            DamagedDatabaseError: the database is damaged.
            DamError: the target cannot be written.

        """
        from dam.services.backup.backup import make_backup

        settings = load_settings(DATABASE_URL=self.engine.url.render_as_string(hide_password=False))
        path = Path(target) if target is not None else None
        return make_backup(
            settings.sqlite_path, path, keep=settings.DAM_BACKUPS, lock_timeout=settings.DAM_LOCK_TIMEOUT
        )

    def info(self) -> "Info":
        """Return where the library is, what it holds, and the versions that matter."""
        from dam.services.info import describe

        return describe(self)


def _text(reference: Reference) -> str:
    return str(reference) if isinstance(reference, int) else os.fspath(reference)


def _one_of(choices: type[Choice], name: str) -> Choice:
    try:
        return choices(name)
    except ValueError:
        raise UsageError(f"{name!r} is none of {', '.join(choices)}") from None
