"""The components of one asset in words: what it is, when, where, by what, its tags."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from dam.render.facts import bit_rate, dimensions, duration, format_name, moment
from dam.render.text import counted, human_size, safe, short

MEGAPIXEL = 1_000_000
REJECTED = -1
FASTEST_WHOLE_SECONDS = 0.4
"""Exposures below this are told as a fraction of a second."""

Values: TypeAlias = Mapping[str, Any]
Components: TypeAlias = Mapping[str, Sequence[Values]]
"""The values of each component by column, by component name."""
Row: TypeAlias = tuple[str, str | None]
"""A label and what is said under it; nothing is written where there is nothing to say."""


def facts(components: Components) -> Iterator[Row]:
    """Yield what people want to know of an asset, from its components."""
    yield from _words(components)
    yield "what", _what(components)
    for stream in components.get("video_stream", ()):
        yield ("cover" if stream["is_cover"] else "video"), _video(stream)
    for stream in components.get("audio_stream", ()):
        yield "sound", _sound(stream)
    yield ("taken" if "capture" in components else "made"), _taken(components)
    yield "where", _where(first(components, "gps"))
    yield "camera", _camera(first(components, "camera"))
    yield "exposure", _exposure(first(components, "capture"))
    yield "tags", _listed(values["tag"] for values in components.get("tag", ()))
    yield "keywords", _listed(first(components, "description").get("keywords") or ())


def _words(components: Components) -> Iterator[Row]:
    """Yield what people say of it: the user before the file."""
    said = [first(components, name) for name in ("annotation", "description", "audio_tags", "document")]
    said.append(json.loads(first(components, "container").get("tags", "{}")))
    yield "title", _text(said, "title")
    rating = next((values["rating"] for values in said if values.get("rating") is not None), None)
    yield "rating", None if rating is None else "rejected" if rating == REJECTED else f"{rating} of 5"
    yield "description", _text(said, "description") or _text(said, "subject")
    yield "notes", _text(said, "notes")
    yield "by", _text(said, "artist") or _text(said, "author")
    tags = first(components, "audio_tags")
    parts = [tags.get("album"), f"track {tags['track']}" if tags.get("track") else None, tags.get("year")]
    yield "release", _listed(part for part in parts if part)
    yield "copyright", _text(said, "copyright")
    yield "collections", _listed(values["name"] for values in components.get("collection", ()) if "name" in values)


def _what(components: Components) -> str:
    file, size = first(components, "file_properties"), first(components, "dimensions")
    animation, document = first(components, "animation"), first(components, "document")
    audio, container = first(components, "audio_properties"), first(components, "container")
    seconds = container.get("duration") or audio.get("duration_seconds")
    rate = container.get("bit_rate") or audio.get("bit_rate")
    parts = [
        format_name(file.get("media_type", "")),
        _pixels(size["width"], size["height"]) if size else None,
        counted(animation["frames"], "frame") if animation else None,
        counted(document["pages"], "page") if document.get("pages") else None,
        "encrypted" if document.get("encrypted") else None,
        duration(seconds) if seconds else None,
        bit_rate(rate) if rate else None,
        human_size(file.get("file_size_bytes", 0)),
    ]
    return ", ".join(part for part in parts if part)


def _pixels(width: int, height: int) -> str:
    megapixels = width * height / MEGAPIXEL
    return f"{dimensions(width, height)}{f' ({megapixels:.1f} MP)' if megapixels >= 0.1 else ''}"  # noqa: PLR2004


def _video(stream: Values) -> str:
    rate = stream["frame_rate"]
    parts = [stream["codec"], dimensions(stream["width"], stream["height"]), f"{rate:.4g} frames/s" if rate else None]
    turned = f"turned by {stream['rotation']}°" if stream["rotation"] else None
    return ", ".join(safe(part) for part in [*parts, turned] if part)


def _sound(stream: Values) -> str:
    rate = bit_rate(stream["bit_rate"]) if stream["bit_rate"] else None
    parts = [stream["codec"], f"{stream['sample_rate']:,} Hz", counted(stream["channels"], "channel"), rate]
    return ", ".join(safe(part) for part in [*parts, stream["language"]] if part)


def _taken(components: Components) -> str | None:
    capture = first(components, "capture")
    if capture.get("local_time"):
        offset = capture["offset_minutes"]
        zone = "" if offset is None else f" {'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
        return f"{safe(capture['local_time'].replace('T', ' '))}{zone}"
    created = first(components, "container").get("created") or first(components, "document").get("created")
    return f"{moment(created.isoformat())} UTC" if created else None


def _where(gps: Values) -> str | None:
    if not gps:
        return None
    north, east = gps["latitude"], gps["longitude"]
    place = f"{abs(north):.5f}° {'N' if north >= 0 else 'S'}, {abs(east):.5f}° {'E' if east >= 0 else 'W'}"
    return place if gps["altitude"] is None else f"{place}, {gps['altitude']:.0f} m"


def _camera(camera: Values) -> str | None:
    make, model = camera.get("make") or "", camera.get("model") or ""
    name = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    return ", ".join(safe(part) for part in (name, camera.get("lens")) if part)


def _exposure(capture: Values) -> str | None:
    seconds, aperture = capture.get("exposure_seconds"), capture.get("aperture")
    iso, focal = capture.get("iso"), capture.get("focal_length")
    parts = [
        (f"1/{1 / seconds:.0f} s" if seconds < FASTEST_WHOLE_SECONDS else f"{seconds:.3g} s") if seconds else None,
        f"f/{aperture:.3g}" if aperture else None,
        f"ISO {iso}" if iso else None,
        f"{focal:.4g} mm" if focal else None,
    ]
    return ", ".join(part for part in parts if part)


def problems(components: Components) -> Iterator[Row]:
    """Yield what is wrong with the content of an asset, or missing from it."""
    document = first(components, "document")
    if document.get("has_text") is False:
        yield "note", f"no text: {why_no_text(document)}"
    for reason in dict.fromkeys(values["reason"] for values in components.get("system_failure", ())):
        yield "problem", short(reason)


def why_no_text(document: Values) -> str:
    """Return why a document has no text."""
    return "password required" if document["encrypted"] else "the pages are images, as in a scan"


def first(components: Components, name: str) -> Values:
    """Return the values of the first component of a name; empty where there is none."""
    return next(iter(components.get(name, ())), {})


def _text(said: Iterable[Values], key: str) -> str | None:
    found = next((values[key] for values in said if values.get(key)), None)
    return None if found is None else short(str(found))


def _listed(values: Iterable[Any]) -> str | None:
    return short(", ".join(map(str, values))) or None
