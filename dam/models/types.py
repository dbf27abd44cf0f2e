"""Column types: compact in the database, readable in Python."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Text
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

BigInt = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; on SQLite, the type that a rowid needs."""

PrimaryKey = Annotated[int, mapped_column(BigInt, primary_key=True)]

DIGITS = 16
"""The hexadecimal digits of a perceptual hash: 64 bits."""


class HexDigest(TypeDecorator[str]):
    """A digest: lower-case hexadecimal digits in Python, bytes in the database.

    Bytes take half the space and sort like the digits, so a prefix is a range.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Turn digits into bytes; ValueError if they are not hexadecimal."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Turn bytes into digits."""
        return None if value is None else value.hex()


class PerceptualHash(TypeDecorator[str]):
    """A 64-bit perceptual hash: 16 hexadecimal digits in Python, one signed integer in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Turn 16 digits into a signed integer of the same 64 bits; ValueError if there are not 16."""
        if value is None:
            return None
        if len(value) != DIGITS:
            raise ValueError(f"{value!r} is not a perceptual hash: it must be {DIGITS} hexadecimal digits")
        return int.from_bytes(bytes.fromhex(value), signed=True)

    def process_result_value(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Turn a signed integer into 16 digits."""
        return None if value is None else value.to_bytes(8, signed=True).hex()


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, always aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Turn an aware moment into UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Add the time zone, which SQLite does not store."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """Lists and tables: plain values in Python, JSON text in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write JSON; equal values give equal text."""
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read JSON."""
        return None if value is None else json.loads(value)
