"""Ingest of images in one process: CPU of the whole command against a bare loop over the same files, in one run.

    python tests/bench/ingest_cpu.py [FOLDER] [--images 300] [--runs 5]

The bare loop reads each file, computes SHA-256 and MD5, decodes it once, computes the three hashes with the imagehash
library, and writes the copy. Without a FOLDER, JPEGs of 500 × 375 pixels are made. Target: at most 1.2 times.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BARE = """
import hashlib, io, sys
from pathlib import Path
import imagehash
from PIL import Image, ImageOps
out = Path(sys.argv[2])
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if not path.is_file():
        continue
    content = path.read_bytes()
    name = hashlib.sha256(content).hexdigest()
    hashlib.md5(content).hexdigest()
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    imagehash.phash(image), imagehash.average_hash(image), imagehash.dhash(image)
    (out / name).write_bytes(content)
"""


def make_images(folder: Path, count: int) -> None:
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(1)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        fine = random.normal(0, 12, (375, 500, 3))
        picture = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC)) + fine
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{number:05}.jpg", quality=90)


def cpu_of(command: list[str], env: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder
        if folder is None:
            folder = Path(scratch, "images")
            folder.mkdir()
            make_images(folder, options.images)
        ratios = []
        for run in range(options.runs):
            copies = Path(scratch, f"copies{run}")
            copies.mkdir()
            bare = cpu_of([sys.executable, "-c", BARE, str(folder), str(copies)], dict(os.environ))
            env = os.environ | {"DATABASE_URL": f"sqlite:///{scratch}/{run}/dam.sqlite3"}
            dam = cpu_of([str(Path(sys.executable).with_name("dam-cli")), "add-asset", "-j", "0", str(folder)], env)
            ratios.append(dam / bare)
            print(f"bare {bare:6.2f} s   dam-cli add-asset {dam:6.2f} s   {ratios[-1]:.2f} times")
    print(f"median {statistics.median(ratios):.2f} times the CPU of the bare loop")


if __name__ == "__main__":
    main()
