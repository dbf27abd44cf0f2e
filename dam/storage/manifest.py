"""The contract of a store's manifest; `tests/storage/test_manifest.py` tests every implementation."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Manifest(Protocol):
    """Segments of bytes beside the blobs, each with a number, that are only ever appended to.

    What the bytes mean is the matter of `dam.services.manifest`. Every method raises StoreError when the store fails.
    """

    def numbers(self) -> Sequence[int]:
        """Return the numbers of all segments, ascending."""

    def open(self, number: int) -> BinaryIO:
        """Open a segment for reading."""

    def hold(self) -> AbstractContextManager[None]:
        """Exclude every other process and thread that holds the manifest: for a short time, around `append`."""

    def append(self, data: bytes, *, new_segment: bool = False) -> None:
        """Append to the newest segment, or begin one; durable by the time this returns.

        A new segment appears with all its data or not at all. An append that is killed may leave a part of `data`.
        """
