"""Numbers in queries: plain, sizes in bytes, durations in seconds. A value stands for all that is rounded to it."""

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"([+-]?\d{1,18}(?:\.(\d{1,15}))?)\s*([a-zA-Zµ]*)", re.ASCII)
_FRACTION = re.compile(r"(\d{1,9})/(\d{1,9})s?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d\d(?:\.\d{1,6})?)", re.ASCII)
_PARTS = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])", re.ASCII)

_PREFIXES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15}
_BINARY = {"ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40, "pi": 2**50}
SIZE_UNITS = {f"{name}{b}": factor for name, factor in (_PREFIXES | _BINARY).items() for b in ("", "b")}
SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Amount:
    """A number, and the width of the interval from it on that it stands for; 0 for the number alone."""

    value: float
    step: float = 0


def number(text: str) -> Amount | None:
    """Return a number; one with decimals stands for what is rounded to it."""
    found = _NUMBER.fullmatch(text)
    if not found or found[3]:
        return None
    value = int(found[1]) if found[2] is None else float(found[1])
    return Amount(value, 10.0 ** -len(found[2]) if found[2] else 0)


def size(text: str) -> Amount | None:
    """Return a size such as `20MB`, `1.5GiB` or `1000`; `20MB` stands for all below 21 MB."""
    found = _NUMBER.fullmatch(text)
    if not found or found[3].lower() not in SIZE_UNITS:
        return None
    factor = SIZE_UNITS[found[3].lower()]
    step = factor * 10.0 ** -len(found[2] or "")
    return Amount(round(float(found[1]) * factor) if factor > 1 else float(found[1]), step if factor > 1 else 0)


def duration(text: str) -> Amount | None:
    """Return a duration such as `90s`, `1h30m`, `1:30` or `1/250`; `3m` stands for all below four minutes."""
    if clock := _CLOCK.fullmatch(text):
        return Amount(int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3]), 1)
    if (fraction := _FRACTION.fullmatch(text)) and int(fraction[2]):
        value = int(fraction[1]) / int(fraction[2])
        return Amount(value * 0.99, value * 0.02)
    if _PARTS.fullmatch(text):
        parts = [(float(count), SECONDS[unit]) for count, unit in _PART.findall(text)]
        return Amount(sum(count * unit for count, unit in parts), min(unit for _, unit in parts))
    return number(text)
