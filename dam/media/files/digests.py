"""Compute SHA-256 (FIPS 180-4) and MD5 (RFC 1321) digests in one pass."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Digests:
    """Digests of a content, as lower-case hexadecimal digits."""

    sha256: str
    md5: str


def digests_of(chunks: Iterable[bytes]) -> Digests:
    """Return the digests of the concatenated chunks."""
    sha256 = hashlib.sha256()
    md5 = hashlib.md5(usedforsecurity=False)
    for chunk in chunks:
        sha256.update(chunk)
        md5.update(chunk)
    return Digests(sha256.hexdigest(), md5.hexdigest())
