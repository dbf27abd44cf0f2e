"""A corpus of files with metadata, written by ffmpeg and exiftool, for `metadata.py`."""

import subprocess
from pathlib import Path

from tests.media.documents import pdf
from tests.media.pictures import picture, saved
from tests.media.recordings import mdpm, transport_stream
from tests.media.test_modern_formats import heic
from tests.media.test_recording import SONY

_PICTURE = ["-f", "lavfi", "-i", "testsrc=d=1:s=96x64:r=10"]
_SOUND = ["-f", "lavfi", "-i", "sine=d=1"]
_H264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]
_CREATED = ["-metadata", "creation_time=2024-05-03T14:20:30Z"]
_PLACE = "+48.8577+002.2950"
_KEYS = {
    "location.ISO6709": f"{_PLACE}+035.000/",
    "make": "Apple",
    "model": "iPhone 15 Pro",
    "creationdate": "2024-05-03T16:20:30+0200",
}
_APPLE = [part for name, value in _KEYS.items() for part in ("-metadata", f"com.apple.quicktime.{name}={value}")]

VIDEOS = {
    "iphone.mov": [*_H264, "-movflags", "use_metadata_tags", *_APPLE, *_CREATED],
    "android.mp4": [*_H264, "-metadata", f"location={_PLACE}/", *_CREATED],
    "camera.mov": [*_H264, "-metadata", "make=Canon", "-metadata", "model=EOS R5", *_CREATED],
    "title.mkv": [*_H264, "-metadata", "title=T", *_CREATED],
    "phone.3gp": _H264,
    "old.avi": ["-c:v", "mpeg4", "-c:a", "libmp3lame", "-metadata", "date=Fri May 03 16:20:30 2024"],
}
BRANDS = ("M4A", "mp42", "isom", "iso5", "dash")
SOUNDS = {
    **{f"{brand}.m4a": ["-c:a", "aac", "-brand", brand, "-metadata", "title=T"] for brand in BRANDS},
    "phone.3gp": ["-c:a", "aac"],
    "ann.wav": ["-metadata", "artist=Ann", "-metadata", "title=T"],
    "ann.mp3": ["-c:a", "libmp3lame", "-metadata", "artist=Ann", "-metadata", "album=A"],
}
PICTURES = ("JPEG", "PNG", "WEBP", "TIFF", "HEIC")
SHOTS = (
    ["-Make=Makers", "-Model=Model 1", "-LensModel=Lens 35mm", "-ISO=400", "-FNumber=2.8", "-FocalLength=35"],
    ["-DateTimeOriginal=2024:05:03 16:20:30", "-SubSecTimeOriginal=78", "-OffsetTimeOriginal=+02:00"],
    ["-GPSLatitude=33.5", "-GPSLatitudeRef=S", "-GPSLongitude=151.21", "-GPSLongitudeRef=E", "-GPSAltitude=58"],
    ["-XMP-dc:Title=T", "-XMP-dc:Creator=Zoë", "-XMP-dc:Subject=sea", "-XMP-dc:Subject=rome", "-XMP-xmp:Rating=4"],
    ["-XMP-lr:HierarchicalSubject=place|italy|rome", "-XMP-dc:Rights=me", "-ExposureTime=1/250"],
    ["-RegionInfoMP={Regions=[{PersonDisplayName=Ada,Rectangle=0.1|, 0.2|, 0.3|, 0.4}]}"],
    ["-RegionInfo={RegionList=[{Area={X=0.5,Y=0.5,W=0.2,H=0.2,Unit=normalized},Name=Ada,Type=Face}]}"],
    ["-IPTC:Keywords=old", "-IPTC:By-line=Ann", "-IPTC:ObjectName=O", "-IPTC:CopyrightNotice=c"],
)


def make_corpus(folder: Path) -> None:
    """Write the files."""
    for name, options in VIDEOS.items():
        _ffmpeg([*_PICTURE, *_SOUND, *options], folder / f"video_{name}")
    for name, options in SOUNDS.items():
        _ffmpeg([*_SOUND, *options], folder / f"sound_{name}")
    (folder / "camcorder.mts").write_bytes(transport_stream(mdpm(SONY)))
    for form in PICTURES:
        for number, said in enumerate(SHOTS if form in ("JPEG", "TIFF") else SHOTS[:-1]):  # of IPTC
            path = folder / f"{number}.{form.lower()}"
            path.write_bytes(heic(picture()) if form == "HEIC" else saved(picture(), form))
            subprocess.run(["exiftool", "-q", "-overwrite_original", *said, path], check=True)
    for number, zone in enumerate(("+02'00'", "-03'30'", "Z", "")):
        told = {"Title": "T", "Author": "Ann", "CreationDate": f"D:20240503162030{zone}"}
        (folder / f"{number}.pdf").write_bytes(pdf(["text"], told))


def _ffmpeg(arguments: list[str], path: Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, path], check=True)
