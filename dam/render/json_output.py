"""JSON: the contract with scripts. `doc/json.md` describes it; `SCHEMA_VERSION` rises when a key changes or goes."""

import dataclasses
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dam.render.text import line

SCHEMA_VERSION = 1
_NS = "_ns"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = -(2**63)
"""What the database has in place of a time that must not be trusted (`UNSETTLED`)."""


def write_document(**content: Any) -> None:
    """Write one JSON object on one line, in ASCII: so no name can break the encoding or a terminal."""
    line(json.dumps({"schema_version": SCHEMA_VERSION} | content, default=_plain))


def path_keys(path: str, name: str = "path") -> dict[str, str]:
    """Return a path as JSON keys: `path`, and `path_hex` with its raw bytes where they are not UTF-8."""
    raw = os.fsencode(path)
    try:
        return {name: raw.decode()}
    except UnicodeDecodeError:
        return {name: raw.decode("utf-8", "backslashreplace"), f"{name}_hex": raw.hex()}


def with_times(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with each time in nanoseconds also as ISO 8601: many readers of JSON round integers above 2^53.

    The key of `mtime_ns` is `mtime`; its value is null where there is no such time.
    """
    times = {name.removesuffix(_NS): _iso(value) for name, value in values.items() if name.endswith(_NS)}
    return {**values, **times}


def _iso(time_ns: int | None) -> str | None:
    if time_ns is None or time_ns == _NO_TIME:
        return None
    seconds, fraction = divmod(time_ns, 10**9)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}.{fraction:09}+00:00"


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
