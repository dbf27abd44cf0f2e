"""What a rebuild of the database found, one line each, and a summary."""

from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import counted, line, note, safe
from dam.services.manifest.reader import Damage
from dam.services.rebuild.blobs import Adopted, BlobProblem
from dam.services.rebuild.drop_newer import Dropped
from dam.services.rebuild.rebuild import Item, Rebuilt


class RebuildReport:
    """Writes problems and adopted blobs as they come, and the result at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._result: Rebuilt | None = None
        self.damage = 0
        """The number of problems."""

    def add(self, item: Item) -> None:
        """Write an item; keep the result for the end."""
        if isinstance(item, Rebuilt):
            self._result = item
            return
        self.damage += not isinstance(item, Adopted)
        if isinstance(item, Damage):
            place = f"segment {item.segment}, line {item.line}: " if item.segment else ""
            self._write("manifest", asdict(item), f"{place}{safe(item.detail)}")
        elif isinstance(item, BlobProblem):
            owner = "-" if item.entity_id is None else f"entity {item.entity_id}"
            self._write("blob", asdict(item), f"{owner}  {safe(item.name or '')}  {item.sha256}: {safe(item.detail)}")
        else:
            self._write("adopted", asdict(item), f"entity {item.entity_id}  {item.sha256}")

    def _write(self, kind: str, content: dict[str, object], text: str) -> None:
        if self._as_json:
            write_document(kind=kind, **content)
        else:
            line(f"{kind:<8}  {text}")

    def finish(self, *, tells_next: bool) -> None:
        """Write the result, and what to do next."""
        if self._result is None:
            return
        if self._as_json:
            write_document(summary=asdict(self._result) | {"problems": self.damage})
        told = f", {self._result.adopted:,} of them adopted" if self._result.adopted else ""
        problems = f", {counted(self.damage, 'problem')}" if self.damage else ""
        note(f"the database has {counted(self._result.assets, 'asset')}{told}{problems}")
        if tells_next:
            note("derive hashes, dimensions and metadata from the files with: dam-cli run-systems")


def write_dropped(dropped: Dropped, *, is_planned: bool, as_json: bool) -> None:
    """Write what was given up, or would be."""
    if as_json:
        write_document(dropped=asdict(dropped), dry_run=is_planned)
    if not dropped.batches:
        note("the database has all that the manifest has: nothing is given up")
        return
    what = f"{counted(dropped.batches, 'transaction')} with {counted(dropped.assets, 'new asset')}"
    note(f"{what} {'would be' if is_planned else 'were'} given up")
