"""What dam reads of the metadata of files, field by field, against exiftool.

`python tests/bench/metadata.py [FOLDER …]` prints a table of the fields: how many files agree, differ, and have a value
only by exiftool or only by dam; with `--files`, the files that do not agree. Without a folder it makes a corpus.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from dam.core.errors import DecodeError
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.kinds import Kind
from dam.media.metadata.fields import Fields
from dam.media.metadata.moments import moment
from dam.media.sample import Sample, obstacle
from tests.bench.described_files import make_corpus

ARGUMENTS = ["exiftool", "-j", "-n", "-r"]
OUTCOMES = ("agree", "differ", "only exiftool", "only dam", "neither")

_NAMES = {
    "latitude": ("GPSLatitude",),
    "longitude": ("GPSLongitude",),
    "altitude": ("GPSAltitude",),
    "make": ("Make", "AndroidManufacturer"),
    "model": ("Model", "AndroidModel"),
    "lens": ("LensModel", "Lens", "LensType", "LensID"),
    "iso": ("ISO",),
    "aperture": ("FNumber",),
    "exposure": ("ExposureTime",),
    "focal length": ("FocalLength",),
    "title": ("Title", "ObjectName", "Headline"),
    "artist": ("Creator", "By-line", "Artist", "Author"),
    "album": ("Album",),
    "copyright": ("Rights", "CopyrightNotice", "Copyright"),
    "rating": ("Rating",),
    "keywords": ("Subject", "Keywords"),
    "hierarchies": ("HierarchicalSubject", "TagsList"),
    "faces": ("RegionName", "RegionPersonDisplayName"),
}
"""Names of exiftool by field, in the order in which dam prefers them."""
_MAKES = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}
"""What exiftool prints of a camcorder's make when it prints numbers."""


def main(arguments: list[str]) -> None:
    """Print the table."""
    folders = [argument for argument in arguments if not argument.startswith("-")]
    with tempfile.TemporaryDirectory() as made:
        if not folders:
            make_corpus(Path(made))
            folders = [made]
        counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(OUTCOMES, 0))
        files = 0
        for path, theirs in _by_exiftool(folders):
            ours = _by_dam(path)
            if ours is None:
                continue
            files += 1
            for field, outcome, said in _compared(theirs, ours):
                counts[field][outcome] += 1
                if "--files" in arguments and outcome not in ("agree", "neither"):
                    print(f"{outcome:14} {field:12} {path}: {said}")
    print(f"{files} files\n\n| field | " + " | ".join(OUTCOMES[:4]) + " |\n|---|---|---|---|---|")
    for field, counted in counts.items():
        print(f"| {field} | " + " | ".join(str(counted[outcome]) for outcome in OUTCOMES[:4]) + " |")


def _by_exiftool(folders: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    done = subprocess.run([*ARGUMENTS, *folders], capture_output=True, check=False)
    for said in json.loads(done.stdout or b"[]"):
        yield said["SourceFile"], said


def _by_dam(path: str) -> dict[str, Any] | None:
    """Return the values that dam would store, by field; None for a file that it only stores."""
    with open(path, "rb") as file:
        kind = media_type(file.read(HEAD_BYTES), path, lambda: nullcontext(file))
    sample = Sample.of_file(path, kind)
    if obstacle(kind) or sample.kind not in _READERS:
        return None
    try:
        return {"kind": sample.kind.value} | _READERS[sample.kind](sample)
    except DecodeError:
        return None


def _of_fields(sample: Sample) -> dict[str, Any]:
    fields: Fields = sample.metadata.common
    taken = fields.taken
    return {
        "time": taken.local if taken else None,
        "offset": taken.offset if taken else None,
        "latitude": fields.latitude,
        "longitude": fields.longitude,
        "altitude": fields.altitude,
        "make": fields.make,
        "model": fields.model,
        "lens": fields.lens,
        "iso": fields.iso,
        "aperture": fields.aperture,
        "exposure": fields.exposure_seconds,
        "focal length": fields.focal_length,
        "title": fields.title,
        "artist": fields.artist,
        "copyright": fields.copyright,
        "rating": fields.rating,
        "keywords": sorted(fields.keywords or ()) or None,
        "hierarchies": sorted(fields.hierarchies or ()) or None,
        "faces": sorted(region.name for region in fields.regions or () if region.name) or None,
    }


def _of_sound(sample: Sample) -> dict[str, Any]:
    from dam.media.audio.tags import Tags, read_tags

    with sample.open_content() as stream:
        tags = read_tags(stream, sample.container.tags) or Tags()
    return {"title": tags.title, "artist": tags.artist, "album": tags.album}


def _of_document(sample: Sample) -> dict[str, Any]:
    read = sample.document
    dates = {"created": (read.created, read.created_offset), "modified": (read.modified, read.modified_offset)}
    said = {
        name: date.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, (date, offset) in dates.items()
        if date and offset is not None
    }
    return {
        "title": read.title,
        "artist": read.author,
        "created": said.get("created"),
        "modified": said.get("modified"),
    }


_READERS: dict[Kind, Callable[[Sample], dict[str, Any]]] = {
    Kind.IMAGE: _of_fields,
    Kind.VIDEO: _of_fields,
    Kind.AUDIO: _of_sound,
    Kind.DOCUMENT: _of_document,
}


def _compared(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each field with its outcome and both values."""
    for field, value in ours.items():
        other = _said(theirs, field)
        if value is None or other is None:
            outcome = "neither" if value is other else "only dam" if other is None else "only exiftool"
        else:
            outcome = "agree" if _is_equal(value, other) else "differ"
        yield field, outcome, f"exiftool {other!r}, dam {value!r}"


def _said(theirs: Mapping[str, Any], field: str) -> Any:
    """Return exiftool's value of a field in the form of dam's."""
    if field == "kind":
        return (
            theirs.get("MIMEType", "").partition("/")[0].replace("application", "document").replace("text", "document")
        )
    if field in ("time", "offset"):
        return _time(theirs)[field == "offset"]
    if field in ("created", "modified"):
        date = str(theirs.get("CreateDate" if field == "created" else "ModifyDate") or "")
        return _utc(date) if len(date) > len("2024:05:03 14:20:30") else None
    value = next((theirs[name] for name in _NAMES[field] if theirs.get(name) not in (None, "", [])), None)
    if field in ("keywords", "hierarchies", "faces") and value is not None:
        listed = value if isinstance(value, list) else str(value).split(";") if field == "x" else [value]
        found = sorted({" ".join(str(item).split()) for item in listed if str(item).strip()})
        return (
            [item.replace("/", "|") for item in found]
            if "HierarchicalSubject" not in theirs and field == "hierarchies"
            else found or None
        )
    if field == "make":
        return _MAKES.get(value, value) if isinstance(value, int) else value
    zero = field in ("iso", "aperture", "exposure", "focal length") and value in (0, "0", "undef", "inf")
    return None if zero or (isinstance(value, str) and not value.strip()) else value


def _time(theirs: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """Return the local time of recording and its offset from UTC in minutes, from what exiftool says."""
    video = theirs.get("MIMEType", "").startswith("video/")
    names = (
        "SubSecDateTimeOriginal",
        "CreationDate",
        "DateTimeOriginal",
        "SubSecCreateDate",
        "CreateDate",
        "DateCreated",
    )
    for name in names:
        found = moment(str(theirs.get(name) or ""))
        if found and not found.local.startswith("1904"):
            in_utc = video and name == "CreateDate"  # QuickTime
            return found.local, 0 if in_utc else found.offset
    return None, None


def _utc(date: str) -> str | None:
    found = moment(date)
    return found.utc.strftime("%Y-%m-%dT%H:%M:%SZ") if found and found.utc else None


def _is_equal(value: Any, other: Any) -> bool:
    if isinstance(value, list):
        return bool(value == other)
    if isinstance(value, int | float):
        return isinstance(other, int | float) and abs(value - other) <= 1e-4 * max(1, abs(other))
    texts = [
        " ".join(str("; ".join(map(str, each)) if isinstance(each, list) else each).split()) for each in (value, other)
    ]
    return texts[0] == texts[1] or texts[1].startswith(f"{texts[0]};")  # dam keeps the first of several artists


if __name__ == "__main__":
    main(sys.argv[1:])
