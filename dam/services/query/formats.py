"""How the results of a query can be written."""

from enum import StrEnum


class Format(StrEnum):
    """A format of results."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PATHS = "paths"
    PRINT0 = "print0"
    IDS = "ids"
    SHA256SUM = "sha256sum"


DEFAULT_FIELDS = {
    Format.TABLE: ("id", "kind", "size", "width", "height", "taken", "filename", "tag"),
    Format.CSV: ("id", "sha256", "size", "mime", "taken", "filename", "tag", "path"),
}
