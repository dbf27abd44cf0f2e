"""Rescan of unchanged files: the whole command against a bare os.walk with stat, in turn, in one run.

    python tests/bench/rescan.py [--files 200000] [--runs 5]

Targets: at most 3 times the bare walk (with -q), less than 300 MB.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES_A_FOLDER = 250

BARE = """
import os, sys
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        os.stat(os.path.join(folder, name))
"""


def timed(command: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch, "tree")
        for number in range(options.files):
            folder = tree / f"{number // FILES_A_FOLDER:05}"
            if number % FILES_A_FOLDER == 0:
                folder.mkdir(parents=True)
            (folder / f"IMG_{number:07}.dat").write_bytes(b"%d" % number)
        env = os.environ | {"DATABASE_URL": f"sqlite:///{scratch}/dam.sqlite3"}
        dam = [str(Path(sys.executable).with_name("dam-cli")), "add-asset"]
        first = timed([*dam, "-q", str(tree)], env)
        print(f"first ingest of {options.files:,} files {first:.1f} s ({first / options.files * 1000:.2f} ms a file)")
        ratios: dict[str, list[float]] = {"-q": [], "lines": [], "--json": []}
        for _ in range(options.runs):
            bare = timed([sys.executable, "-c", BARE, str(tree)], env)
            for name, measured in ratios.items():
                measured.append(timed([*dam, *([name] if name.startswith("-") else []), str(tree)], env) / bare)
        for name, measured in ratios.items():
            print(f"rescan {name:7} {statistics.median(measured):5.2f} times the bare walk ({bare:.2f} s)")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"largest process {peak:.0f} MB")


if __name__ == "__main__":
    main()
