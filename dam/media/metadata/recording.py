"""Merge what the container of a video says of its recording with what a camcorder has written into the stream."""

from collections.abc import Mapping
from dataclasses import fields
from typing import BinaryIO

from dam.core.errors import DecodeError
from dam.media.metadata import container_tags, mdpm
from dam.media.metadata.fields import Fields
from dam.media.metadata.metadata import Metadata

_WITH_MDPM = "video/mp2t"
"""The media type of AVCHD (`.mts`, `.m2ts`), whose container says nothing of the recording."""


def read_recording(stream: BinaryIO, media_type: str, tags: Mapping[str, str]) -> Metadata:
    """Return the common fields of a video from the stream and from `tags`, the metadata of its container."""
    said = container_tags.fields(tags)
    try:
        written = (mdpm.read(stream) if media_type == _WITH_MDPM else None) or Fields()
    except DecodeError:
        written = Fields()
    names = (each.name for each in fields(Fields))
    either = {name: first if (first := getattr(written, name)) is not None else getattr(said, name) for name in names}
    return Metadata(Fields(**either))
