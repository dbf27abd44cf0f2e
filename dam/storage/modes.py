"""How the bytes of a source come into a store."""

from enum import StrEnum


class Mode(StrEnum):
    """What is done with a source file."""

    COPY = "copy"
    """Its bytes are copied."""
    AUTO = "auto"
    """They are shared with the store where the file system can do that (reflink), and copied elsewhere."""
    REFLINK = "reflink"
    """They are shared with the store until one of both changes; an error where the file system cannot."""
    HARDLINK = "hardlink"
    """The store gets another name of the same file; an error across file systems. Writing to one writes to both."""
    MOVE = "move"
    """They are copied, and the source is unlinked once the library has it for good."""
    REFERENCE = "reference"
    """They stay where they are: the library knows the file by its path and content."""


REFERENCE_STORAGE = "reference"
"""The storage type of content that is only where it came from."""
