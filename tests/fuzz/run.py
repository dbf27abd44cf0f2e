"""Fuzz what parses: `python tests/fuzz/run.py --seconds 600 [TARGET …]`. Prints targets, executions and failures.

Coverage guides the mutations where atheris is installed, otherwise they are random. Each target runs in a process of
its own, again and again where it ends before its time. Inputs that fail are kept in the folder `--failures`, by their
digest; `--repeat FILE TARGET` runs one.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

if "--alone" in sys.argv:
    with suppress(ImportError):
        import atheris

        atheris.instrument_imports(include=["dam"]).__enter__()  # also of what targets import when they are called

from tests.fuzz.mutation import MAX_BYTES, mutated
from tests.fuzz.targets import TARGETS

REPORT_EVERY = 20


class Recorder:
    """Calls a target, counts, and keeps one input for each way to fail."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder
        self._count_file = folder / f"{name}.count"
        self._before = self._read()
        self._count = 0
        self._seen: set[str] = set()

    def _read(self) -> int:
        with suppress(OSError, ValueError):
            return int(self._count_file.read_text())
        return 0

    def __call__(self, data: bytes) -> None:
        self._count += 1
        if self._count % REPORT_EVERY == 1:
            self.report()
        (self._folder / f"{self._name}.last").write_bytes(data)
        try:
            TARGETS[self._name].call(data)
        except Exception as exc:  # noqa: BLE001  any is a failure
            self._keep(data, exc)

    def _keep(self, data: bytes, exc: Exception) -> None:
        where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(exc.__traceback__)[-3:]]
        key = hashlib.sha256(repr((self._name, type(exc).__name__, where, str(exc)[:40])).encode()).hexdigest()[:12]
        if key not in self._seen:
            self._seen.add(key)
            (self._folder / f"{self._name}-{key}.bin").write_bytes(data)
            text = "".join(traceback.format_exception(exc))
            (self._folder / f"{self._name}-{key}.txt").write_text(text, errors="backslashreplace")

    def report(self) -> None:
        self._count_file.write_text(str(self._before + self._count))


def fuzz(name: str, seconds: int, folder: Path) -> None:
    """Fuzz one target in this process."""
    target, record = TARGETS[name], Recorder(name, folder)
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    if target.is_guided and _guided(record, corpus, seconds):
        return
    end = time.monotonic() + seconds
    chance = random.Random()
    seeds = list(target.seeds())
    while time.monotonic() < end:
        record(mutated(chance.choice(seeds), chance))
    record.report()


def _guided(record: Callable[[bytes], None], corpus: Path, seconds: int) -> bool:
    """Fuzz with atheris, which ends this process; return False where it is not installed."""
    try:
        import atheris
    except ImportError:
        return False
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_BYTES}",
        "-timeout=60",
        "-rss_limit_mb=3000",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={corpus.parent.parent}/", str(corpus)], record)
    atheris.Fuzz()
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="in all, shared by the targets")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"))
    parser.add_argument("--repeat", type=Path)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET")
    options = parser.parse_args()
    names = options.targets or list(TARGETS)
    options.failures.mkdir(parents=True, exist_ok=True)
    if options.repeat:
        TARGETS[names[0]].call(options.repeat.read_bytes())
        return 0
    if options.alone:
        fuzz(names[0], options.seconds, options.failures.absolute())
        return 0
    return fuzz_all(names, max(1, options.seconds // len(names)), options.failures.absolute())


def fuzz_all(names: list[str], seconds: int, folder: Path) -> int:
    """Fuzz each target in processes of its own; print a line for each."""
    total = 0
    for name in names:
        end, native = time.monotonic() + seconds, 0
        while (left := int(end - time.monotonic())) > 0:
            command = [sys.executable, __file__, "--alone", "--seconds", str(left), "--failures", str(folder), name]
            done = subprocess.run(command, capture_output=True, check=False)
            if done.returncode == 0:
                break
            native += 1  # it took the process down; the input that did is kept
            (folder / f"{name}.stderr").write_bytes(done.stderr[-20_000:])
            with suppress(OSError):
                (folder / f"{name}.last").rename(folder / f"{name}-ended-{native}.bin")
        failures = len(list(folder.glob(f"{name}-*.txt")))
        total += failures + native
        count = folder / f"{name}.count"
        executions = int(count.read_text()) if count.exists() else 0
        print(json.dumps({"target": name, "executions": executions, "failures": failures, "ended": native}), flush=True)
    return min(total, 1)


if __name__ == "__main__":
    sys.exit(main())
