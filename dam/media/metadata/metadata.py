"""Merge the EXIF, IPTC and XMP of an image file and of its sidecar into one record.

A field has the value of the first source that gives one. For fields that a camera measures, the order is sidecar, EXIF,
XMP, IPTC. For fields that people write, it is sidecar, XMP, IPTC, EXIF, because programs keep XMP up to date.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, BinaryIO

from dam.core.errors import DecodeError
from dam.media.metadata.fields import Fields

MEASURED = ("taken", "exposure_seconds", "aperture", "iso", "focal_length", "orientation", "make", "model", "lens")
POSITION = ("latitude", "longitude", "altitude")


@dataclass(frozen=True)
class Metadata:
    """Metadata of an image: the merged common fields, and the table of each source."""

    common: Fields = field(default_factory=Fields)
    everything: Mapping[str, Any] = field(default_factory=dict)
    """Tables under `exif`, `iptc`, `xmp` and `sidecar`, and a list of error messages under `problems`."""


def read_metadata(stream: BinaryIO, media_type: str, sidecar: bytes | None = None) -> Metadata:
    """Return the metadata of an image file and its sidecar.

    It raises no error for damaged content: a block that cannot be read becomes an entry of `problems`.
    """
    from dam.media.metadata.blocks import Blocks, find_blocks  # noqa: PLC0415  commands that read no file need it not

    problems: list[str] = []

    def attempt(name: str, read: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return read()
        except DecodeError as exc:
            problems.append(f"{name}: {exc}")
        except Exception as exc:  # noqa: BLE001  decoders raise any exception for hostile content
            problems.append(f"{name}: {type(exc).__name__}")
        return otherwise

    blocks = attempt("file", lambda: find_blocks(stream, media_type), Blocks())
    if not (problems or sidecar or blocks != Blocks()):
        return Metadata()

    from dam.media.metadata import exif, iptc, xmp  # noqa: PLC0415  most files have no metadata

    tables = {
        "exif": attempt("exif", lambda: exif.table(blocks.exif, blocks.orientation), {}) if blocks.exif else {},
        "iptc": attempt("iptc", lambda: iptc.table(blocks.iptc), {}) if blocks.iptc else {},
        "xmp": attempt("xmp", lambda: xmp.table(blocks.xmp), {}) if blocks.xmp else {},
        "sidecar": attempt("sidecar", lambda: xmp.table(sidecar), {}) if sidecar else {},
    }
    if not problems and not any(tables.values()):
        return Metadata()
    readers: dict[str, Callable[[Mapping[str, Any]], Fields]] = {
        "exif": exif.fields,
        "iptc": iptc.fields,
        "xmp": xmp.fields,
        "sidecar": xmp.fields,
    }
    by_source = {
        name: attempt(name, partial(readers[name], table), Fields()) for name, table in tables.items() if table
    }
    everything = {name: table for name, table in tables.items() if table}
    return Metadata(_merge(by_source), everything | ({"problems": problems} if problems else {}))


def _merge(by_source: Mapping[str, Fields]) -> Fields:
    measured = _ordered(by_source, ("sidecar", "exif", "xmp", "iptc"))
    written = _ordered(by_source, ("sidecar", "xmp", "iptc", "exif"))
    located = next((each for each in measured if each.latitude is not None and each.longitude is not None), Fields())
    values: dict[str, Any] = {}
    for name in (each.name for each in fields(Fields)):
        if name in POSITION:  # all three from the same source
            values[name] = getattr(located, name)
        else:
            values[name] = _first(measured if name in MEASURED else written, name)
    return Fields(**values)


def _ordered(by_source: Mapping[str, Fields], order: Sequence[str]) -> list[Fields]:
    return [by_source[name] for name in order if name in by_source]


def _first(sources: Sequence[Fields], name: str) -> Any:
    return next((value for source in sources if (value := getattr(source, name)) is not None), None)
