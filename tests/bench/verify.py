"""`verify --content` against `sha256sum` with as many processes, in turn, in one run.

    python tests/bench/verify.py [--files 24] [--mb 64] [--small 20000] [--runs 3]

Target: at least 0.95 of the speed of sha256sum on large files. The small ones (20 kB) are for information.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DAM = str(Path(sys.executable).with_name("dam-cli"))
SMALL_BYTES = 20_000


def timed(command: list[str], env: dict[str, str], **options: object) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
    return time.perf_counter() - began


def measure(name: str, files: int, size: int, runs: int, scratch: Path) -> None:
    source, folder = scratch / "source", scratch / name
    source.mkdir()
    for number in range(files):
        (source / f"{number}.dat").write_bytes(os.urandom(size))
    env = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/dam.sqlite3", "ASSET_STORAGE_PATH": str(folder / "store")}
    folder.mkdir()
    subprocess.run([DAM, "add-asset", "-q", "--mode", "move", str(source)], env=env, check=True, capture_output=True)
    jobs = len(os.sched_getaffinity(0))
    bare = f"find {folder}/store/?? -type f -print0 | xargs -0 -P {jobs} -n {max(1, min(files // jobs, 500))} sha256sum"
    ratios = []
    for _ in range(runs):
        reference = timed(["sh", "-c", bare], env)
        checked = timed([DAM, "verify", "--content"], env)
        ratios.append(reference / checked)
    rate = files * size / checked / 1e6
    print(f"{name}: {statistics.median(ratios):.2f} of the speed of sha256sum with {jobs} processes ({rate:.0f} MB/s)")
    source.rmdir()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--mb", type=int, default=64)
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measure("large", options.files, options.mb * 1_000_000, options.runs, Path(scratch))
        measure("small", options.small, SMALL_BYTES, options.runs, Path(scratch))


if __name__ == "__main__":
    main()
