"""What the manifest says of files: a compact line for each new asset, and for each of its sources."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dam.models.base_class import Base
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.source_path_component import SourcePathComponent
from dam.services.manifest.lines import quoted
from dam.services.manifest.outbox import record

Row = Mapping[str, Any]
Rows = Mapping[type[Base], Sequence[Row]]


def record_files(session: Session, rows: Rows, created_at: datetime) -> None:
    """Record the rows of files that an ingest wrote: the identity of new assets, locations and sources."""
    time = quoted(created_at.isoformat())
    new = zip(
        rows.get(ContentHashSha256Component, ()),
        rows.get(ContentHashMd5Component, ()),
        rows.get(FilePropertiesComponent, ()),
        strict=True,
    )
    places = {row["entity_id"]: row for row in rows.get(FileLocationComponent, ())}
    bodies = [_asset(sha256, md5, row, places.pop(row["entity_id"]), time) for sha256, md5, row in new]
    bodies += [_location(row) for row in places.values()]
    bodies += [source_body(row) for row in rows.get(SourcePathComponent, ())]
    record(session, *bodies)


# The strings are put together by hand: an ingest may not notice what this costs.


def _asset(sha256: Row, md5: Row, properties: Row, place: Row, time: str) -> str:
    size, name, kind = properties["file_size_bytes"], properties["original_filename"], properties["media_type"]
    hashes = sha256["hash_value"], md5["hash_value"]
    return asset_body(sha256["entity_id"], *hashes, size, name, kind, place["storage_type"], time)


def asset_body(
    entity_id: int, sha256: str, md5: str, size: int, name: str, kind: str, storage_type: str, time: str
) -> str:
    """Return the line of a new asset; `time`, when it was created, as a JSON string."""
    return (
        f'"asset":{entity_id},"sha256":"{sha256}","md5":"{md5}","size":{size},"name":{quoted(name)},'
        f'"type":{quoted(kind)},"in":{quoted(storage_type)},"at":{time}'
    )


def _location(row: Row) -> str:
    return f'"stored":{row["entity_id"]},"key":{quoted(row["file_identifier"])},"in":{quoted(row["storage_type"])}'


def source_body(row: Row) -> str:
    """Return the line of a row of `component_source_path`. A path that is not UTF-8 is in hexadecimal digits."""
    try:
        path = f'"path":{quoted(row["path"].decode())}'
    except UnicodeDecodeError:
        path = f'"path_hex":"{row["path"].hex()}"'
    ctime = row.get("ctime_ns")
    return (
        f'"source":{row["entity_id"]},{path},"name":{quoted(row["filename"])},"size":{row["size"]},'
        f'"mtime_ns":{row["mtime_ns"]},"ctime_ns":{"null" if ctime is None else ctime},"inode":{row["inode"]},'
        f'"at":"{row["updated_at"].isoformat()}"'
    )
