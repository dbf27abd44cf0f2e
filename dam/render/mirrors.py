"""Mirrors and what was copied to them."""

from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.journal.purged_copies import PurgedCopy
from dam.services.mirrors.mirrors import MirrorInfo, MirrorState
from dam.services.mirrors.sync import Copied


def added(mirror: MirrorInfo, *, is_on_same_disk: bool, as_json: bool) -> None:
    """Write a new mirror."""
    if as_json:
        write_document(**asdict(mirror), is_on_same_disk=is_on_same_disk)
    else:
        line(f"{mirror.name}  {safe(mirror.location)}")
    if is_on_same_disk:
        note("it is on the file system of the store: a copy there does not survive the loss of the disk")
    note(f"dam-cli store sync {mirror.name} copies the blobs there")


def states(found: list[MirrorState], *, as_json: bool) -> None:
    """Write all mirrors."""
    if as_json:
        write_document(
            mirrors=[
                asdict(each.mirror) | {"is_on_same_disk": each.is_on_same_disk, "error": each.error} for each in found
            ]
        )
        return
    for each in found:
        told = f": {safe(each.error)}" if each.error else " (on the disk of the store)" if each.is_on_same_disk else ""
        line(f"{each.mirror.name}  {safe(each.mirror.location)}{told}")


def forgotten(mirror: MirrorInfo, *, as_json: bool) -> None:
    """Write a mirror that the library does not know any more."""
    if as_json:
        write_document(**asdict(mirror))
    note(f"{mirror.name} is forgotten; its files are still in {safe(mirror.location)}")


class SyncReport:
    """Writes blobs that could not be copied as they come, and counts the others."""

    def __init__(self, mirror: MirrorInfo, *, as_json: bool) -> None:
        self._mirror = mirror
        self._as_json = as_json
        self._copied = self._bytes = 0
        self._purged = self._purged_bytes = 0
        self.failed = 0

    def add(self, result: Copied) -> None:
        """Count a copy; write an error."""
        if result.error is None:
            self._copied += 1
            self._bytes += result.size
            return
        self.failed += 1
        if self._as_json:
            write_document(mirror=self._mirror.name, **asdict(result))
        else:
            line(f"failed  {result.sha256}: {safe(result.error)}")

    def add_purged(self, size: int) -> None:
        """Count a blob that the library has removed for good, and the mirror has."""
        self._purged += 1
        self._purged_bytes += size

    def finish(self) -> None:
        """Write the summary."""
        if self._as_json:
            counts = {"copied": self._copied, "bytes": self._bytes, "failed": self.failed}
            purged = {"purged": self._purged, "purged_bytes": self._purged_bytes}
            write_document(mirror=self._mirror.name, summary=counts | purged)
        failed = f", {self.failed:,} failed" if self.failed else ""
        note(f"{self._mirror.name}: {counted(self._copied, 'blob')} copied ({human_size(self._bytes)}){failed}")
        if self._purged:
            size = human_size(self._purged_bytes)
            note(
                f"{self._mirror.name}: {counted(self._purged, 'blob')} ({size}) that the library has removed for good "
                f"stay there: dam-cli store clean {self._mirror.name} removes them"
            )


class CleanReport:
    """Writes and counts what was removed from a mirror, and what stays."""

    def __init__(self, mirror: MirrorInfo, *, as_json: bool, dry_run: bool) -> None:
        self._mirror = mirror
        self._as_json = as_json
        self._dry_run = dry_run
        self._blobs = self._bytes = self._freed = 0
        self.kept = 0

    def add(self, copy: PurgedCopy) -> None:
        """Write and count a copy."""
        if copy.is_kept:
            self.kept += 1
        else:
            self._blobs += 1
            self._bytes += copy.size
            self._freed += copy.freed
        if self._as_json:
            write_document(mirror=self._mirror.name, **asdict(copy))
        else:
            line(f"{'kept' if copy.is_kept else 'removed':<9}{copy.sha256}  {human_size(copy.size)}")

    def finish(self) -> None:
        """Write the summary."""
        if self._as_json:
            counts = {"blobs": self._blobs, "bytes": self._bytes, "freed": self._freed, "kept": self.kept}
            write_document(mirror=self._mirror.name, summary=counts | {"dry_run": self._dry_run})
        verb = "would be removed" if self._dry_run else "removed"
        note(f"{self._mirror.name}: {counted(self._blobs, 'blob')} {verb}, {human_size(self._freed)} freed")
        if self.kept:
            note(f"{counted(self.kept, 'blob')} stay, since no other mirror has a copy: see --last-copies")
