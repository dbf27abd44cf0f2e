"""Why a setting is refused, in plain words."""

from collections.abc import Mapping
from typing import Any

_NUMBERS = {"int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number"}


def in_words(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, for an error of pydantic; its own words where it is of no known kind."""
    value, limits, kind = error.get("input"), error.get("ctx", {}), error["type"]
    if kind in _NUMBERS:
        return f"{value!r} is not {_NUMBERS[kind]}"
    if kind == "greater_than_equal":
        return f"{value} is too small: the minimum is {limits['ge']:g}"
    if kind == "less_than_equal":
        return f"{value} is too large: the maximum is {limits['le']:g}"
    return str(limits["error"]) if kind == "value_error" else str(error["msg"])
