"""JSON: the contract with scripts. `doc/json.md` describes it; `SCHEMA_VERSION` rises when a key changes or goes."""

import dataclasses
import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dam.render.text import line

SCHEMA_VERSION = 1


def write_document(**content: Any) -> None:
    """Write one JSON object on one line, in ASCII: so no name can break the encoding or a terminal."""
    line(json.dumps({"schema_version": SCHEMA_VERSION} | content, default=_plain))


def path_keys(path: str) -> dict[str, str]:
    """Return a path as JSON keys: `path`, and `path_hex` with its raw bytes where they are not UTF-8."""
    raw = os.fsencode(path)
    try:
        return {"path": raw.decode()}
    except UnicodeDecodeError:
        return {"path": raw.decode("utf-8", "backslashreplace"), "path_hex": raw.hex()}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form")
