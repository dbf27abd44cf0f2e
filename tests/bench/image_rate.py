"""Ingest of each image format in one process: CPU of the whole command against a bare loop over the same files.

    python tests/bench/image_rate.py [--images 100] [--runs 3] [heic avif jxl dng dng-preview svg exif-jpeg]

The bare loop reads each file, computes SHA-256 and MD5, decodes it once with the format's library, computes the three
hashes with the imagehash library, and writes the copy. The pictures have 1,200 × 800 pixels. Target: at most 1.3 times.
"""

import argparse
import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.ingest_cpu import cpu_of
from tests.media.described import exif_block, keywords_xmp
from tests.media.pictures import picture, saved
from tests.media.raw_files import dng

BARE = """
import hashlib, io, sys
from pathlib import Path
import imagehash
from PIL import Image, ImageOps
DECODE
out = Path(sys.argv[2])
for path in sorted(Path(sys.argv[1]).iterdir()):
    content = path.read_bytes()
    name = hashlib.sha256(content).hexdigest()
    hashlib.md5(content).hexdigest()
    image = ImageOps.exif_transpose(decode(content))
    imagehash.phash(image), imagehash.average_hash(image), imagehash.dhash(image)
    (out / name).write_bytes(content)
"""

PILLOW = "def decode(content): return Image.open(io.BytesIO(content))"
HEIC = "import pillow_heif\ndef decode(content): return pillow_heif.open_heif(io.BytesIO(content)).to_pillow()"
JXL = "import imagecodecs\ndef decode(content): return Image.fromarray(imagecodecs.jpegxl_decode(content))"
RAW = """import rawpy
def decode(content):
    with rawpy.imread(io.BytesIO(content)) as raw:
        return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True))
"""
PREVIEW = """import rawpy
def decode(content):
    with rawpy.imread(io.BytesIO(content)) as raw:
        return Image.open(io.BytesIO(raw.extract_thumb().data))
"""
SVG = """import resvg_py
def decode(content):
    png = resvg_py.svg_to_bytes(svg_string=content.decode(), background="#ffffff", skip_system_fonts=True, dpi=96)
    return Image.open(io.BytesIO(bytes(png))).convert("RGB")
"""


def heic(source: Image.Image) -> bytes:
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.from_pillow(source).save(stream)
    return stream.getvalue()


def jxl(source: Image.Image) -> bytes:
    import imagecodecs
    import numpy as np

    return bytes(imagecodecs.jpegxl_encode(np.asarray(source), level=90, effort=3))


def svg(source: Image.Image) -> bytes:
    """1,350 small rectangles."""
    small = source.resize((45, 30))
    shapes = "".join(
        f'<rect x="{x * 27}" y="{y * 27}" width="27" height="27" fill="rgb{small.getpixel((x, y))}"/>'
        for x in range(45)
        for y in range(30)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="1215" height="810">{shapes}</svg>'.encode()


def described(source: Image.Image) -> bytes:
    return saved(source, "JPEG", quality=90, exif=exif_block(), xmp=keywords_xmp("sea", "sun"))


FORMATS: dict[str, tuple[str, Callable[[Image.Image], bytes], str]] = {
    "heic": (".heic", heic, HEIC),
    "avif": (".avif", lambda source: saved(source, "AVIF", speed=10), PILLOW),
    "jxl": (".jxl", jxl, JXL),
    "dng": (".dng", dng, RAW),
    "dng-preview": (".dng", lambda source: dng(source, preview=source), PREVIEW),
    "svg": (".svg", svg, SVG),
    "exif-jpeg": (".jpg", described, PILLOW),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", default=list(FORMATS))
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    for name in options.formats:
        ending, encode, decode = FORMATS[name]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "images")
            folder.mkdir()
            for number in range(options.images):
                (folder / f"{number:05}{ending}").write_bytes(encode(picture(size=(1200, 800), seed=number)))
            runs = []
            for run in range(options.runs):
                copies = Path(scratch, f"copies{run}")
                copies.mkdir()
                script = BARE.replace("DECODE", decode)
                bare = cpu_of([sys.executable, "-c", script, str(folder), str(copies)], dict(os.environ))
                env = os.environ | {"DATABASE_URL": f"sqlite:///{scratch}/{run}/dam.sqlite3"}
                dam = cpu_of([str(Path(sys.executable).with_name("dam-cli")), "add-asset", "-j", "0", str(folder)], env)
                runs.append((dam / bare, bare, dam))
            ratio, bare, dam = sorted(runs)[len(runs) // 2]
            print(f"{name:12} bare {bare:6.2f} s   dam-cli add-asset {dam:6.2f} s   {ratio:.2f} times", flush=True)


if __name__ == "__main__":
    main()
