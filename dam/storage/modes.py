"""Modes of storing the bytes of a source."""

from enum import StrEnum


class Mode(StrEnum):
    """How a source file is stored."""

    COPY = "copy"
    """Copy the bytes."""
    AUTO = "auto"
    """Share the bytes if the file system supports it (reflink), copy them otherwise."""
    REFLINK = "reflink"
    """Share the bytes until one of the two files changes; fail if the file system does not support it."""
    HARDLINK = "hardlink"
    """Make a hard link; fail across file systems. Writing to one file changes both."""
    MOVE = "move"
    """Copy the bytes, and unlink the source once they are stored durably."""
    REFERENCE = "reference"
    """Leave the file in place: the library records its path and content."""


REFERENCE_STORAGE = "reference"
"""The storage type of content that exists only at its source."""
