"""Start-up: whole processes against a bare process that imports `sqlalchemy.orm`, in turn, in one run.

    python tests/bench/startup.py [--runs 21]

Target: `find-file-by-hash HASH` at most 1.6 times.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONTENT = b"start-up benchmark"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/dam.sqlite3"}
        dam = [str(Path(sys.executable).with_name("dam-cli"))]
        file = Path(folder, "file.bin")
        file.write_bytes(CONTENT)
        subprocess.run([*dam, "add-asset", "-q", str(file)], env=env, check=True)
        commands = {
            "bare sqlalchemy.orm": [sys.executable, "-c", "import sqlalchemy.orm"],
            "--version": [*dam, "--version"],
            "--help": [*dam, "--help"],
            "find-file-by-hash": [*dam, "find-file-by-hash", hashlib.sha256(CONTENT).hexdigest()],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for run in range(runs + 1):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
                if run:  # the first warms up
                    times[name].append(time.perf_counter() - began)
    bare = times["bare sqlalchemy.orm"]
    for name, measured in times.items():
        ratio = statistics.median(mine / base for mine, base in zip(measured, bare, strict=True))
        print(f"{name:22} {statistics.median(measured) * 1000:7.0f} ms   {ratio:5.2f} times bare")


if __name__ == "__main__":
    main()
