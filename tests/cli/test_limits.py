"""The limits of decoding hold in every command, and what decoders say never reaches the terminal."""

import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import shared
from tests.cli.conftest import LAUNCHER
from tests.conftest import Dam

SIDE = 13_000
LIMITS = {"DAM_WORKER_MEMORY_MB": "512", "DAM_DECODE_SECONDS": "3600"}
REASON = "decoding needs more memory than is available"
MEGABYTE = 1024


@pytest.fixture
def bomb(tmp_path: Path) -> Path:
    """A black PNG of 13,000 × 13,000 pixels: half a megabyte that becomes half a gigabyte."""
    return Path(shutil.copy(shared.made_once("bomb.png", make_bomb), tmp_path))


def make_bomb(path: Path) -> None:
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)),
            (b"IDAT", b"".join(_deflated(bytes(1 + 3 * SIDE), SIDE))),
            (b"IEND", b""),
        ):
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def _deflated(row: bytes, count: int) -> Iterator[bytes]:
    packer = zlib.compressobj(1)
    for _ in range(count):
        yield packer.compress(row)
    yield packer.flush()


def run(dam: Dam, *arguments: str | Path) -> tuple[int, str]:
    """Run a command within the limits; return its exit code and all that it wrote, with bounded memory."""
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *dam.command, *arguments],
        env=dam.env | LIMITS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    *output, peak = done.stdout.decode().splitlines()
    assert int(peak) < 400 * MEGABYTE
    return done.returncode, "\n".join(output)


def test_a_pixel_bomb_is_refused_by_every_command_alike(dam: Dam, bomb: Path) -> None:
    for command in ("add-asset", "find-similar-images", "find-similar", "explain", "thumbnail"):
        asked_of_library = command == "explain"
        code, output = run(dam, command, *[bomb] * (2 if asked_of_library else 1))
        assert (code, REASON in output) == ((0, False) if asked_of_library else (3, True)), (command, output)


@pytest.mark.parametrize(
    ("command", "operands"),
    [
        pytest.param("find-similar-images", 1, marks=pytest.mark.sweep),
        pytest.param("find-similar", 1, marks=pytest.mark.sweep),
        ("explain", 2),  # the others have refused it above, too
    ],
)
def test_a_pixel_bomb_that_the_library_does_not_have(dam: Dam, bomb: Path, command: str, operands: int) -> None:
    code, output = run(dam, command, *[bomb] * operands)
    assert code == 3, output
    assert REASON in output


def test_a_folder_of_queries_is_decoded_within_the_limits(
    dam: Dam, bomb: Path, make_image: Callable[..., Path]
) -> None:
    dam("add-asset", "-j0", make_image("a.png"))
    make_image("queries/a.png")
    bomb.rename(bomb.parent / "queries" / "bomb.png")
    code, output = run(dam, "find-similar-images", bomb.parent / "queries")
    assert code == 3
    assert REASON in output
    assert "a.png" in output


def test_tiffs_side_by_side_keep_stderr_and_the_summary(dam: Dam, make_image: Callable[..., Path]) -> None:
    """They are decoded by as many workers as there are cores; a redirection in a thread was never undone."""
    one = make_image("in/0.tif", compression="tiff_lzw")
    for number in range(1, 12):
        (one.parent / f"{number}.tif").write_bytes(one.read_bytes() + bytes(number))
    dam("add-asset", "-j0", one.parent)
    assert "1 group" in dam("find-duplicates", "--level", "pixels").err


@pytest.fixture
def noisy(make_image: Callable[..., Path]) -> Path:
    """A damaged TIFF file, of which libtiff says so on stderr by itself."""
    path = make_image("noisy.tif", compression="tiff_adobe_deflate")
    content = bytearray(path.read_bytes())
    content[20:60] = bytes(40)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("jobs", ["-j0", "-j1"])
def test_what_decoders_say_goes_to_the_log(dam: Dam, noisy: Path, jobs: str) -> None:
    assert "ZIPDecode" not in dam("add-asset", jobs, noisy, code=3).err
    logged = dam("-vv", "add-asset", "--rehash", jobs, noisy.rename(noisy.with_name("other.tif")), code=0).err
    assert "ZIPDecode" not in logged  # what failed is not tried again
    queried = dam("-vv", "find-similar-images", noisy.with_name("other.tif"), code=3).err
    assert (
        f"DEBUG dam.services.processes.decoder_output: decoding '{noisy.with_name('other.tif')}': 'ZIPDecode" in queried
    )
