"""Indexes on the bands of a perceptual hash (see `dam.media.hamming.bands`)."""

from typing import Any, cast

from sqlalchemy import DDL, Index, Table, event, text

from dam.media.hamming.bands import BANDS, band_sql
from dam.models.base_component import BaseComponent


def index_bands(kind: type[BaseComponent]) -> None:
    """Declare an index on each band of a component's `hash_value`.

    On SQLite the indexes include the hash, so that they cover the search for candidates. On PostgreSQL they do not:
    B-tree deduplication compresses equal bands, but only without another column.
    """
    table = cast("Table", kind.__table__)
    for band in BANDS:
        name, expression = f"ix_{table.name}_band_{band}", band_sql(band, "hash_value")
        Index(name, text(expression), _table=table).ddl_if(dialect="postgresql")
        on_sqlite: Any = DDL(f"CREATE INDEX {name} ON {table.name} ({expression}, hash_value)")  # type: ignore[no-untyped-call]
        event.listen(table, "after_create", on_sqlite.execute_if(dialect="sqlite"))
