"""Names of exported files by a template, such as `{taken:%Y/%m|undated}/{original_filename}`."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from os.path import splitext
from typing import Any

from dam.core.errors import UsageError
from dam.services.export.facts import Facts

DEFAULT_TEMPLATE = "{original_filename}"
MISSING = "unknown"
"""What stands for a value that an asset does not have, where the template says nothing else."""

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}|:]*)(?::([^{}|]*))?(?:\|([^{}]*))?\}|[{}]|[^{}]+")


def _taken(facts: Facts) -> datetime | None:
    try:
        return datetime.fromisoformat(facts.taken) if facts.taken else None
    except ValueError:  # a camera may say anything
        return None


FIELDS: Mapping[str, Callable[[Facts], Any]] = {
    "original_filename": lambda facts: facts.original_filename,
    "stem": lambda facts: splitext(facts.original_filename)[0],
    "ext": lambda facts: splitext(facts.original_filename)[1].removeprefix(".").lower(),
    "id": lambda facts: facts.entity_id,
    "sha256": lambda facts: facts.sha256,
    "md5": lambda facts: facts.md5,
    "kind": lambda facts: facts.kind,
    "media_type": lambda facts: facts.media_type,
    "taken": _taken,
    "added": lambda facts: facts.added,
    "width": lambda facts: facts.width,
    "height": lambda facts: facts.height,
    "make": lambda facts: facts.make,
    "model": lambda facts: facts.model,
    "camera": lambda facts: facts.model or facts.make,
    "lens": lambda facts: facts.lens,
    "title": lambda facts: facts.said.title,
    "rating": lambda facts: facts.said.rating,
    "tag": lambda facts: next(iter(facts.tags), None),
    "collection": lambda facts: next(iter(facts.collections), None),
}
"""What a template can name, with the function that gives it for an asset."""


@dataclass(frozen=True)
class _Field:
    name: str
    form: str
    default: str

    def text(self, facts: Facts) -> str:
        """Return the value as text; slashes in it are no separators, those in the form and the default are."""
        value = FIELDS[self.name](facts)
        if value is None or value == "":
            return self.default
        if isinstance(value, datetime):
            parts = (self.form or "%Y-%m-%d").split("/")
            return "/".join(_flat(value.strftime(part)) if part else "" for part in parts)
        if isinstance(value, int):
            return f"{value:0{int(self.form or 0)}}"
        return _flat(value[: int(self.form)] if self.form else value)


def _flat(text: str) -> str:
    return text.replace("/", "_").replace("\0", "_")


class NameTemplate:
    """A template of relative paths.

    `{field}`, `{field:form}` and `{field|default}`: the form of a time is that of strftime, of a number its digits, of
    another text its maximum length. `{{` is a brace.

    Raises:
        UsageError: a field does not exist, or a form or brace is not valid.

    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces = [self._piece(match) for match in _PIECE.finditer(text)]
        if not text.strip("/"):
            raise UsageError("the template of names is empty")
        literal = "".join(piece if isinstance(piece, str) else piece.default for piece in self._pieces)
        if ".." in literal.split("/") or text.startswith("/"):
            raise UsageError(f"{text!r}: a template of names must be relative, without '..'")

    def _piece(self, match: re.Match[str]) -> str | _Field:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[0] in ("{", "}"):
            raise UsageError(f"{self._text!r}: a brace is not closed; write {{{{ for a brace in a name")
        if match[1] is None:
            return match[0]
        return self._field(match[1].strip(), match[2] or "", match[3])

    def _field(self, name: str, form: str, default: str | None) -> _Field:
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f": use one of {', '.join(FIELDS)}"
            raise UsageError(f"{self._text!r}: there is no field {name!r}{hint}")
        if form and name not in ("taken", "added") and not re.fullmatch(r"\d{1,3}", form, re.ASCII):
            raise UsageError(f"{self._text!r}: {form!r} is no number of digits or characters")
        return _Field(name, form, MISSING if default is None else default)

    def parts(self, facts: Facts) -> Sequence[str]:
        """Return the folders and the name for an asset; they need not be legal."""
        text = "".join(piece if isinstance(piece, str) else piece.text(facts) for piece in self._pieces)
        return [part for part in text.split("/") if part] or [MISSING]
