"""Start-up: whole processes against a bare process that imports `sqlalchemy.orm`, in turn, in one run.

    python tests/bench/startup.py [--runs 21] [--json]

Targets, in times of the bare process: a new library and one small file 2.5, one known file 1.4, `find-similar-images`
1.8, `find-file-by-hash` 1.3; `import dam` 1.2 times a bare interpreter. CPU is of the process itself, without the
workers. With --image, the new and the known file are a small JPEG instead of a text.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

CONTENT = b"start-up benchmark"


def measure(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Wall seconds and CPU seconds of a process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--image", action="store_true")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/dam.sqlite3"}
        new = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/new/dam.sqlite3"}
        dam = [str(Path(sys.executable).with_name("dam-cli"))]
        text, image = Path(folder, "file.txt"), Path(folder, "image.jpg")
        text.write_bytes(CONTENT)
        Image.effect_noise((300, 200), 80).convert("RGB").save(image)
        file = str(image if wanted.image else text)
        subprocess.run([*dam, "add-asset", "-q", str(text), str(image)], env=env, check=True)
        commands = {
            "bare interpreter": ([sys.executable, "-c", "pass"], env),
            "import dam": ([sys.executable, "-c", "import dam"], env),
            "bare sqlalchemy.orm": ([sys.executable, "-c", "import sqlalchemy.orm"], env),
            "--version": ([*dam, "--version"], env),
            "--help": ([*dam, "--help"], env),
            "find-file-by-hash": ([*dam, "find-file-by-hash", hashlib.sha256(CONTENT).hexdigest()], env),
            "find-similar-images": ([*dam, "find-similar-images", str(image)], env),
            "add-asset, known file": ([*dam, "add-asset", file], env),
            "add-asset, new library": ([*dam, "add-asset", file], new),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for run in range(wanted.runs + 1):
            for name, (command, environment) in commands.items():
                shutil.rmtree(f"{folder}/new", ignore_errors=True)
                once = measure(command, environment)
                if run:  # the first warms up
                    times[name].append(once)
    rows = {}
    for name, measured in times.items():
        bare = times["bare interpreter" if name == "import dam" else "bare sqlalchemy.orm"]
        wall, cpu = (
            statistics.median(mine[which] / base[which] for mine, base in zip(measured, bare, strict=True))
            for which in (0, 1)
        )
        rows[name] = {"ms": statistics.median(own for own, _ in measured) * 1000, "times_wall": wall, "times_cpu": cpu}
    if wanted.json:
        print(json.dumps(rows))
        return
    for name, row in rows.items():
        print(f"{name:24} {row['ms']:7.0f} ms   {row['times_wall']:5.2f} times bare, CPU {row['times_cpu']:5.2f}")


if __name__ == "__main__":
    main()
