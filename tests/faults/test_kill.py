"""A kill at every system call that changes something: nothing is lost, and the same command continues."""

from pathlib import Path

import pytest

from dam.services.setup import set_up
from dam.services.verify.findings import Problem
from tests.conftest import dam_in
from tests.faults.conftest import (
    IN_SMALL_BATCHES,
    SMALL_BATCHES,
    Calls,
    NewDam,
    Point,
    acknowledged,
    add,
    assert_continues,
    changed_program,
    damage,
    kill_at,
    opened,
    some_of,
)

pytestmark = [pytest.mark.sweep, pytest.mark.usefixtures("strace")]

SHARES = 6
"""Tests among which the points are dealt out, to be run side by side."""

TRIES = 3
"""How often a point is tried: how often a program calls its workers depends on their speed, so a run can end before."""

ROWS_FIRST = """
import dam.services.ingest.ingest as ingest
from dam.storage.local import LocalBlobStore
publish, write = LocalBlobStore.publish, ingest.write
waiting = []
LocalBlobStore.publish = lambda *batch: waiting.append(batch)
def write_then_publish(*batch):
    assets = write(*batch)
    publish(*waiting.pop())
    return assets
ingest.write = write_then_publish
"""
SET_UP = [*IN_SMALL_BATCHES, "setup-db"]


def survive_kills(new_dam: NewDam, sources: Path, points: list[Point], jobs: str) -> None:
    hit = sum(is_hit_and_survived(new_dam, sources, point, jobs) for point in points)
    assert hit >= len(points) * 3 // 4


def is_hit_and_survived(new_dam: NewDam, sources: Path, point: Point, jobs: str) -> bool:
    for _ in range(TRIES):
        dam = new_dam()
        killed = kill_at(point, dam, add(sources, jobs), may_miss=jobs != "-j0")
        assert_continues(dam, sources, acknowledged(killed.out))
        if killed.code:
            return True
    return False


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("jobs", ["-j0", "-j1"])
def test_a_kill_at_some_calls(new_dam: NewDam, calls_of: Calls, sources: Path, jobs: str, share: int) -> None:
    points = calls_of(*add(sources, jobs))
    survive_kills(new_dam, sources, some_of(points, each=2 if jobs == "-j0" else 1)[share::SHARES], jobs)


def test_a_kill_finds_rows_that_are_written_before_their_blobs(new_dam: NewDam, sources: Path) -> None:
    """The proof that these tests can fail: a program with another order."""
    dam = new_dam()
    program = changed_program(SMALL_BATCHES, ROWS_FIRST)
    kill_at(Point("rename", 3, "of the first batch"), dam, [*program, "add-asset", "-j0", str(sources)])
    assert {found.problem for found in damage(dam)} == {Problem.MISSING}


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("jobs", ["-j0", "-j1"])
def test_a_kill_at_every_call(new_dam: NewDam, calls_of: Calls, sources: Path, jobs: str, share: int) -> None:
    points = calls_of(*add(sources, jobs))
    survive_kills(new_dam, sources, points[share::SHARES], jobs)


def survive_kills_of_set_up(folder: Path, sources: Path, points: list[Point]) -> None:
    for number, point in enumerate(points):
        dam = dam_in(folder / str(number))
        kill_at(point, dam, SET_UP)
        with opened(dam) as library:
            set_up(library.engine, library.store)
        assert_continues(dam, sources, {})


@pytest.mark.parametrize("share", range(2))
def test_a_kill_at_some_calls_of_the_set_up(tmp_path: Path, calls_of: Calls, sources: Path, share: int) -> None:
    points = calls_of(*SET_UP, is_set_up=False)
    survive_kills_of_set_up(tmp_path, sources, some_of(points, each=1)[share::2])


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_a_kill_at_every_call_of_the_set_up(tmp_path: Path, calls_of: Calls, sources: Path, share: int) -> None:
    points = calls_of(*SET_UP, is_set_up=False)
    survive_kills_of_set_up(tmp_path, sources, points[share::SHARES])
