"""Inputs that are damaged, odd or hostile: stored exactly, recorded, and the run goes on."""

import json
import os
import socket
import struct
import subprocess
import sys
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from tests.cli.conftest import LAUNCHER
from tests.conftest import Dam
from tests.media.pictures import FORMATS, picture, saved

NAMES = [
    b"new\nline.txt",
    b"\x1b[31mred\x1b]0;title\x07.txt",
    "\u202egnp.exe".encode(),
    "\u2066bidi\u2069\u200f.txt".encode(),
    b"\xff\xfe invalid.txt",
    b"-rf",
    b"--json",
    b"n" * 255,
    b" ",
    b"c1\xc2\x9b31m.txt",
    "line\u2028paragraph\u2029".encode(),
    "日本 – naïve 😀".encode(),
]


def assert_harmless(text: str) -> None:
    """Nothing in the text acts on a terminal; lines end where they should."""
    unseen = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")}
    assert unseen <= {"\n"}


def test_names_are_kept_exactly_and_shown_harmlessly(dam: Dam, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "odd")
    os.mkdir(folder)
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(folder + b"/" + name)).write_text(str(number))

    text = dam("add-asset", folder)
    assert_harmless(text.out + text.err)
    assert text.out.count("\n") == len(NAMES)

    *lines, _ = dam("add-asset", folder, "--json").json_lines
    kept = {bytes.fromhex(line["path_hex"]) if "path_hex" in line else line["path"].encode() for line in lines}
    assert kept == {folder + b"/" + name for name in NAMES}
    assert all(line["status"] == "unchanged" for line in lines)

    for entity_id in range(1, len(NAMES) + 1):
        if entity_id % 4 == 1:  # a process each: a few will do
            shown = dam("show", str(entity_id))
            assert_harmless(shown.out)
            [source] = dam("show", str(entity_id), "--json").json["components"]["source_path"]
            assert bytes.fromhex(source["path"]) in kept
            assert_harmless(dam("find-file-by-hash", "--file", bytes.fromhex(source["path"])).out)


def test_names_on_the_command_line(dam: Dam, tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(str(number))
    done = dam("add-asset", "--", *NAMES, cwd=tmp_path)
    assert_harmless(done.out + done.err)
    missing = dam("add-asset", "--", *(b"missing" + name[:200] for name in NAMES), code=3)
    assert_harmless(missing.out + missing.err)


def test_output_in_an_ascii_locale(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "日本 – naïve 😀").write_text("x")
    dam.env |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    assert "added" in dam("add-asset", tmp_path / "日本 – naïve 😀").out
    [line, _] = dam("add-asset", tmp_path / "日本 – naïve 😀", "--json").json_lines
    assert line["path"] == str(tmp_path / "日本 – naïve 😀")


def test_an_empty_file_and_wrong_extensions(dam: Dam, make_image: Callable[..., Path]) -> None:
    folder = make_image("in/a.png").parent
    (folder / "a.png").rename(folder / "a.txt")
    (folder / "empty.jpg").touch()
    make_image("in/noext.gif", seed=2).rename(folder / "noext")
    (folder / "words.jpg").write_text("words")
    *lines, _ = dam("add-asset", folder, "--json").json_lines
    assert {Path(line["path"]).name: line["media_type"] for line in lines} == {
        "a.txt": "image/png",
        "empty.jpg": "application/x-empty",
        "noext": "image/gif",
        "words.jpg": "text/plain",
    }
    assert "image_perceptual_hash_phash" in dam("show", folder / "a.txt", "--json").json["components"]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def cyclic_tiff() -> bytes:
    data = bytearray(saved(picture(), "TIFF"))
    start = struct.unpack_from("<I", data, 4)[0]
    struct.pack_into("<I", data, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], start)
    return bytes(data)


def many_frames() -> bytes:
    frames = [Image.new("L", (16, 16), number % 256) for number in range(3000)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


def measured(dam: Dam, *arguments: str | Path, code: int) -> tuple[list[dict[str, Any]], int]:
    """Run with --json within 30 s of CPU; return the lines, and the peak of its memory in bytes."""
    launch = [sys.executable, "-c", LAUNCHER, "/bin/sh", "-c", 'ulimit -t 30; exec "$@"', "sh"]
    process = subprocess.Popen(
        [*launch, *dam.command, *arguments, "--json"],
        env=dam.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    with process.stdout, process.stderr:
        out, err = process.stdout.read(), process.stderr.read()
    assert process.wait() == code, err
    *told, peak = err.decode().splitlines(keepends=True)
    assert_harmless("".join(told))
    scale = 1 if sys.platform == "darwin" else 1024
    return [json.loads(line) for line in out.splitlines()], int(peak) * scale


def test_damaged_pictures_are_stored_and_their_failure_recorded(dam: Dam, tmp_path: Path) -> None:
    for form in FORMATS:
        whole = saved(picture(size=(300, 200)), form)
        (tmp_path / f"{form}-cut").write_bytes(whole[: len(whole) // 2])
        (tmp_path / f"{form}-torn").write_bytes(whole[:60] + bytes(len(whole) - 60))
    lines, _ = measured(dam, "add-asset", *sorted(tmp_path.glob("*-*")), code=3)
    *lines, last = lines
    assert {line["status"] for line in lines} == {"added"}
    failed = {Path(str(line["path"])).name: line for line in lines if line["error"]}
    assert {f"{form}-cut" for form in FORMATS} - {"BMP-cut", "GIF-cut"} <= set(failed)
    assert last["summary"]["undecodable"] == len(failed)
    for name in ("JPEG-cut", "AVIF-torn"):
        shown = dam("show", tmp_path / name, "--json").json["components"]
        assert {failure["system"] for failure in shown["system_failure"]} >= {"image_dimensions", "image_phash"}
        assert all(failure["reason"] for failure in shown["system_failure"])
        [match] = dam("find-file-by-hash", "--file", tmp_path / name, "--json").json["matches"]
        assert Path(match["stored_path"]).read_bytes() == (tmp_path / name).read_bytes()
    again = dam("add-asset", *sorted(tmp_path.glob("*-*")), "--json").json_lines[-1]["summary"]
    assert again["unchanged"] == 2 * len(FORMATS)


def test_bombs_are_stored_in_bounded_time_and_memory(dam: Dam, tmp_path: Path) -> None:
    packed = zlib.compress(bytes(500_000_000))
    pixels = chunk(b"IDAT", zlib.compress(bytes(9 * 8)))
    bombs = {
        "pixels.png": png(30_000, 30_000, chunk(b"IDAT", zlib.compress(bytes(100_000)))),
        "text.png": png(8, 8, chunk(b"zTXt", b"a\0\0" + packed), pixels),
        "profile.png": png(8, 8, chunk(b"iCCP", b"a\0\0" + packed), pixels),
        "cyclic.tif": cyclic_tiff(),
        "frames.gif": many_frames(),
    }
    for name, content in bombs.items():
        (tmp_path / name).write_bytes(content)
    lines, peak = measured(dam, "add-asset", *(tmp_path / name for name in bombs), code=3)
    status = {Path(str(line["path"])).name: line for line in lines[:-1]}
    assert {line["status"] for line in status.values()} == {"added"}
    assert "limit" in str(status["pixels.png"]["error"])
    assert status["cyclic.tif"]["error"] is status["frames.gif"]["error"] is None
    assert peak < 400_000_000


def test_a_large_sparse_file_takes_little_memory(dam: Dam, tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(300_000_000)
    [line, _], peak = measured(dam, "add-asset", tmp_path / "sparse", code=0)
    assert line["status"] == "added"
    assert peak < 150_000_000
    stored = dam("find-file-by-hash", str(line["sha256"]), "--json").json["matches"][0]["stored_path"]
    assert os.stat(stored).st_size == 300_000_000


def test_what_is_no_file_is_not_opened(dam: Dam, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    (folder / "words.txt").write_text("words")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
    *lines, last = dam("add-asset", folder, "--json").json_lines
    assert [Path(line["path"]).name for line in lines] == ["words.txt"]
    assert last["summary"]["skipped"] == 4

    for path in (folder / "fifo", folder / "loop", Path("/dev/zero")):
        [line, _] = dam("add-asset", path, "--json", code=3).json_lines
        assert (line["status"], bool(line["error"])) == ("failed", True)
    assert "regular" in dam("find-file-by-hash", "--file", folder / "fifo", code=3).err
    assert "regular" in dam("find-similar-images", folder / "fifo", code=3).err


def test_the_library_is_never_ingested_into_itself(dam: Dam, tmp_path: Path) -> None:
    (dam.folder / "words.txt").write_text("words")
    (tmp_path / "link").symlink_to(dam.store)
    (dam.store / "ab" / "cd").mkdir(parents=True)
    for path in (dam.store, dam.store / "ab" / "cd", tmp_path / "link", dam.store / "dam-library-id"):
        assert "store of the library" in dam("add-asset", path, code=2).err
    for _ in range(2):
        *lines, _ = dam("add-asset", tmp_path, "--json").json_lines
        assert [Path(line["path"]).name for line in lines] == ["words.txt"]


def test_what_may_not_be_read_fails_and_the_rest_goes_on(guest: Dam) -> None:
    folder = guest.folder / "in"
    (folder / "closed").mkdir(parents=True)
    for name in ("a.txt", "closed/b.txt", "secret.txt"):
        (folder / name).write_text(name)
    (folder / "closed").chmod(0)
    (folder / "secret.txt").chmod(0)
    *lines, _ = guest("add-asset", "-j0", folder, "--json", code=3).json_lines
    assert {(Path(line["path"]).name, line["status"], line["error"]) for line in lines} == {
        ("a.txt", "added", None),
        ("closed", "failed", "Permission denied"),
        ("secret.txt", "failed", "Permission denied"),
    }


def test_progress_on_a_terminal_shows_names_harmlessly(dam: Dam, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(["\x1b]0;title\x07", "\u202ebidi", "[bold]markup[/bold]", "[/]"]):
        (folder / name.replace("/", "-")).write_text(str(number))
    reader, terminal = os.openpty()
    with os.fdopen(reader, "rb", buffering=0) as screen:
        command: list[str | Path] = [*dam.command, "add-asset", folder, "--json"]
        done = subprocess.run(command, env=dam.env, stdout=subprocess.PIPE, stderr=terminal, check=False)
        os.close(terminal)
        shown = b""
        try:
            while part := screen.read(65536):
                shown += part
        except OSError:  # how a terminal ends on Linux
            pass
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 5
    assert b"title\x07" not in shown
    assert "\u202e".encode() not in shown
    assert b"4 added" in shown
