"""`dam-cli find-similar FILE` in a library of 100,000 made-up fingerprints of its kind, against an empty library.

    python tests/bench/media_search.py [audio] [documents] [video] [--count 100000] [--runs 11] [--folder FOLDER]

Whole processes, in turn. A video is looked for by its pictures and its sound. FOLDER keeps the libraries. Target: at
most 1.5 times, for each kind.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
DAM = str(Path(sys.executable).with_name("dam-cli"))

FILL = {
    "audio": "from audio_rate import fill; from dam.services.library import open_library\n"
    "with open_library() as library: fill(library, COUNT)",
    "documents": "from documents import fill; fill(DATABASE, COUNT)",
    "video": "import audio_rate, search_video; from dam.services.library import open_library\n"
    "search_video.fill(COUNT, 30)\n"
    "with open_library() as library: audio_rate.fill(library, COUNT)",
}
MAKE = {
    "audio": "import recordings; DATA = recordings.encode(recordings.music(1, 180), 'mp3', 192)",
    "documents": "from texts import *; DATA = written(Writer().text()).encode()",
    "video": "from tests.media.clips import scenes, video; from tests.media.sounds import tune\n"
    "DATA = video(scenes(1, 20, (640, 360), 25), rate=25, sound='aac', signal=tune(1, 20))",
}
ENDINGS = {"audio": "mp3", "documents": "txt", "video": "mp4"}


def python(script: str, database: Path, *arguments: str) -> None:
    env = os.environ | {"DATABASE_URL": f"sqlite:///{database}", "PYTHONPATH": f"{HERE}:{HERE.parents[1]}"}
    subprocess.run([sys.executable, "-c", script, *arguments], env=env, check=True, stdout=subprocess.DEVNULL)


def measure(kind: str, folder: Path, count: int, runs: int) -> None:
    query = folder / f"query.{ENDINGS[kind]}"
    if not query.exists():
        save = "\nimport sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(DATA)"
        python(MAKE[kind] + save, folder / "none", str(query))
    databases = {size: folder / f"{kind}-{size}" / "dam.sqlite3" for size in (0, count)}
    for size, database in databases.items():
        if not database.exists():
            env = os.environ | {"DATABASE_URL": f"sqlite:///{database}"}
            subprocess.run([DAM, "setup-db"], env=env, check=True, stdout=subprocess.DEVNULL)
            python(f"COUNT, DATABASE = {size}, {str(database)!r}\n{FILL[kind]}", database)
    times: dict[int, list[float]] = {size: [] for size in databases}
    for run in range(runs + 1):
        for size, database in databases.items():
            env = os.environ | {"DATABASE_URL": f"sqlite:///{database}"}
            began = time.perf_counter()
            done = subprocess.run(
                [DAM, "find-similar", str(query)], env=env, capture_output=True, check=False, text=True
            )
            if done.returncode not in (0, 1):
                raise SystemExit(done.stderr)
            if run:  # the first warms up
                times[size].append(time.perf_counter() - began)
    ratio = statistics.median(full / empty for empty, full in zip(*times.values(), strict=True))
    each = "   ".join(f"{size:,}: {statistics.median(taken) * 1000:.0f} ms" for size, taken in times.items())
    print(f"{kind:9} {each}   {ratio:.2f} times", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=list(FILL))
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for kind in options.kinds:
            measure(kind, folder, options.count, options.runs)


if __name__ == "__main__":
    main()
