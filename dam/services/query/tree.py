"""The tree of a query, and its text. Knows neither the grammar nor SQL."""

import re
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Text:
    """A value as it was written, without quotes."""

    text: str
    column: int = field(default=0, compare=False)
    """Where it begins, counted from 0."""


@dataclass(frozen=True)
class Between:
    """A range; None is an open end."""

    low: Text | None
    high: Text | None


@dataclass(frozen=True)
class Regex:
    """A regular expression of Python, searched for without regard to case."""

    pattern: str
    column: int = field(default=0, compare=False)


Value: TypeAlias = Text | Between | Regex


@dataclass(frozen=True)
class Condition:
    """A field with an operator (`:`, `:=`, `>=`, `<=`, `>`, `<`), and values of which one must match."""

    name: str
    operator: str
    values: tuple[Value, ...]
    column: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Word:
    """A word or a phrase for the full text; `prefix` also finds longer words that begin with the last one."""

    text: str
    prefix: bool = False
    column: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Saved:
    """A saved query by name."""

    name: str
    column: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Not:
    """What does not match `part`."""

    part: "Node"


@dataclass(frozen=True)
class And:
    """What matches all parts; all assets where there are none."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Or:
    """What matches any part."""

    parts: tuple["Node", ...]


Node: TypeAlias = Condition | Word | Saved | Not | And | Or

_PLAIN_WORD = re.compile(r"[^\W\d_]\w*")
_KEYWORDS = ("or", "and", "not")
_PLAIN_VALUE = re.compile(r"[\w+*-][\w*/:+-]*(?:\.[\w*/:+-]+)*")


def to_text(node: Node) -> str:
    """Return a query that parses to an equal tree."""
    match node:
        case And(parts):
            return " ".join(_grouped(part, Or | And) for part in parts)
        case Or(parts):
            return " or ".join(_grouped(part, Or) if part != And() else "()" for part in parts)
        case Not(part):
            return f"^{_grouped(part, Or | And | Not)}"
        case Saved(name):
            return f"@{name}"
        case Word(text, prefix):
            return _word(text) + ("*" if prefix else "")
        case Condition(name, operator, values):
            return f"{name}{operator}{','.join(map(_value, values))}"


def _grouped(node: Node, kinds: object) -> str:
    return f"({to_text(node)})" if isinstance(node, kinds) else to_text(node)  # type: ignore[arg-type]  # a union


def _word(text: str) -> str:
    is_plain = _PLAIN_WORD.fullmatch(text) and text.lower() not in _KEYWORDS
    return text if is_plain else _quoted(text)


def _value(value: Value) -> str:
    match value:
        case Regex(pattern):
            return "/" + pattern.replace("/", r"\/") + "/"
        case Between(low, high):
            return f"{_text(low)}..{_text(high)}"
        case Text():
            return _text(value)


def _text(value: Text | None) -> str:
    if value is None:
        return ""
    is_plain = _PLAIN_VALUE.fullmatch(value.text)
    return value.text if is_plain else _quoted(value.text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
