"""The ingest rate of videos, as time of the processor against a bare loop that decodes the same files.

    python tests/bench/video_rate.py [--clips 6] [--seconds 20] [--runs 5] [FILE …]

The bare process imports PyAV and decodes pictures and sound of each file, one after the other. dam, in one process too
(the time of workers is not seen), stores, digests and probes them, samples and hashes pictures, takes the fingerprint
of the sound, and writes the database. FILEs are taken in place of made clips (with ffmpeg, 1280 × 720, stereo at 48
kHz). Target: at most 1.3 times.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.ingest_cpu import cpu_of

DAM = str(Path(sys.executable).with_name("dam-cli"))
BARE = """
import sys, av
for path in sys.argv[1:]:
    with av.open(path) as container:
        container.streams.video[0].thread_type = "NONE"
        for frame in container.decode(video=0, audio=0):
            pass
"""


def clip(folder: str, number: int, seconds: int) -> str:
    path = f"{folder}/{number}.mp4"
    source = f"mandelbrot=size=1280x720:rate=25:start_scale={3 / (number + 1)}:start_x={-0.74 + number * 0.01}"
    tones = "|".join(f"sin({220 + 40 * number + side}*t*(1+floor(t*3)/20))/2" for side in (0, 1))
    inputs = [source, f"aevalsrc={tones}:s=48000"]
    command = ["ffmpeg", "-v", "error", *(part for one in inputs for part in ("-f", "lavfi", "-i", one))]
    encoders = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([*command, "-t", str(seconds), *encoders, path], check=True)
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
            bare = cpu_of([sys.executable, "-c", BARE, *files], env)
            ours = cpu_of([DAM, "add-asset", "-q", "--jobs", "0", *files], env)
            ratios.append(ours / bare)
            print(f"bare decoding {bare:6.2f} s   add-asset {ours:6.2f} s   {ours / bare:5.2f} times")
        print(f"median {statistics.median(ratios):.2f} times")


if __name__ == "__main__":
    main()
