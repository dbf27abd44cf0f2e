"""What a value of a condition asks of a column: by the type of the field, and free of SQL."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from dam.core.errors import QueryError
from dam.core.folding import folded
from dam.services.query import amounts, moments
from dam.services.query.amounts import Amount
from dam.services.query.fields import Field, Type
from dam.services.query.tree import Between, Regex, Text, Value


@dataclass(frozen=True)
class Range:
    """Values from `low` to `high`, as the column has them; None is open. The ends belong to it as they say."""

    low: Any = None
    high: Any = None
    has_low: bool = True
    has_high: bool = True


@dataclass(frozen=True)
class Glob:
    """Text with `*` for any characters and `?` for one, without regard to the case of letters.

    Letters beyond ASCII match as written, in lower, upper and title case.
    """

    pattern: str


@dataclass(frozen=True)
class Exact:
    """Text as it is."""

    text: str


@dataclass(frozen=True)
class Tag:
    """A tag by its key, a glob; `below`: also the tags below it."""

    key: str
    below: bool


@dataclass(frozen=True)
class Element:
    """A JSON text that has a value as an element, or that matches a glob."""

    text: str


Predicate: TypeAlias = Range | Glob | Exact | Tag | Element | Regex

_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")
_WILD = re.compile(r"(?<!\\)(?:\\\\)*[*?]")


@dataclass(frozen=True)
class Reader:
    """Reads the values of conditions; for the errors it knows the query, and for dates the time."""

    query: str
    now: datetime
    """The time now, with the zone of the user."""

    def predicate(self, field: Field, operator: str, value: Value) -> Predicate:
        """Return what a value asks of a field.

        Raises:
            QueryError: the field has no such values, or no such operator.

        """
        if field.type is Type.BYTES:
            raise self.error(f"{field.full_name} has bytes: ask for it with has: or none:", value)
        if isinstance(value, Regex):
            return self._regex(field, operator, value)
        if isinstance(value, Text) and operator in (":", ":="):
            return self._equal(field, operator, value)
        if field.type in (Type.JSON, Type.TAG, Type.HASH, Type.PHASH, Type.BOOLEAN):
            raise self.error(f"{field.full_name} cannot be compared with {operator} or ..", value)
        if isinstance(value, Between):
            low, high = value.low and self._span(field, value.low), value.high and self._span(field, value.high)
            return Range(low and low.low, high and high.high, has_high=not high or high.has_high)
        span = self._span(field, value)
        return {
            ">": Range(low=span.high, has_low=not span.has_high),
            ">=": Range(low=span.low),
            "<": Range(high=span.low, has_high=False),
            "<=": Range(high=span.high, has_high=span.has_high),
        }[operator]

    def error(self, problem: str, value: Value, at: int | None = None) -> QueryError:
        """Return the error for a value."""
        if isinstance(value, Between):
            value = value.low or value.high or Text("")
        return QueryError(problem, self.query, value.column if at is None else at)

    def _regex(self, field: Field, operator: str, value: Regex) -> Regex:
        if operator != ":" or field.type not in (Type.TEXT, Type.TAG, Type.LOCAL_TIME, Type.JSON):
            raise self.error(f"a regular expression is for texts and the operator ':', not {field.full_name}", value)
        try:
            re.compile(value.pattern)
        except (re.error, OverflowError, RecursionError) as exc:
            raise self.error(f"the regular expression is not valid: {exc}", value) from exc
        return value

    def _equal(self, field: Field, operator: str, value: Text) -> Predicate:  # noqa: PLR0911  one for each type
        text = unicodedata.normalize("NFC", value.text)
        match field.type:
            case Type.TEXT:
                return Exact(value.text) if operator == ":=" else Glob(text if is_wild(text) else f"*{text}*")
            case Type.JSON:
                quoted = json.dumps(text, ensure_ascii=False)
                return Element(quoted) if operator == ":=" else Glob(f"*{quoted[1:-1]}*")
            case Type.TAG:
                return Tag(folded(text), operator == ":")
            case Type.HASH:
                return self._digits(value)
            case Type.PHASH:
                return self._phash(value)
            case Type.BOOLEAN:
                return self._boolean(field, value)
            case _:
                return self._amount_equal(field, operator, value)

    def _amount_equal(self, field: Field, operator: str, value: Text) -> Range:
        """Return the interval that a number or date stands for; of `:=`, the number alone."""
        if field.type in (Type.MOMENT, Type.LOCAL_TIME):
            span = self._span(field, value)
            return Range(span.low) if span.low == span.high else span  # -2w: since then
        amount = self._amount(field, value)
        step = amount.step
        if not step and not field.is_whole and field.type in (Type.NUMBER, Type.DURATION):
            step = 1
        start = amount.value - (step / 2 if field.type is Type.NUMBER else 0)
        if not step or operator == ":=":
            return self._scaled(field, amount.value, amount.value, has_high=True)
        return self._scaled(field, start, start + step, has_high=False)

    def _span(self, field: Field, value: Text) -> Range:
        """Return the interval that an end of a range stands for."""
        match field.type:
            case Type.MOMENT | Type.LOCAL_TIME:
                return self._dates(field, value)
            case Type.TEXT:
                return Range(value.text, value.text)
            case _:
                amount = self._amount(field, value)
                return self._scaled(field, amount.value, amount.value, has_high=True)

    def _scaled(self, field: Field, low: float, high: float, *, has_high: bool) -> Range:
        low, high = low / field.unit, high / field.unit
        limit = 2**63 - 1
        if field.is_whole:  # whole numbers stay so, within what a column can have
            low, high = (int(end) if float(end).is_integer() else end for end in (low, high))
            low, high = (min(max(end, -limit), limit) for end in (low, high))
        return Range(low, high, has_high=has_high)

    def _amount(self, field: Field, value: Text) -> Amount:
        read, example = _AMOUNTS[field.type]
        amount = read(value.text)
        if amount is None:
            raise self.error(f"{value.text!r} is no {field.type}: give it as {example}", value)
        return amount

    def _dates(self, field: Field, value: Text) -> Range:
        found = moments.interval(value.text, self.now.replace(tzinfo=None))
        if found is None:
            hint = "give it as 2024, 2024-05, 2024-05-03, 2024-05-03T18:30, today, or -2w for two weeks ago"
            raise self.error(f"{value.text!r} is no date: {hint}", value)
        low, high = (self._time(field, end) for end in (found.start, found.end))
        return Range(low, high, has_high=low == high)

    def _time(self, field: Field, local: datetime) -> Any:
        """Return a local time as the column of a field has it."""
        if field.type is Type.LOCAL_TIME:
            return local.isoformat(timespec="seconds")
        moment = self._utc(local)
        return int(moment.timestamp()) * round(1 / field.unit) if field.is_whole else moment

    def _utc(self, local: datetime) -> datetime:
        try:
            return local.replace(tzinfo=self.now.tzinfo).astimezone(UTC)
        except OverflowError:  # the last and the first day of the calendar
            return local.replace(tzinfo=UTC)

    def _digits(self, value: Text) -> Range:
        digits = value.text.lower()
        if not re.fullmatch(r"[0-9a-f]{1,128}", digits):
            raise self.error(f"{value.text!r} is no hash: give hexadecimal digits, or the first of them", value)
        return Range(digits + "0" * (len(digits) % 2), digits.ljust(128, "f"))

    def _phash(self, value: Text) -> Exact:
        if not re.fullmatch(r"[0-9a-fA-F]{16}", value.text):
            raise self.error(f"{value.text!r} is no perceptual hash: give 16 hexadecimal digits", value)
        return Exact(value.text.lower())

    def _boolean(self, field: Field, value: Text) -> Range:
        if value.text.lower() not in _YES + _NO:
            raise self.error(f"{field.full_name} is yes or no, not {value.text!r}", value)
        is_true = value.text.lower() in _YES
        return Range(is_true, is_true)


_AMOUNTS: dict[Type, tuple[Callable[[str], Amount | None], str]] = {
    Type.NUMBER: (amounts.number, "3000 or 2.8"),
    Type.SIZE: (amounts.size, "20MB, 1.5GiB or 1000"),
    Type.DURATION: (amounts.duration, "90s, 1h30m or 1:30"),
}


def is_wild(text: str) -> bool:
    """Return whether a text has a wildcard of a glob that is not escaped."""
    return _WILD.search(text) is not None


def variants(text: str) -> list[str]:
    """Return a text as written and in the cases of letters that are not ASCII, composed and decomposed."""
    if text.isascii():
        return [text]
    cases = (text, text.lower(), text.upper(), text.title())
    return list(dict.fromkeys(unicodedata.normalize(form, case) for form in ("NFC", "NFD") for case in cases))
