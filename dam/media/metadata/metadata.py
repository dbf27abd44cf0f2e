"""What an image file says of itself: EXIF, IPTC and XMP, in the file or in a sidecar beside it, as one record.

Each field has the first value that is there. Of what a camera measures, EXIF comes before XMP and IPTC; of what
people write, XMP comes before IPTC and EXIF, as programs keep it up to date; a sidecar comes before all that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any, BinaryIO

from dam.core.errors import DecodeError
from dam.media.metadata.fields import Fields

MEASURED = ("taken", "exposure_seconds", "aperture", "iso", "focal_length", "orientation", "make", "model", "lens")
PLACE = ("latitude", "longitude", "altitude")


@dataclass(frozen=True)
class Metadata:
    """The common fields, and all that was found, by where it was."""

    common: Fields = field(default_factory=Fields)
    everything: Mapping[str, Any] = field(default_factory=dict)
    """Tables by `exif`, `iptc`, `xmp` and `sidecar`, and under `problems` what could not be read."""


def read_metadata(stream: BinaryIO, media_type: str, sidecar: bytes | None = None) -> Metadata:
    """Read what a file and its sidecar say; what is damaged in it costs only itself."""
    from dam.media.metadata.blocks import Blocks, find_blocks  # noqa: PLC0415  commands that read no file need it not

    problems: list[str] = []

    def attempt(name: str, read: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return read()
        except DecodeError as exc:
            problems.append(f"{name}: {exc}")
        except Exception as exc:  # noqa: BLE001  readers of hostile content raise anything
            problems.append(f"{name}: {type(exc).__name__}")
        return otherwise

    blocks = attempt("file", lambda: find_blocks(stream, media_type), Blocks())
    if not (problems or sidecar or blocks != Blocks()):
        return Metadata()

    from dam.media.metadata import exif, iptc, xmp  # noqa: PLC0415  most files have none of them

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
    found = {name: attempt(name, partial(readers[name], table), Fields()) for name, table in tables.items() if table}
    everything = {name: table for name, table in tables.items() if table}
    return Metadata(_merge(found), everything | ({"problems": problems} if problems else {}))


def _merge(found: Mapping[str, Fields]) -> Fields:
    measured = _present(found, ("sidecar", "exif", "xmp", "iptc"))
    written = _present(found, ("sidecar", "xmp", "iptc", "exif"))
    placed = next((said for said in measured if said.latitude is not None and said.longitude is not None), Fields())
    values: dict[str, Any] = {}
    for name in (each.name for each in fields(Fields)):
        if name in PLACE:  # the three belong together
            values[name] = getattr(placed, name)
        else:
            values[name] = _first(measured if name in MEASURED else written, name)
    return Fields(**values)


def _present(found: Mapping[str, Fields], order: Sequence[str]) -> list[Fields]:
    return [found[name] for name in order if name in found]


def _first(sources: Sequence[Fields], name: str) -> Any:
    return next((value for said in sources if (value := getattr(said, name)) is not None), None)
