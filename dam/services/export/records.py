"""Metadata of exported files: JSON Lines or Parquet, one row a file, the same columns in each.

With `file_name` first, the folder is an image folder as libraries of data sets read it.
"""

import json
from typing import Any, BinaryIO, Protocol

from dam.core.errors import MissingExtraError
from dam.services.export.facts import Facts

COLUMNS = {
    "file_name": "string",
    "entity_id": "int64",
    "sha256": "string",
    "md5": "string",
    "size": "int64",
    "media_type": "string",
    "kind": "string",
    "original_filename": "string",
    "title": "string",
    "description": "string",
    "notes": "string",
    "rating": "int64",
    "tags": "list<string>",
    "collections": "list<string>",
    "taken": "string",
    "width": "int64",
    "height": "int64",
    "duration": "float64",
    "make": "string",
    "model": "string",
    "lens": "string",
    "latitude": "float64",
    "longitude": "float64",
    "sources": "list<string>",
}
"""The columns of a row, with their types."""


def record(facts: Facts, file_name: str) -> dict[str, Any]:
    """Return the row of a file; what an asset does not have is null, or an empty list."""
    values = vars(facts) | vars(facts.said) | {"file_name": file_name, "kind": facts.kind}
    return {name: list(values[name]) if kind.startswith("list") else values[name] for name, kind in COLUMNS.items()}


class RecordWriter(Protocol):
    """Writes rows to a file."""

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""

    def finish(self) -> None:
        """Write the rest."""


class JsonLines:
    """Rows as JSON objects, one a line, in ASCII."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""
        self._file.writelines(json.dumps(row).encode("ascii") + b"\n" for row in rows)

    def finish(self) -> None:
        """Do nothing."""


class Parquet:
    """Rows as Parquet, a row group for each call of `write`."""

    def __init__(self, file: BinaryIO) -> None:
        require_parquet()
        import pyarrow as pa  # noqa: PLC0415  an optional dependency
        from pyarrow import parquet  # noqa: PLC0415

        types: dict[str, Any] = {
            "string": pa.string(),
            "int64": pa.int64(),
            "float64": pa.float64(),
            "list<string>": pa.list_(pa.string()),
        }
        self._schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
        self._table = pa.Table
        self._writer = parquet.ParquetWriter(file, self._schema)

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Write rows."""
        self._writer.write_table(self._table.from_pylist(rows, self._schema))

    def finish(self) -> None:
        """Write the end of the file."""
        self._writer.close()


def require_parquet() -> None:
    """Check that Parquet can be written.

    Raises:
        MissingExtraError: pyarrow is not installed.

    """
    try:
        import pyarrow as pa  # noqa: F401, PLC0415  an optional dependency
    except ImportError as exc:
        raise MissingExtraError("Parquet needs the optional dependency pyarrow (extra: parquet)") from exc
