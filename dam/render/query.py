"""Results of queries on stdout: as a table, JSON, CSV, paths, ids or checksums."""

import csv
import io
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, note, safe
from dam.services.query.formats import Format

if TYPE_CHECKING:
    from dam.services.query.results import Found
    from dam.services.query.saved import NamedQuery

MAX_CELL = 60
"""Characters of a value in a table; JSON and CSV have all of it."""
_NUMBERS = ("id", "size", "width", "height")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def results(pages: Iterable[Sequence["Found"]], form: Format, fields: Sequence[str]) -> int:
    """Write all assets of a query in a format; return how many there were."""
    count = 0
    documents: list[dict[str, Any]] = []
    for page in pages:
        if form is Format.CSV and not count:
            line(_csv(fields))
        if form is Format.TABLE:
            _table(page, fields)
        elif form is Format.JSON:
            documents += map(_keys, page)
        else:
            for found in page:
                _LINES[form](found, fields)
        count += len(page)
        sys.stdout.flush()
    if form is Format.JSON:
        write_document(assets=documents)
    return count


def counted_results(count: int, *, as_json: bool) -> None:
    """Write how many assets match."""
    if as_json:
        write_document(count=count)
    else:
        line(str(count))


def explanation(tree: str, sql: str, *, as_json: bool) -> None:
    """Write the tree of a query and its SQL."""
    if as_json:
        write_document(tree=tree, sql=sql)
        return
    line(safe(tree))
    line()
    for each in sql.splitlines():
        line(safe(each))


def saved_queries(queries: Sequence["NamedQuery"], *, as_json: bool) -> None:
    """Write saved queries."""
    if as_json:
        write_document(queries=queries)
        return
    width = max((len(each.name) for each in queries), default=0)
    for each in queries:
        line(f"@{safe(each.name):<{width}}  {safe(each.query)}")


# ---- one asset


def _keys(found: "Found") -> dict[str, Any]:
    keys = asdict(found.asset)
    if found.values:
        keys["fields"] = found.values
    if found.snippet is not None:
        keys["snippet"] = found.snippet
    return keys


def _json_line(found: "Found", _fields: Sequence[str]) -> None:
    write_document(**_keys(found))


def _csv_line(found: "Found", _fields: Sequence[str]) -> None:
    line(_csv(_flat(value) for value in found.values.values()))


def _csv(values: Iterable[str]) -> str:
    """Return a line of CSV (RFC 4180). What a spreadsheet would take for a formula is text."""
    written = io.StringIO()
    cells = (f"'{each}" if each.startswith(_FORMULA) else each for each in values)
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "; ".join(map(_flat, value))
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _id_line(found: "Found", _fields: Sequence[str]) -> None:
    line(str(found.asset.entity_id))


def _path_line(found: "Found", _fields: Sequence[str]) -> None:
    _write_path(found, b"\n")


def _path_nul(found: "Found", _fields: Sequence[str]) -> None:
    _write_path(found, b"\0")


def _write_path(found: "Found", end: bytes, before: bytes = b"") -> None:
    if found.path is None:
        note(f"entity {found.asset.entity_id}: it has no file: {safe(', '.join(found.asset.names))}")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(before + os.fsencode(found.path) + end)


def _sum_line(found: "Found", _fields: Sequence[str]) -> None:
    """Write a line that `sha256sum --check` takes; it escapes line breaks and backslashes in names."""
    if found.path is None or not {"\n", "\r", "\\"} & set(found.path):
        _write_path(found, b"\n", f"{found.asset.sha256}  ".encode())
        return
    escaped = found.path.replace("\\", r"\\").replace("\n", r"\n").replace("\r", r"\r")
    sys.stdout.flush()
    sys.stdout.buffer.write(f"\\{found.asset.sha256}  ".encode() + os.fsencode(escaped) + b"\n")


_LINES = {
    Format.JSONL: _json_line,
    Format.CSV: _csv_line,
    Format.IDS: _id_line,
    Format.PATHS: _path_line,
    Format.PRINT0: _path_nul,
    Format.SHA256SUM: _sum_line,
}


# ---- the table


def _table(page: Sequence["Found"], fields: Sequence[str]) -> None:
    rows = [[_cell(name, found.values[name]) for name in fields] for found in page]
    widths = [max(len(row[place]) for row in rows) for place in range(len(fields))] if rows else []
    for found, row in zip(page, rows, strict=True):
        columns = zip(fields, row, widths, strict=True)
        cells = [cell.rjust(width) if name in _NUMBERS else cell.ljust(width) for name, cell, width in columns]
        line("  ".join(cells).rstrip())
        if found.snippet:
            line(f"{' ' * (widths[0] + 2)}{safe(found.snippet)}")


def _cell(name: str, value: Any) -> str:
    if name == "size" and isinstance(value, int):
        return human_size(value)
    if isinstance(value, list):
        value = ", ".join(map(_flat, value))
    text = _flat(value).replace("\n", " ")
    if name in ("added", "taken"):
        text = text[:16].replace("T", " ")
    return safe(text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…")


def total(count: int, limit: int | None) -> None:
    """Say on stderr that there may be more."""
    if limit is not None and count == limit and sys.stderr.isatty():
        note(f"the first {counted(count, 'asset')}; --offset {count} shows what follows, --count how many there are")
