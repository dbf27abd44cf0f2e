"""One fault of each kind: the sweep, which has its own command, injects them at many points."""

from pathlib import Path

import pytest

from tests.conftest import Dam
from tests.faults.conftest import Point, acknowledged, add, assert_continues, fail_at, kill_at


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize(("call", "when"), [("rename", 3), ("fdatasync", 2)])
def test_a_kill(dam: Dam, sources: Path, call: str, when: int) -> None:
    killed = kill_at(Point(call, when, "of the first batch"), dam, add(sources))
    assert_continues(dam, sources, acknowledged(killed.out))


@pytest.mark.usefixtures("strace")
def test_a_disk_that_is_full(dam: Dam, sources: Path) -> None:
    failed = fail_at(dam, "rename:error=ENOSPC:when=3", add(sources))
    assert failed.code == 5
    assert "No space left" in failed.err
    assert_continues(dam, sources, acknowledged(failed.out))
