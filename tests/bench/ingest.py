"""Ingest: the whole command against a bare pool of two processes, and against peers, in turn, in one run.

    python tests/bench/ingest.py photos [FOLDER] [--count 40] [--runs 5]
    python tests/bench/ingest.py small [FOLDER] [--count 1000]
    python tests/bench/ingest.py other [FOLDER] [--count 20000]
    python tests/bench/ingest.py renamed [FOLDER] [--count 10000]

The bare pool reads each file, computes SHA-256 and MD5, decodes once, computes the three hashes with the imagehash
library, and writes the copy, without a database and without making anything durable. Without a FOLDER, files are made.
Targets for wall time: photos of 8 megapixels and more at most 0.75 times the bare pool, and two workers at least 1.8
times as fast as one; small JPEGs at most 1.1 times; other files at most 0.5 times `dvc add` and 0.2 times
`git annex add`, which are left out with a line where they are not installed; `renamed`: files that the library knows,
under new names, at most 0.5 times the same files when they are new, each as a command on its own.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

BARE = """
import hashlib, io, os, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import imagehash
from PIL import Image, ImageOps

def work(path, out):
    content = path.read_bytes()
    name = hashlib.sha256(content).hexdigest()
    hashlib.md5(content).hexdigest()
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    hashes = imagehash.phash(image), imagehash.average_hash(image), imagehash.dhash(image)
    (out / name).write_bytes(content)
    return str(path), name, [str(value) for value in hashes]

if __name__ == "__main__":
    paths = [path for path in sorted(Path(sys.argv[1]).rglob("*")) if path.is_file()]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(work, paths, [Path(sys.argv[2])] * len(paths), chunksize=4))
"""


def make_pictures(folder: Path, count: int, size: tuple[int, int]) -> None:
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(1)
    grain = random.normal(0, 10, (size[1], size[0], 1)).astype(np.float32)
    for number in range(count):
        coarse = Image.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        picture = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)) + np.roll(grain, number * 97, axis=1)
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{number:05}.jpg", quality=90)


def make_others(folder: Path, count: int) -> None:
    import random

    source = random.Random(1)
    for number in range(count):
        place = folder / f"{number // 250:04}"
        place.mkdir(exist_ok=True)
        (place / f"{number:06}.bin").write_bytes(b"\0" + source.randbytes(source.randrange(1_000, 20_000)))


KINDS: dict[str, tuple[int, Callable[[Path, int], None]]] = {
    "photos": (40, lambda folder, count: make_pictures(folder, count, (3840, 2560))),
    "small": (1000, lambda folder, count: make_pictures(folder, count, (500, 375))),
    "other": (20_000, make_others),
    "renamed": (10_000, make_others),
}


def timed(command: list[str], **options: object) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, **options)  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr.decode()}")
    return time.perf_counter() - began


def dam(folder: Path, scratch: Path, jobs: int) -> float:
    env = os.environ | {"DATABASE_URL": f"sqlite:///{scratch}/dam.sqlite3"}
    return timed([str(Path(sys.executable).with_name("dam-cli")), "add-asset", "-j", str(jobs), str(folder)], env=env)


def renamed(folder: Path, scratch: Path) -> float:
    """Measure files that the library knows, under other names: copies, as to rename them would spare no reading."""
    copies = scratch / "copies"
    shutil.copytree(folder, copies)
    for path in [path for path in copies.rglob("*") if path.is_file()]:
        path.rename(path.with_name(f"renamed {path.name}"))
    dam(folder, scratch, 2)
    return dam(copies, scratch, 2)


def new(folder: Path, scratch: Path) -> float:
    """Measure new files in a library that is set up."""
    (scratch / "first").write_text("first")
    dam(scratch / "first", scratch, 0)
    return dam(folder, scratch, 2)


def bare(folder: Path, scratch: Path) -> float:
    script = scratch / "bare.py"
    script.write_text(BARE)
    (scratch / "copies").mkdir()
    return timed([sys.executable, str(script), str(folder), str(scratch / "copies")])


def peer(prepare: list[list[str]], add: list[str]) -> Callable[[Path, Path], float]:
    """Return a measurement of a peer, which takes the files from a repository of its own."""

    def measure(folder: Path, scratch: Path) -> float:
        home = scratch / "home"
        home.mkdir()
        env = os.environ | {"HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / "gitconfig")}
        shutil.copytree(folder, scratch / "repository/files")
        for command in prepare:
            timed(command, cwd=scratch / "repository", env=env)
        return timed(add, cwd=scratch / "repository", env=env)

    return measure


IDENTITY = [["git", "config", "user.name", "bench"], ["git", "config", "user.email", "bench@example.org"]]
PEERS = {
    "dvc add": (["dvc"], peer([["git", "init", "-q"], ["dvc", "init", "-q"]], ["dvc", "add", "-q", "files"])),
    "git annex add": (
        ["git-annex"],
        peer(
            [["git", "init", "-q"], *IDENTITY, ["git", "annex", "init", "-q"]], ["git", "annex", "add", "-q", "files"]
        ),
    ),
}


def contenders(kind: str) -> dict[str, Callable[[Path, Path], float]]:
    if kind == "renamed":
        return {"renamed": renamed, "new": new}
    found: dict[str, Callable[[Path, Path], float]] = {"dam -j2": lambda folder, scratch: dam(folder, scratch, 2)}
    if kind != "other":
        found["bare pool"] = bare
        found["dam -j1"] = lambda folder, scratch: dam(folder, scratch, 1)
        return found
    for name, (programs, measure) in PEERS.items():
        if all(shutil.which(program) for program in programs):
            found[name] = measure
        else:
            print(f"{name}: not installed, left out")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder
        if folder is None:
            folder = Path(scratch, "made")
            folder.mkdir()
            count, make = KINDS[options.kind]
            make(folder, options.count or count)
        measures = contenders(options.kind)
        times: dict[str, list[float]] = {name: [] for name in measures}
        for run in range(options.runs):
            for name, measure in measures.items():
                place = Path(scratch, f"{run}-{name.replace(' ', '-')}")
                place.mkdir()
                times[name].append(measure(folder, place))
                shutil.rmtree(place, ignore_errors=True)
        first, mine = next(iter(times.items()))
        for name, measured in times.items():
            ratio = statistics.median(own / other for own, other in zip(mine, measured, strict=True))
            print(f"{name:14} {statistics.median(measured):7.2f} s   {first} takes {ratio:.2f} times that")


if __name__ == "__main__":
    main()
