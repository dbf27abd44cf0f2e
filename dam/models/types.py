"""Column types that store values compactly and convert them to readable Python values."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, String, Text
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

BigInt = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer. On SQLite its type is INTEGER, as an alias of the rowid requires."""

PrimaryKey = Annotated[int, mapped_column(BigInt, primary_key=True)]

FoldedText = String(765).with_variant(String(765, collation="C"), "postgresql")
"""The key of a name of at most 255 characters; folding makes three of one at most.

It is ordered by code points in every database, so that a prefix corresponds to a range.
"""

DIGITS = 16
"""Number of hexadecimal digits of a 64-bit perceptual hash."""


class HexDigest(TypeDecorator[str]):
    """A digest: lower-case hexadecimal digits in Python, bytes in the database.

    Bytes take half the space and sort in the same order, so that a prefix corresponds to a range.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Convert digits to bytes.

        Raises:
            ValueError: the value is not hexadecimal.

        """
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Convert bytes to digits."""
        return None if value is None else value.hex()


class PerceptualHash(TypeDecorator[str]):
    """A 64-bit perceptual hash: 16 hexadecimal digits in Python, a signed integer in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Convert 16 digits to the signed integer with the same 64 bits.

        Raises:
            ValueError: the value does not have 16 hexadecimal digits.

        """
        if value is None:
            return None
        if len(value) != DIGITS:
            raise ValueError(f"{value!r} is not a perceptual hash: it must be {DIGITS} hexadecimal digits")
        return int.from_bytes(bytes.fromhex(value), signed=True)

    def process_result_value(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Convert a signed integer to 16 digits."""
        return None if value is None else value.to_bytes(8, signed=True).hex()


class UtcDateTime(TypeDecorator[datetime]):
    """A date-time in UTC, always aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Convert an aware date-time to UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Add the time zone, which SQLite does not store."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """Lists and dicts in Python, JSON text in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Serialise to JSON. Equal values give equal texts."""
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace").decode()  # a lone surrogate as its escape, which JSON has too

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Parse JSON."""
        return None if value is None else json.loads(value)
