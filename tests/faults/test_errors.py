"""System calls that fail: the program says so and stops, and what it had reported is safe."""

import os
from pathlib import Path

import pytest

from tests.conftest import Dam
from tests.faults.conftest import (
    FLUSHING,
    LIBRARY,
    Calls,
    NewDam,
    Point,
    acknowledged,
    add,
    assert_continues,
    fail_at,
    some_of,
)

pytestmark = [pytest.mark.sweep, pytest.mark.usefixtures("strace")]

SHARES = 4
MANIFEST_LATER = "the next command that writes completes the manifest"
CAUSES = {"EIO": ("Input/output error", "disk I/O error"), "ENOSPC": ("No space left", "disk is full")}


def is_forgiven(point: Point) -> bool:
    """Whether SQLite goes on by design: it flushes the folder of a new journal where the file system can."""
    return point.call == "fdatasync" and f"<{LIBRARY}>" in point.line


def fail_in_order(new_dam: NewDam, sources: Path, points: list[Point], error: str) -> None:
    for point in points:
        dam = new_dam()
        failed = fail_at(dam, f"{point.call}:error={error}:when={point.when}", add(sources))
        if is_forgiven(point):
            assert failed.code == 0
        else:
            assert failed.code == 5, f"{point}: {failed}"
            assert str(dam.folder) in failed.err
            assert any(cause in failed.err for cause in CAUSES[error]), failed.err
            assert "internal error" not in failed.err
        assert_continues(dam, sources, acknowledged(failed.out), is_manifest_whole=MANIFEST_LATER not in failed.err)


def in_library(points: list[Point]) -> list[Point]:
    """Leave out the output, and what had failed anyway: a folder that was there."""
    return [point for point in points if LIBRARY in point.line and " = -1 " not in point.line]


@pytest.mark.parametrize("share", range(SHARES))
def test_a_flush_that_fails(new_dam: NewDam, calls_of: Calls, sources: Path, share: int) -> None:
    points = some_of(calls_of(*add(sources), calls=FLUSHING), each=3)
    fail_in_order(new_dam, sources, points[share::SHARES], "EIO")


@pytest.mark.parametrize("share", range(SHARES))
def test_a_full_disk(new_dam: NewDam, calls_of: Calls, sources: Path, share: int) -> None:
    points = in_library(calls_of(*add(sources), calls=("write", "pwrite64", "rename", "mkdir")))
    fail_in_order(new_dam, sources, some_of(points, each=2)[share::SHARES], "ENOSPC")


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_every_flush_that_fails_and_every_full_disk(
    new_dam: NewDam, calls_of: Calls, sources: Path, share: int
) -> None:
    flushing = calls_of(*add(sources), calls=FLUSHING)
    fail_in_order(new_dam, sources, flushing[share::SHARES], "EIO")
    points = in_library(calls_of(*add(sources), calls=("write", "pwrite64", "rename", "mkdir")))
    fail_in_order(new_dam, sources, points[share::SHARES], "ENOSPC")


def test_a_disk_that_stays_full(new_dam: NewDam, calls_of: Calls, sources: Path) -> None:
    """Not even the rollback can be written; SQLite makes up for it at the next opening."""
    points = in_library(calls_of(*add(sources), calls=("pwrite64",)))
    for point in some_of(points, each=2):
        dam = new_dam()
        failed = fail_at(dam, f"pwrite64:error=ENOSPC:when={point.when}+", add(sources))
        assert failed.code == 5, f"{point}: {failed}"
        assert_continues(dam, sources, acknowledged(failed.out))


def test_a_temporary_file_that_cannot_be_closed(new_dam: NewDam, calls_of: Calls, sources: Path) -> None:
    points = calls_of(*add(sources), calls=("close",))
    closed = [point for point in points if f"<{LIBRARY}/store/tmp/" in point.line]
    files = [point for point in closed if Path(point.line.partition("<")[2].partition(">")[0]).parent.name == "files"]
    for point in (files[0], files[-1]):
        dam = new_dam()
        failed = fail_at(dam, f"close:error=EIO:when={point.when}", add(sources))
        assert failed.code == 5, f"{point}: {failed}"
        assert "Input/output error" in failed.err
        assert_continues(dam, sources, acknowledged(failed.out))


def test_a_source_that_cannot_be_read_costs_only_itself(dam: Dam, sources: Path) -> None:
    bad = sources / "05.txt"
    done = fail_at(dam, "read:error=EIO", add(sources), "-P", bad)
    assert done.code == 3
    assert set(os.listdir(sources)) - {Path(path).name for path in acknowledged(done.out)} == {"05.txt"}
    assert "Input/output error" in done.err
    assert_continues(dam, sources, acknowledged(done.out))
