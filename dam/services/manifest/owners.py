"""What the manifest says of blobs that no asset of the database has."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from dam.services.manifest.lines import Line, parse
from dam.services.manifest.reader import MAX_LINE_BYTES
from dam.storage.manifest import Manifest

_DIGEST = re.compile(rb"[0-9a-f]{64}")
_OPERATION = b'"put":"operations"'
_DROPPED = b'"snapshot":"dropped"'
_HAS_KEY = {"component_content_hash_sha256": "hash_value", "component_file_location": "file_identifier"}
"""The tables that say whose a blob is, and their columns."""


class Said(Enum):
    """The last that the manifest says of a blob."""

    OWNED = "an asset has it"
    PURGED = "its asset was removed for good"


@dataclass(frozen=True)
class Sayings:
    """What the manifest says of some blobs."""

    said: Mapping[str, Said]
    """The last that it says of each; nothing of those that it does not have."""
    names: Mapping[str, str]
    """Their original filenames, also of assets that are gone."""


def last_said(manifest: Manifest, keys: Collection[str]) -> Mapping[str, Said]:
    """Return what the manifest says last of some blobs; see `sayings`."""
    return sayings(manifest, keys).said


def sayings(manifest: Manifest, keys: Collection[str]) -> Sayings:
    """Return what the manifest says of some blobs, in one pass.

    All segments are read, and the lines with one of the keys are parsed. A damaged line counts as that of an asset: so
    nothing is removed because the manifest is damaged. What was undone, as an adoption, is not said any more; nor is
    what was given up by `rebuild-db --drop-newer`.
    """
    wanted = {key.encode("ascii") for key in keys}
    said: dict[str, Said] = {}
    names: dict[str, str] = {}
    if not wanted:
        return Sayings(said, names)
    kinds: dict[int, str] = {}
    batches: dict[str, int] = {}
    for number in manifest.numbers():
        with manifest.open(number) as file:
            for raw in iter(lambda: file.readline(MAX_LINE_BYTES), b""):
                found = wanted.intersection(_DIGEST.findall(raw))
                if found or _OPERATION in raw:
                    keys = {key.decode("ascii") for key in found}
                    batches.update(dict.fromkeys(keys, _take(raw, keys, kinds, said, names)))
                elif _DROPPED in raw:
                    _drop(raw, batches, said)
    return Sayings(said, names)


def _drop(raw: bytes, batches: dict[str, int], said: dict[str, Said]) -> None:
    """Forget what was said last in batches that do not count any more."""
    line = parse(raw)
    if isinstance(line, Line) and line.content.get("snapshot") == "dropped":
        given_up = range(line.content["after"] + 1, line.content["until"] + 1)
        for key in [key for key, batch in batches.items() if batch in given_up]:
            said.pop(key, None)


def _take(
    raw: bytes, keys: Collection[str], kinds: dict[int, str], said: dict[str, Said], names: dict[str, str]
) -> int:
    """Take one line into account; return its batch. `kinds` has the kinds of the operations so far."""
    line = parse(raw)
    if not isinstance(line, Line):
        said.update(dict.fromkeys(keys, Said.OWNED))
        return 0
    content = line.content
    if content.get("put") == "operations":
        kinds[content["row"]["id"]] = content["row"]["kind"]
    elif "change" in content:
        change = content["change"]
        _change(change["table_name"], change, kinds.get(change["operation_id"]), said)
    elif content.get("put") == "operation_changes":  # of a snapshot: rows of today came before it
        row = content["row"]
        key = _key(row["table_name"], row["before"])
        if kinds.get(row["operation_id"]) == "purge" and row["after"] is None and key:
            said.setdefault(key, Said.PURGED)
    elif key := content.get("sha256") or content.get("key") or _key(content.get("put"), content.get("row")):
        said[key] = Said.OWNED
        if "sha256" in content and "name" in content:
            names[key] = content["name"]
    return line.batch


def _change(table: str, change: dict[str, dict[str, str] | None], kind: str | None, said: dict[str, Said]) -> None:
    before, after = _key(table, change["before"]), _key(table, change["after"])
    if after:
        said[after] = Said.OWNED
    elif before and kind == "purge":
        said[before] = Said.PURGED
    elif before and kind == "undo":
        said.pop(before, None)


def _key(table: str | None, row: dict[str, str] | None) -> str | None:
    """Return the key of the blob that a row is about, if it is about one."""
    return row.get(_HAS_KEY[table]) if row and table in _HAS_KEY else None
