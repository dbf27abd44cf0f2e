"""Progress on a terminal, which a decoder's output must not disturb."""

import os
import pty
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Dam


@pytest.mark.parametrize("jobs", ["-j0", "-j1"])
def test_progress_shows_on_a_terminal_and_decoders_do_not(dam: Dam, make_image: Callable[..., Path], jobs: str) -> None:
    path = make_image("noisy.tif", compression="tiff_adobe_deflate")
    content = bytearray(path.read_bytes())
    content[20:60] = bytes(40)  # libtiff says on stderr that this is damaged
    path.write_bytes(content)
    ours, theirs = pty.openpty()
    done = subprocess.Popen([*dam.command, "add-asset", jobs, path], env=dam.env, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # the end of a terminal
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    done.communicate()
    assert done.returncode == 3
    assert b"reading" in shown
    assert b"ZIPDecode" not in shown
