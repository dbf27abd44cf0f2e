"""The fields of queries: every column of every component, from the mapper, and short aliases for the common ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Column, DateTime, Float, Integer, LargeBinary, inspect

from dam.models import component_classes
from dam.models.base_class import Base
from dam.models.entity import Entity
from dam.models.types import HexDigest, JsonText, PerceptualHash, UtcDateTime
from dam.services.user_data.effective import SOURCES


class Type(StrEnum):
    """How the values of a field are written and compared."""

    TEXT = "text"
    TAG = "tag"
    NUMBER = "number"
    SIZE = "size"
    DURATION = "duration"
    MOMENT = "date"
    LOCAL_TIME = "local date"
    HASH = "digits"
    PHASH = "16 digits"
    BOOLEAN = "yes or no"
    JSON = "list or table"
    BYTES = "bytes"


@dataclass(frozen=True)
class Field:
    """A column of a component, or of the entities themselves."""

    component: str
    name: str
    model: type[Base]
    column: Column[Any]
    type: Type
    unit: float = 1
    """What one in the database is: seconds of a duration."""

    @property
    def full_name(self) -> str:
        """Return `component.column`."""
        return f"{self.component}.{self.name}"

    @property
    def is_whole(self) -> bool:
        """Whether the values are integers."""
        return isinstance(self.column.type, Integer)


@dataclass(frozen=True)
class Alias:
    """A short name for columns. `first`: only the first one that an asset has counts; otherwise any."""

    fields: tuple[str, ...]
    about: str
    first: bool = False


def _said(name: str) -> tuple[str, ...]:
    """Return the columns of what the user or the file says, in order of precedence."""
    return tuple(f"{column.class_.component_name()}.{column.key}" for column in SOURCES[name])


ENTITY = "entity"
ALIASES: Mapping[str, Alias] = {
    "id": Alias(("entity.id",), "entity id"),
    "added": Alias(("entity.created_at",), "when it came into the library"),
    "name": Alias(("file_properties.original_filename", "source_path.filename"), "file name"),
    "filename": Alias(("file_properties.original_filename",), "file name under which the content first came"),
    "source": Alias(("source_path.path_display",), "path from which it was added"),
    "mime": Alias(("file_properties.media_type",), "media type"),
    "size": Alias(("file_properties.file_size_bytes",), "size of the content"),
    "sha256": Alias(("content_hash_sha256.hash_value",), "SHA-256, or its first digits"),
    "md5": Alias(("content_hash_md5.hash_value",), "MD5, or its first digits"),
    "width": Alias(("dimensions.width",), "pixels, as displayed"),
    "height": Alias(("dimensions.height",), "pixels, as displayed"),
    "duration": Alias(
        ("container.duration", "audio_properties.duration_seconds", "animation.duration_ms"), "running time", first=True
    ),
    "taken": Alias(("capture.local_time",), "when it was taken, by the local time of the picture"),
    "camera": Alias(("camera.make", "camera.model"), "make or model of the camera"),
    "make": Alias(("camera.make",), "make of the camera"),
    "lens": Alias(("camera.lens",), "lens"),
    "iso": Alias(("capture.iso",), "ISO speed"),
    "aperture": Alias(("capture.aperture",), "F-number"),
    "exposure": Alias(("capture.exposure_seconds",), "exposure time"),
    "focal": Alias(("capture.focal_length",), "focal length in millimetres"),
    "latitude": Alias(("gps.latitude",), "degrees north"),
    "longitude": Alias(("gps.longitude",), "degrees east"),
    "altitude": Alias(("gps.altitude",), "metres above sea level"),
    "tag": Alias(("tag.tag",), "tag; also those below it"),
    "title": Alias(_said("title"), "title"),
    "description": Alias(_said("description"), "description"),
    "notes": Alias(_said("notes"), "notes of the user"),
    "rating": Alias(_said("rating"), "rating, the user's before the file's", first=True),
    "keyword": Alias(("description.keywords", "description.hierarchies"), "keywords in the file"),
    "face": Alias(("region.name",), "name of a person, or of another region, in the file"),
    "collection": Alias(("collection.name",), "collection"),
    "artist": Alias(("description.artist", "audio_tags.artist"), "artist"),
    "album": Alias(("audio_tags.album",), "album"),
    "author": Alias(("document.author",), "author"),
    "copyright": Alias(("description.copyright",), "copyright"),
    "text": Alias(("document_text.text", "ocr.text"), "text in the content"),
    "lang": Alias(("language.code",), "language of the text, such as `de`"),
    "pages": Alias(("document.pages",), "pages"),
    "codec": Alias(("video_stream.codec", "audio_stream.codec", "audio_properties.codec"), "codec"),
    "fps": Alias(("video_stream.frame_rate",), "frames per second"),
}
"""The aliases. Columns that no component has, since its part is not installed, are left out."""

SPECIAL = {
    "kind": "image, video, audio, document, other",
    "ext": "ending of a file name",
    "has": "a component or a field that the asset has",
    "none": "a component or a field that it lacks",
    "is": "a state, see below",
    "near": "latitude,longitude,distance",
    "similar": "an asset or a file",
}
"""Names with rules of their own, see `special.py`."""


@cache
def fields() -> dict[str, Field]:
    """Return all fields by full name, in lower case."""
    found = [*_of(ENTITY, Entity)]
    for kind in component_classes():
        found += _of(kind.component_name(), kind)
    return {field.full_name: field for field in found}


def _of(component: str, model: type[Base]) -> Iterator[Field]:
    for name, column in inspect(model).columns.items():
        if component != ENTITY and name == "id":
            continue
        yield Field(component, name, model, column, *_type(component, name, column))


def _type(component: str, name: str, column: Column[Any]) -> tuple[Type, float]:  # noqa: PLR0911  a table
    if component in ("tag", "collection") and name in ("tag", "name"):
        return Type.TAG, 1
    for kind, type_ in _BY_COLUMN_TYPE:
        if isinstance(column.type, kind):
            return type_, 1
    if isinstance(column.type, Integer | Float):
        if name.endswith("_ns"):
            return Type.MOMENT, 1e-9
        if name.endswith("_bytes") or (component, name) == ("source_path", "size"):
            return Type.SIZE, 1
        if name.endswith("_ms"):
            return Type.DURATION, 0.001
        if name == "duration" or name.endswith("_seconds"):
            return Type.DURATION, 1
        return Type.NUMBER, 1
    return (Type.LOCAL_TIME if name == "local_time" else Type.TEXT), 1


_BY_COLUMN_TYPE: tuple[tuple[type, Type], ...] = (
    (HexDigest, Type.HASH),
    (PerceptualHash, Type.PHASH),
    (UtcDateTime, Type.MOMENT),
    (DateTime, Type.MOMENT),
    (JsonText, Type.JSON),
    (Boolean, Type.BOOLEAN),
    (LargeBinary, Type.BYTES),
)


def find(name: str) -> tuple[tuple[Field, ...], bool] | None:
    """Return the columns of a name, and whether only the first that an asset has counts; None where there is none."""
    if alias := ALIASES.get(name):
        return tuple(fields()[each] for each in alias.fields if each in fields()), alias.first
    return ((fields()[name],), False) if name in fields() else None


def component_names() -> list[str]:
    """Return the names of all components."""
    return [kind.component_name() for kind in component_classes()]


def names() -> list[str]:
    """Return all names that a condition can begin with, the short ones first."""
    return [*sorted({*SPECIAL, *(alias for alias in ALIASES if (find(alias) or ((),))[0])}), *sorted(fields())]


def nearest(name: str, among: list[str] | None = None) -> str:
    """Return `: did you mean …?` for a name that is close to one that there is, or nothing."""
    known = names() if among is None else among
    close = get_close_matches(name, known, 1) or [each for each in known if each.endswith(f".{name}")][:1]
    return f": did you mean {close[0]}?" if close else ""
