"""The ingest rate of videos, as time of the processor against a bare loop that decodes the same files.

    python tests/bench/video_rate.py [--clips 6] [--seconds 20] [--runs 5] [FILE …]

The bare process imports PyAV and decodes every frame of each file, one after the other. dam, in one process too (the
time of workers is not seen), stores, digests and probes them, samples and hashes pictures, and writes the database.
FILEs are taken in place of made clips (with ffmpeg, 1280 × 720). Target: at most 1.3 times.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

DAM = str(Path(sys.executable).with_name("dam-cli"))
BARE = """
import sys, av
for path in sys.argv[1:]:
    with av.open(path) as container:
        container.streams.video[0].thread_type = "NONE"
        for frame in container.decode(video=0):
            pass
"""


def cpu(command: list[str], env: dict[str, str]) -> float:
    """Seconds of the processor that a command takes, with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def clip(folder: str, number: int, seconds: int) -> str:
    path = f"{folder}/{number}.mp4"
    source = f"mandelbrot=size=1280x720:rate=25:start_scale={3 / (number + 1)}:start_x={-0.74 + number * 0.01}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-t", str(seconds), "-i", source, "-pix_fmt", "yuv420p"]
    subprocess.run([*command, "-c:v", "libx264", "-preset", "veryfast", path], check=True)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = options.files or [clip(folder, number, options.seconds) for number in range(options.clips)]
        ratios = []
        for run in range(options.runs):
            env = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/{run}/dam.sqlite3"}
            bare = cpu([sys.executable, "-c", BARE, *files], env)
            ours = cpu([DAM, "add-asset", "-q", "--jobs", "0", *files], env)
            ratios.append(ours / bare)
            print(f"bare decoding {bare:6.2f} s   add-asset {ours:6.2f} s   {ours / bare:5.2f} times")
        print(f"median {statistics.median(ratios):.2f} times")


if __name__ == "__main__":
    main()
