"""The rows that a line of the manifest stands for."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dam.models.base_class import Base
from dam.models.base_component import BaseComponent
from dam.models.content_hash_md5_component import ContentHashMd5Component
from dam.models.content_hash_sha256_component import ContentHashSha256Component
from dam.models.entity import Entity
from dam.models.file_location_component import FileLocationComponent
from dam.models.file_properties_component import FilePropertiesComponent
from dam.models.operation import OperationChange
from dam.models.source_path_component import SourcePathComponent
from dam.services.components.ecs import unique_key
from dam.services.components.row_json import from_json
from dam.services.manifest.kept_tables import kept_models, table_of
from dam.services.sources.source_paths import displayed, path_digest

Row = dict[str, Any]
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A row to insert or update, or with `is_deletion` the unique key of one to delete."""

    model: type[Base]
    row: Row
    is_deletion: bool = False


def changes_of(content: Content) -> Iterator[Change]:
    """Yield the changes that a line tells of, in order.

    Raises:
        KeyError, TypeError, ValueError: the line has another form.

    """
    if "asset" in content:
        yield from _of_asset(content)
    elif "stored" in content:
        yield _location(content["stored"], content["key"], content["in"])
    elif "source" in content:
        yield Change(SourcePathComponent, _source(content))
    elif "put" in content:
        yield _put(content["put"], content["row"])
    elif "delete" in content:
        model = kept_models()[content["delete"]]
        yield Change(model, {name: content["row"][name] for name in unique_key(model)}, is_deletion=True)
    elif "change" in content:
        yield Change(OperationChange, from_json(table_of(OperationChange), content["change"]))
        yield from _effect(content["change"])
    elif "snapshot" not in content:
        raise ValueError(f"this program does not know such a line: {sorted(content)}")


def _of_asset(content: Content) -> Iterator[Change]:
    entity = {"entity_id": int(content["asset"])}
    yield Change(Entity, {"id": entity["entity_id"], "created_at": datetime.fromisoformat(content["at"])})
    yield Change(ContentHashSha256Component, entity | {"hash_value": _digits(content["sha256"])})
    yield Change(ContentHashMd5Component, entity | {"hash_value": _digits(content["md5"])})
    properties = {"original_filename": content["name"], "file_size_bytes": content["size"]}
    yield Change(FilePropertiesComponent, entity | properties | {"media_type": content["type"]})
    yield _location(content["asset"], content["sha256"], content["in"])


def _location(entity_id: int, key: str, storage_type: str) -> Change:
    row = {"entity_id": entity_id, "file_identifier": _digits(key), "storage_type": storage_type}
    return Change(FileLocationComponent, row)


def _digits(text: str) -> str:
    return bytes.fromhex(text).hex()


def _source(content: Content) -> Row:
    raw = bytes.fromhex(content["path_hex"]) if "path_hex" in content else content["path"].encode()
    return {
        "entity_id": content["source"],
        "path": raw,
        "path_digest": path_digest(raw),
        "folder_digest": path_digest(os.path.dirname(raw)),
        "path_display": displayed(raw),
        "filename": content["name"],
        "size": content["size"],
        "mtime_ns": content["mtime_ns"],
        "ctime_ns": content["ctime_ns"],
        "inode": content["inode"],
        "updated_at": datetime.fromisoformat(content["at"]),
    }


def _put(name: str, row: Content) -> Change:
    model = kept_models()[name]
    typed = from_json(table_of(model), row)
    if issubclass(model, BaseComponent):
        typed.pop("id", None)  # a component is known by its unique key: another row may have the id here
    return Change(model, typed)


def _effect(change: Content) -> Iterator[Change]:
    """Yield what an operation did to a row. What can be derived is left to `run-systems`."""
    model, before, after = kept_models().get(change["table_name"]), change["before"], change["after"]
    if model is None:
        return
    key = unique_key(model)
    if before is not None and (after is None or any(before.get(name) != after.get(name) for name in key)):
        typed = from_json(table_of(model), before)
        yield Change(model, {name: typed[name] for name in key}, is_deletion=True)
    if after is not None:
        yield _put(change["table_name"], after)
