"""Errors on stderr: a message for people, or with `--json` one JSON object on one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from dam.render.text import note, safe


class _Form:
    is_json = False


@contextmanager
def errors_as_json(wanted: bool) -> Iterator[None]:  # noqa: FBT001  its only argument
    """Write the errors within the block as JSON, if wanted."""
    before, _Form.is_json = _Form.is_json, wanted
    try:
        yield
    finally:
        _Form.is_json = before


def error(message: str, exit_code: int, lines: list[str] | None = None) -> None:
    """Write why the command, or a part of it, failed. `lines` are what people get instead of the message."""
    if _Form.is_json:
        import json  # noqa: PLC0415  most commands do not fail

        from dam.render.json_output import SCHEMA_VERSION  # noqa: PLC0415

        note(json.dumps({"schema_version": SCHEMA_VERSION, "error": message, "exit_code": exit_code}))
        return
    for line in lines or [f"dam-cli: {message}"]:
        note(safe(line))
