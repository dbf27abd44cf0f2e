"""`check` of known files: against hashing them, and with known states against a bare walk; in turn, in one run.

    python tests/bench/check.py [--files 10000] [--kb 100] [--walked 200000] [--runs 5]

Targets: files that must be read take at most 1.3 times as long as hashing them in one process; files with known size,
time and inode, at most 2 times a bare os.walk with stat.
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
FILES_A_FOLDER = 250
WALK = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        os.stat(os.path.join(folder, name))
"""
HASH = """
import hashlib, os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        with open(os.path.join(folder, name), "rb", buffering=0) as file:
            hashlib.file_digest(file, "sha256")
"""


def timed(command: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def make_files(tree: Path, count: int, size: int) -> None:
    for number in range(count):
        folder = tree / f"{number // FILES_A_FOLDER:05}"
        if number % FILES_A_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"IMG_{number:07}.dat").write_bytes(b"file %d" % number + bytes(size))


def measure(name: str, files: int, size: int, runs: int, bare: str, words: list[str], scratch: Path) -> None:
    tree = scratch / name
    make_files(tree, files, size)
    env = os.environ | {"DATABASE_URL": f"sqlite:///{tree}.sqlite3", "ASSET_STORAGE_PATH": f"{tree}.store"}
    time.sleep(3)  # states of files that were just written are not trusted
    subprocess.run([DAM, "add-asset", "-q", str(tree)], env=env, check=True, capture_output=True)
    ratios = []
    for _ in range(runs):
        reference = timed([sys.executable, "-c", bare, str(tree)], env)
        measured = timed([DAM, "check", *words, str(tree)], env)
        ratios.append(measured / reference)
    print(f"{name}: {statistics.median(ratios):.2f} times ({measured:.2f} s against {reference:.2f} s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--kb", type=int, default=100)
    parser.add_argument("--walked", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        size = options.kb * 1000
        measure("read", options.files, size, options.runs, HASH, ["--rehash"], Path(scratch))
        measure("known", options.walked, 0, options.runs, WALK, [], Path(scratch))
        measure("known-quiet", options.walked, 0, options.runs, WALK, ["-q"], Path(scratch))


if __name__ == "__main__":
    main()
