"""What the fault tests share: a program with small batches, system calls that fail, and what must hold afterwards."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from dam.core.database import make_engine
from dam.services.ingest.ingest import Status, each_outcome, ingest
from dam.services.library import Library
from dam.services.verify.findings import Finding, Problem
from dam.services.verify.verify import verify
from dam.storage.local import LocalBlobStore
from tests.cli.conftest import start  # noqa: F401  a fixture
from tests.conftest import Dam, Finished, dam_in
from tests.faults.disk import make_disk  # noqa: F401  a fixture

FLUSHING = ("fsync", "fdatasync", "syncfs")
LIBRARY = "LIBRARY"
"""What stands for the folder of the library in the lines of a trace."""
MUTATING = (
    *("write", "pwrite64", "writev", *FLUSHING, "rename", "renameat", "renameat2", "link", "linkat", "unlink"),
    *("unlinkat", "mkdir", "mkdirat", "rmdir", "ftruncate", "fallocate", "fchmod", "chmod", "fchmodat"),
    *("copy_file_range", "sendfile"),
)

SMALL_BATCHES = """
import dam.services.ingest.batch as batch, dam.services.processes.pool as pool
batch.MAX_BATCH_FILES, batch.MAX_BATCH_SECONDS, pool.MAX_CHUNK_FILES = 8, 3600, 8
"""
"""Several batches of a few files, and as many each time. Eight share a flush, and fewer have one each.

So small chunks, too: what is examined ahead is flushed by the shared flush of a batch before.
"""


def changed_program(*changes: str) -> list[str]:
    """Return the command of the program after statements that change it."""
    return [sys.executable, "-B", "-c", "\n".join([*changes, "from dam.cli import app", "app()"])]


IN_SMALL_BATCHES = changed_program(SMALL_BATCHES)


def add(folder: Path, *options: str) -> list[str]:
    """Return a command that ingests a folder in small batches."""
    return [*IN_SMALL_BATCHES, "add-asset", "--json", *(options or ("-j0",)), str(folder)]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for three batches: small files, equal ones, and one that is flushed alone."""
    folder = tmp_path_factory.mktemp("sources")
    for number in range(17):
        (folder / f"{number:02}.txt").write_text(f"the content of file {number}")
    (folder / "again.txt").write_text("the content of file 1")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 6000)
    return folder


# ---- system calls that are killed or fail


@dataclass(frozen=True)
class Point:
    """The n-th call of a name that the main thread makes, counted from 1."""

    call: str
    when: int
    line: str

    def __str__(self) -> str:
        return f"{self.call} {self.when}: {self.line}"


@cache
def _obstacle_to_tracing() -> str | None:
    if shutil.which("strace") is None:
        return "there is no strace"
    probe = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync", "true"]
    done = subprocess.run(probe, capture_output=True, check=False, text=True)
    return f"strace may not trace here: {done.stderr.strip()}" if done.returncode else None


@pytest.fixture
def strace() -> None:
    """Skip where calls cannot be traced."""
    if obstacle := _obstacle_to_tracing():
        pytest.skip(obstacle)


Calls = Callable[..., list[Point]]


@pytest.fixture(scope="session")
def calls_of(empty_library_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Calls:
    """Run a command, once, on an empty library or on none; return what its main thread asks of the system."""

    @cache
    def calls_of(*command: str, calls: Iterable[str] = MUTATING, is_set_up: bool = True) -> list[Point]:
        folder = tmp_path_factory.mktemp("reference") / "library"
        if is_set_up:
            shutil.copytree(empty_library_folder, folder)
        return _trace(dam_in(folder), command, calls)

    return calls_of


def _trace(dam: Dam, command: Sequence[str], calls: Iterable[str]) -> list[Point]:
    log = dam.folder / "strace.log"
    prefix: list[str | Path] = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-y",
        "-s",
        "40",
        "-o",
        log,
        "-e",
        f"trace={','.join(calls)}",
    ]
    done = subprocess.run([*prefix, *command], env=dam.env, cwd=dam.folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = defaultdict(int)
    points = []
    lines = log.read_text().replace(str(dam.folder), LIBRARY).splitlines()
    main, _, _ = lines[0].partition(" ")
    for line in lines:
        if match := re.match(rf"{main} +((\w+)\(.*)", line):
            counts[match[2]] += 1
            points.append(Point(match[2], counts[match[2]], match[1]))
    return points


def some_of(points: Sequence[Point], each: int = 3) -> list[Point]:
    """Return of every call's points the middle one, or the first, the last, and as many between as make `each`."""
    by_call: dict[str, list[Point]] = defaultdict(list)
    for point in points:
        by_call[point.call].append(point)
    chosen = []
    for of_call in by_call.values():
        steps = min(each, len(of_call)) - 1
        chosen += (
            [of_call[step * (len(of_call) - 1) // steps] for step in range(steps + 1)]
            if steps
            else [of_call[len(of_call) // 2]]
        )
    return chosen


def kill_at(point: Point, dam: Dam, command: Sequence[str], *, may_miss: bool = False) -> Finished:
    """Run a command whose main thread is killed at a call, before that is made; `may_miss`: or ends before it."""
    # Without -f nobody but the main thread is counted and killed; with --seccomp-bpf nobody would be
    injected = f"inject={point.call}:signal=KILL:when={point.when}"
    killed = _traced(dam, ["strace", "-e", f"trace={point.call}", "-e", injected], command)
    assert killed.code == -9 or (may_miss and killed.code == 0), f"nobody was killed at {point}"
    return killed


def fail_at(dam: Dam, injected: str, command: Sequence[str], *more: str | Path) -> Finished:
    """Run a command of one thread with an error injected into a call, as in `fsync:error=EIO:when=1`."""
    call = injected.partition(":")[0]
    prefix: list[str | Path] = [
        "strace",
        "-f",
        "--seccomp-bpf",
        *more,
        "-e",
        f"trace={call}",
        "-e",
        f"inject={injected}",
    ]
    return _traced(dam, prefix, command)


def _traced(dam: Dam, prefix: Sequence[str | Path], command: Sequence[str]) -> Finished:
    done = subprocess.run(
        [*prefix, "-qq", "-o", "/dev/null", *command], env=dam.env, cwd=dam.folder, capture_output=True, check=False
    )
    finished = Finished(done.returncode, done.stdout.decode(), done.stderr.decode())
    # A worker that is being started when its parent is killed has nothing to read; it says so itself
    half_started = finished.err.count("EOFError: Ran out of input") if finished.code == -9 else 0
    assert finished.err.count("Traceback") == half_started, finished.err
    return finished


# ---- what must hold


def acknowledged(out: str) -> dict[str, str]:
    """Return the digests of the files that were reported as safe, by path; the last line may have been cut off."""
    documents = [json.loads(line) for line in out.splitlines(keepends=True) if line.endswith("\n")]
    return {line["path"]: line["sha256"] for line in documents if line.get("sha256")}


def finish(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """Wait for a process of which something was read; return the rest of what it wrote to stdout, and stderr.

    `communicate` would lose what has been read ahead.
    """
    assert process.stdout
    assert process.stderr
    with process:
        return process.stdout.read(), process.stderr.read()


def stored(dam: Dam) -> set[str]:
    """Return the names of the blobs."""
    return {path.name for path in dam.store.glob("??/??/*")}


def left_over(dam: Dam) -> list[Path]:
    """Return the temporary files."""
    return list((dam.store / "tmp").rglob("*")) if (dam.store / "tmp").exists() else []


@contextmanager
def opened(dam: Dam) -> Iterator[Library]:
    """Open a library here, as the program would: that is ten times as quick as to start it."""
    engine = make_engine(dam.env["DATABASE_URL"], 5)
    store = LocalBlobStore(dam.store)
    try:
        yield Library(engine, store, "")
    finally:
        store.close()
        engine.dispose()


def damage(dam: Dam) -> list[Finding]:
    """Return what is wrong with a library, but for orphans."""
    with opened(dam) as library:
        results = list(verify(library, content=True))
    return [found for found in results if isinstance(found, Finding) and found.problem is not Problem.ORPHANED]


def assert_whole(dam: Dam) -> None:
    """Nothing is wrong, nothing has no owner, nothing is left over."""
    with opened(dam) as library:
        results = list(verify(library, content=True))
    assert [found for found in results if isinstance(found, Finding)] == []
    assert len(results) == len(stored(dam))
    assert left_over(dam) == []


def assert_continues(dam: Dam, folder: Path, promised: Mapping[str, str], *, is_manifest_whole: bool = True) -> None:
    """After a fault nothing is lost, and the same again finishes and cleans up, also the manifest."""
    assert [each for each in damage(dam) if is_manifest_whole or each.problem is not Problem.MANIFEST] == []
    with opened(dam) as library:
        outcomes = list(each_outcome(library, ingest(library, [str(folder)])))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(outcomes) == len(files)
    assert {(found.path, found.sha256) for found in outcomes if found.status is Status.UNCHANGED} >= set(
        promised.items()
    )
    assert len({found.sha256 for found in outcomes}) == len(stored(dam))
    assert_whole(dam)


NewDam = Callable[[], Dam]


@pytest.fixture
def new_dam(empty_library_folder: Path, tmp_path: Path) -> NewDam:
    """Make the program on an empty library of its own, as often as needed."""
    count = 0

    def make() -> Dam:
        nonlocal count
        count += 1
        return dam_in(Path(shutil.copytree(empty_library_folder, tmp_path / f"library{count}")))

    return make
