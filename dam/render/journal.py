"""The journal on stdout: operations, their changes, and what was undone."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from dam.render.json_output import write_document
from dam.render.text import counted, line, note, safe
from dam.services.journal.log import LoggedChange, LoggedOperation
from dam.services.journal.undo import Undone

MAX_SHOWN = 60
"""Maximum number of characters shown of a value; the JSON has all."""
_HIDDEN = frozenset({"id", "entity_id", "created_at", "updated_at", "path", "path_digest", "folder_digest"})


def operations(found: Iterable[LoggedOperation], *, as_json: bool) -> int:
    """Write operations, one a line; return their number."""
    count = 0
    for operation in found:
        count += 1
        if as_json:
            write_document(**asdict(operation))
        else:
            line(_line(operation))
    return count


def _line(operation: LoggedOperation) -> str:
    parts = [
        f"{operation.operation_id:>5}",
        f"{operation.created_at:%Y-%m-%d %H:%M:%S}",
        f"{safe(operation.user):<8}",
        f"{operation.kind:<8}",
        f"{counted(operation.assets, 'asset'):<10}",
        safe(operation.command),
    ]
    if operation.undoes:
        parts.append(f"(undoes {operation.undoes})")
    if operation.undone_by:
        parts.append(f"(undone by {operation.undone_by})")
    return "  ".join(parts)


def changes(operation: LoggedOperation, found: Iterable[LoggedChange], *, as_json: bool) -> None:
    """Write the changes of an operation, one a line."""
    if not as_json:
        note(_line(operation))
    for change in found:
        if as_json:
            write_document(**asdict(change))
        else:
            line(_change(change))


def _change(change: LoggedChange) -> str:
    sign = "+" if change.before is None else "-" if change.after is None else "~"
    table = change.table.removeprefix("component_")
    before, after = _values(change.before), _values(change.after)
    values = f"{before} → {after}" if before and after else before or after
    return f"{sign} entity {change.entity_id}  {table}  {values}".rstrip()


def _values(row: dict[str, Any] | None) -> str:
    return "  ".join(
        f"{name}={safe(str(value))[:MAX_SHOWN]}" for name, value in (row or {}).items() if name not in _HIDDEN
    )


def undone(done: Undone, *, as_json: bool) -> None:
    """Write what was undone, or would be."""
    operation = done.undone
    if as_json:
        write_document(
            operation_id=done.operation_id,
            dry_run=done.operation_id is None,
            undoes=operation.operation_id,
            kind=operation.kind,
            command=operation.command,
            changes=done.changes,
        )
        return
    verb = "would be undone" if done.operation_id is None else f"undone by operation {done.operation_id}"
    changed = counted(done.changes, "change")
    line(f"operation {operation.operation_id} ({safe(operation.command)}, {changed}) {verb}")
