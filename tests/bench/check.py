"""`check` of known files: against hashing them, and with known states against a bare walk; in turn, in one run.

    python tests/bench/check.py [--files 10000] [--kb 100] [--walked 20000] [--runs 3]

Targets: files that must be read take at most 1.3 times as long as hashing them in as many processes; files with known
size, time and inode, at most 2 times a bare os.walk with stat. Both ratios are printed in all, and beyond start-up,
which takes as long as hashing 500 MB. Files with known states are also compared with a walk that looks at each blob,
too: that is what `have` promises, and takes twice the time of a bare walk by itself.
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
for root in sys.argv[1:]:
    for folder, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(folder, name), "rb", buffering=0) as file:
                hashlib.file_digest(file, "sha256")
"""


LOOK = """
import os, sys
places = iter(sys.stdin.read().splitlines())
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        os.stat(os.path.join(folder, name))
        os.lstat(next(places))
"""


def timed(command: list[str], env: dict[str, str], *, given: bytes = b"") -> float:
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, input=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def make_files(tree: Path, count: int, size: int) -> None:
    for number in range(count):
        folder = tree / f"{number // FILES_A_FOLDER:05}"
        if number % FILES_A_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"IMG_{number:07}.dat").write_bytes(b"file %d" % number + bytes(size))


def library(name: str, files: int, size: int, scratch: Path) -> tuple[Path, dict[str, str]]:
    """Make files and a library that has them."""
    tree = scratch / name
    make_files(tree, files, size)
    env = os.environ | {"DATABASE_URL": f"sqlite:///{tree}.sqlite3", "ASSET_STORAGE_PATH": f"{tree}.store"}
    time.sleep(3)  # states of files that were just written are not trusted
    subprocess.run([DAM, "add-asset", "-q", str(tree)], env=env, check=True, capture_output=True)
    return tree, env


def compare(
    name: str, runs: int, tree: Path, env: dict[str, str], words: list[str], bare: list[str], given: bytes = b""
) -> None:
    one_file = str(next(tree.rglob("*.dat")))
    started, idle, references, checks = [], [], [], []
    for _ in range(runs):
        started.append(timed([DAM, "check", *words, one_file], env))
        idle.append(timed([sys.executable, "-c", "import os, sys, hashlib"], env))
        references.append(timed(bare, env, given=given))
        checks.append(timed([DAM, "check", *words, str(tree)], env))
    check, reference = statistics.median(checks), statistics.median(references)
    beyond = (check - statistics.median(started)) / (reference - statistics.median(idle))
    print(
        f"{name}: {check / reference:.2f} times, {beyond:.2f} beyond start-up ({check:.2f} s against {reference:.2f} s)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--kb", type=int, default=100)
    parser.add_argument("--walked", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    python = [sys.executable, "-c"]
    with tempfile.TemporaryDirectory() as scratch:
        tree, env = library("read", options.files, options.kb * 1000, Path(scratch))
        jobs = len(os.sched_getaffinity(0))
        folders = -(-options.files // FILES_A_FOLDER // jobs)
        apart = f'printf "%s\\0" {tree}/* | xargs -0 -P {jobs} -n {folders} "$0" -c "$1"'
        compare("hashing, 1 process", options.runs, tree, env, ["--rehash", "-j0"], [*python, HASH, str(tree)])
        compare(f"hashing, {jobs}", options.runs, tree, env, ["--rehash"], ["sh", "-c", apart, sys.executable, HASH])
        tree, env = library("known", options.walked, 0, Path(scratch))
        compare("walk", options.runs, tree, env, ["-q"], [*python, WALK, str(tree)])
        compare("walk, listed", options.runs, tree, env, [], [*python, WALK, str(tree)])
        blobs = "\n".join(map(str, Path(f"{tree}.store").glob("??/??/*"))).encode()
        compare("walk with blobs", options.runs, tree, env, ["-q"], [*python, LOOK, str(tree)], blobs)


if __name__ == "__main__":
    main()
