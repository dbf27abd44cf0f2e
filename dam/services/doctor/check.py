"""The result of one check."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How serious a result is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """What was checked, what was found, and what to do about it; `advice` is None where nothing is to be done."""

    name: str
    status: Status
    found: str
    advice: str | None = None


def ok(name: str, found: str) -> Check:
    """Return a check that found nothing wrong."""
    return Check(name, Status.OK, found)


def warn(name: str, found: str, advice: str) -> Check:
    """Return a check that found what may do harm."""
    return Check(name, Status.WARN, found, advice)


def fail(name: str, found: str, advice: str) -> Check:
    """Return a check that found what keeps the library from working, or from being safe."""
    return Check(name, Status.FAIL, found, advice)
