"""Progress on a terminal, which a decoder's output must not disturb."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Dam, Finished


@pytest.mark.parametrize("jobs", ["-j0", "-j1"])
def test_progress_shows_on_a_terminal_and_decoders_do_not(dam: Dam, make_image: Callable[..., Path], jobs: str) -> None:
    path = make_image("noisy.tif", compression="tiff_adobe_deflate")
    content = bytearray(path.read_bytes())
    content[20:60] = bytes(40)  # libtiff says on stderr that this is damaged
    path.write_bytes(content)
    done = on_terminal(dam, "add-asset", jobs, path)
    assert done.code == 3
    assert "reading" in done.out
    assert "ZIPDecode" not in done.out


def on_terminal(dam: Dam, *arguments: str | Path, columns: int = 80) -> Finished:
    """Run the program with both outputs on a terminal; what it wrote there is in `out`, line ends as `\\n`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([*dam.command, *arguments], env=dam.env, cwd=dam.folder, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # the end of a terminal
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    return Finished(process.wait(), shown.decode().replace("\r\n", "\n"), "")


def left_standing(shown: str) -> list[str]:
    """The lines that stay on the terminal: what follows the last carriage return of each."""
    return [line.rpartition("\r")[2] for line in shown.split("\n")]


def test_a_bar_and_problems_and_what_was_done(dam: Dam, make_image: Callable[..., Path], tmp_path: Path) -> None:
    make_image("in/a.png")
    (tmp_path / "in/bad\x1b[2J.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"?" * 100)
    (tmp_path / "in/link").symlink_to("a.png")
    done = on_terminal(dam, "add-asset", tmp_path / "in", columns=40)
    assert done.code == 3
    assert "\x1b" not in done.out
    lines = left_standing(done.out)
    assert [line.split()[0] for line in lines[:1]] == ["added"]
    assert r"bad\x1b[2J.png: cannot be decoded" in lines[0]
    assert lines[1].startswith("1 added, 1 skipped") or lines[1].startswith("2 added, 1 skipped")
    assert "-v names what was skipped" in lines
    drawn = [part for line in done.out.split("\n") for part in line.split("\r")[:-1]]
    assert max(map(len, drawn)) < 40


def test_verbose_names_every_file_and_what_is_skipped(dam: Dam, make_image: Callable[..., Path]) -> None:
    folder = make_image("in/a.png").parent
    (folder / "link").symlink_to("a.png")
    lines = left_standing(on_terminal(dam, "add-asset", folder, "-v").out)
    assert [line.split()[0] for line in lines[:2]] == ["added", "skipped"]
    assert lines[1].endswith("link: is a symbolic link")


def test_quiet_is_silent_but_for_problems(dam: Dam, make_image: Callable[..., Path]) -> None:
    folder = make_image("in/a.png").parent
    assert (dam("add-asset", "-q", folder).out, dam("add-asset", "-q", folder).err) == ("", "")
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"?" * 100)
    told = dam("add-asset", "-q", folder, code=3)
    assert told.out == ""
    [problem] = told.err.splitlines()
    assert "bad.png: cannot be decoded" in problem
    assert dam("run-systems", "-q").err == ""
