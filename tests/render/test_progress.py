"""Progress, by a clock that the test sets."""

import sys
import threading

import pytest

from dam.render.bar import TerminalProgress, layout
from dam.render.progress import BackgroundCount, LineProgress, NoProgress, Tally, progress
from dam.render.text import columns, note


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_files_bytes_and_rate(clock: Clock) -> None:
    tally = Tally(clock)
    assert tally.text() == "0 files, 0 B, 0 B/s"
    for _ in range(1234):
        tally.add(2_000_000)
    clock.now = 60
    assert tally.text() == "1,234 files, 2.5 GB, 41.1 MB/s"


def test_time_left_is_told_when_the_total_is_known(clock: Clock) -> None:
    tally = Tally(clock)
    assert tally.time_left(100) is None
    tally.add(10)
    clock.now = 600
    assert tally.time_left(None) is None
    assert tally.time_left(100) == "1:30:00 left"
    assert tally.time_left(10) == "0:00:00 left"
    assert tally.time_left(9) is None


def test_a_line_every_so_often(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with LineProgress(clock, every=10) as bar:
        for second in range(35):
            clock.now = second
            bar.advance("name", 1000)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "11 files, 11.0 kB, 1.1 kB/s",
        "21 files, 21.0 kB, 1.1 kB/s",
        "31 files, 31.0 kB, 1.0 kB/s",
    ]


def test_a_short_run_writes_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with LineProgress(clock) as bar:
        bar.advance("name", 1)
    assert capsys.readouterr().err == ""


def test_what_is_counted_beside_is_known_once_it_is_counted() -> None:
    go = threading.Event()
    counted = threading.Event()

    def count() -> int:
        go.wait()
        return 5

    beside = BackgroundCount(count)
    assert beside() is None
    go.set()
    while beside() is None:
        counted.wait(0.001)
    assert beside() == 5


@pytest.mark.parametrize(
    ("quiet", "stderr", "stdout", "expected"),
    [
        (True, True, False, NoProgress),
        (False, False, False, LineProgress),
        (False, False, True, LineProgress),
        (False, True, True, TerminalProgress),
        (False, True, False, TerminalProgress),
    ],
)
def test_which_progress_fits(
    monkeypatch: pytest.MonkeyPatch,
    quiet: bool,  # noqa: FBT001
    stderr: bool,  # noqa: FBT001
    stdout: bool,  # noqa: FBT001
    expected: type,
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: stderr, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: stdout, raising=False)
    assert type(progress(quiet=quiet)) is expected


def test_what_was_not_read_does_not_count_for_the_rate(clock: Clock) -> None:
    tally = Tally(clock)
    tally.add(10_000_000, 5, is_read=False)
    tally.add(1_000_000)
    clock.now = 10
    assert tally.text() == "6 files, 11.0 MB, 100.0 kB/s"
    assert tally.percent(22_000_000) == 50


def test_the_line_has_what_fits(clock: Clock) -> None:
    tally = Tally(clock)
    tally.add(500, 1234)
    clock.now = 65
    name = "/home/ana/Pictures/\u65e5\u672c\u65e5\u672c.jpg"
    assert layout(tally, 1000, name, 39) == "50%  0:01:05 left  1,234 files  8 B/s"
    assert layout(tally, 1000, name, 25) == "50%  0:01:05 left  8 B/s"
    wide = layout(tally, 1000, name, 79)
    assert wide.startswith("[######......]  50%  0:01:05 left  1,234 files  8 B/s  \u2026")
    assert wide.endswith("\u65e5\u672c.jpg")
    assert columns(wide) <= 79
    assert layout(tally, None, "a\x1b[2Jb", 60) == "0:01:05  1,234 files  8 B/s  a\\x1b[2Jb"


def test_the_terminal_shows_the_name_without_what_acts_on_it(capfd: pytest.CaptureFixture[str]) -> None:
    with TerminalProgress(lambda: 100) as bar:
        bar.advance("a\x1b[2Jb", 10)
        note("a line")
    shown = capfd.readouterr().err
    assert "\x1b" not in shown
    before, _, _ = shown.partition("a line\n")
    assert before.endswith(" \r")


def test_work_that_ends_by_itself_has_no_more_time_left(clock: Clock) -> None:
    """As `verify --max-time`: from the beginning, and also where the rest would take longer."""
    tally = Tally(clock, max_seconds=60)
    assert layout(tally, None, "", 30).startswith("0:01:00 left  0 files")
    clock.now = 10
    tally.add(100)
    assert tally.time_left(None) == tally.time_left(1000) == "0:00:50 left"
    assert tally.time_left(200) == "0:00:10 left"
    clock.now = 70
    assert tally.time_left(1000) == "0:00:00 left"
