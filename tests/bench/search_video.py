"""Finding a video in a large library against an empty one: whole processes, cold, in turn.

    python tests/bench/search_video.py [--videos 100000] [--seconds 30] [--runs 11] [--folder FOLDER]

The library is filled with made fingerprints: pictures at random that change every one to four seconds, from half a
minute to two minutes (`--seconds` times one to four). The query is a real clip. FOLDER keeps the library.
Target: at most 1.5 times.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dam.media.video.fingerprint import VideoFingerprint, anchors, keys
from dam.models import VideoAnchor, VideoFingerprintComponent
from dam.services.components import ecs
from dam.services.library import open_library

DAM = str(Path(sys.executable).with_name("dam-cli"))

SEARCH = """
import sys
from dam.media.sample import Sample
from dam.services.library import open_library
from dam.services.similar.methods.video import find_similar
with open_library() as library, library.read() as session:
    sample = Sample(lambda: open(sys.argv[1], "rb"), "video/mp4")
    print(len(find_similar(session, sample)))
"""
BATCH = 500


def made(random: np.random.Generator, seconds: int) -> VideoFingerprint:
    """A fingerprint of scenes, in which some bits differ from picture to picture."""
    count = 4 * int(random.integers(seconds, 4 * seconds))
    scenes = np.cumsum(random.random(count) < 1 / 8)
    hashes = random.integers(0, 2**64, scenes[-1] + 1, dtype=np.uint64)[scenes]
    noise = np.uint64(1) << random.integers(0, 64, (2, count), dtype=np.uint64)
    return VideoFingerprint(np.arange(count) * 250, hashes ^ noise[0] ^ noise[1])


def anchor_rows(entity_id: int, of: VideoFingerprint) -> Iterator[dict[str, Any]]:
    chosen = anchors(of)
    for number, (one, key) in enumerate(zip(chosen.tolist(), keys(of.hashes[chosen]), strict=True)):
        yield {"entity_id": entity_id, "number": number, "time": int(of.times[one])} | key._asdict()


def fill(videos: int, seconds: int) -> None:
    random = np.random.default_rng(1)
    began, rows_written = time.perf_counter(), 0
    with open_library() as library:
        for first in range(0, videos, BATCH):
            with library.write() as session:
                ids = ecs.add_entities(session, min(BATCH, videos - first))
                prints = {entity_id: made(random, seconds) for entity_id in ids}
                pictures = [{"entity_id": entity_id, "pictures": of.to_bytes()} for entity_id, of in prints.items()]
                ecs.put_rows(session, VideoFingerprintComponent, pictures)
                rows = [row for entity_id, of in prints.items() for row in anchor_rows(entity_id, of)]
                ecs.put_rows(session, VideoAnchor, rows)
                rows_written += len(rows)
    took = time.perf_counter() - began
    print(f"{videos} videos, {rows_written / max(videos, 1):.0f} anchors each, written in {took:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        query = folder / "query.mp4"
        source = ["-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=25", "-t", "10", "-pix_fmt", "yuv420p"]
        subprocess.run(["ffmpeg", "-v", "error", "-y", *source, query], check=True)
        urls = {videos: f"sqlite:///{folder}/{videos}/dam.sqlite3" for videos in (0, options.videos)}
        for videos, url in urls.items():
            os.environ["DATABASE_URL"] = url
            if not (folder / str(videos)).exists():
                subprocess.run([DAM, "setup-db"], env=os.environ, check=True, stdout=subprocess.DEVNULL)
                call = f"import runpy; runpy.run_path({__file__!r})['fill']({videos}, {options.seconds})"
                subprocess.run([sys.executable, "-c", call], env=os.environ, check=True)
        times: dict[int, list[float]] = {videos: [] for videos in urls}
        for run in range(options.runs + 1):
            for videos, url in urls.items():
                env = os.environ | {"DATABASE_URL": url}
                began = time.perf_counter()
                subprocess.run([sys.executable, "-c", SEARCH, query], env=env, check=True, stdout=subprocess.DEVNULL)
                if run:  # the first warms up
                    times[videos].append(time.perf_counter() - began)
        for videos, measured in times.items():
            print(f"{videos:7} videos  {statistics.median(measured) * 1000:6.0f} ms")
        ratio = statistics.median(full / none for none, full in zip(*times.values(), strict=True))
        print(f"{ratio:.2f} times")


if __name__ == "__main__":
    main()
