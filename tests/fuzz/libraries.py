"""What a library is made of again, changed as the bytes have it: the manifest, an export, a backup.

Every command then ends with a documented exit code, whatever got into the database.
"""

import atexit
import hashlib
import json
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from zlib import crc32

from tests import in_process
from tests.fuzz.arguments import environment, run
from tests.fuzz.mutation import mutated, mutated_lines

DATABASE = "dam.sqlite3"
EMPTY = "empty.sqlite3"
BACKUP = "backup.sqlite3"
EXPORT = "export.jsonl"
SEGMENT = "store/manifest/000001.jsonl"
READING = [
    *(["info"], ["show", "1"], ["log"], ["log", "1"], ["verify"], ["trash", "ls"], ["tag", "ls"], ["verdicts"]),
    *(["find-duplicates"], ["store", "ls"], ["failures"], ["undo", "--dry-run"], ["doctor"]),
    *(["library", "export", "-"], ["backup", "again.sqlite3"], ["run-systems", "-j0"], ["gc", "--dry-run"]),
]
EXPORT_AGAIN = ["library", "export", "again.jsonl"]
"""It reads every row."""


def manifest(data: bytes) -> None:
    """A manifest, most often with checksums that are right, read into a database."""
    chance = random.Random(data)
    with _copied() as folder:
        original = (folder / SEGMENT).read_bytes()
        if chance.random() < 0.1:
            changed = mutated(original, chance)
        else:
            lines = mutated_lines([line[9:] for line in original.splitlines()], chance)
            changed = b"".join(b"%08x %b\n" % (crc32(line), line) for line in lines)
        (folder / SEGMENT).write_bytes(changed)
        if chance.random() < 0.5:
            (folder / DATABASE).unlink()
            _run_all(folder, ["rebuild-db"], changed)
        else:
            (folder / EMPTY).replace(folder / DATABASE)
            _run_all(folder, ["rebuild-db", "--merge"], changed)


def export(data: bytes) -> None:
    """An export, most often with the right end, read into an empty database."""
    chance = random.Random(data)
    with _copied() as folder:
        original = (folder / EXPORT).read_bytes()
        if chance.random() < 0.1:
            changed = mutated(original, chance)
        else:
            lines = mutated_lines(original.splitlines()[:-1], chance)
            changed = b"".join(line + b"\n" for line in lines)
            rows = sum(line.startswith(b"[") for line in lines)
            end = {"end": True, "rows": rows, "sha256": hashlib.sha256(changed).hexdigest()}
            changed += json.dumps(end).encode() + b"\n"
        (folder / EXPORT).write_bytes(changed)
        (folder / EMPTY).replace(folder / DATABASE)
        _run_all(folder, ["library", "import", EXPORT], changed)


def backup(data: bytes) -> None:
    """A backup, put in the place of the database."""
    chance = random.Random(data)
    with _copied() as folder:
        changed = mutated((folder / BACKUP).read_bytes(), chance)
        (folder / BACKUP).write_bytes(changed)
        run(["restore", BACKUP, "--dry-run"], environment(folder), folder)
        if chance.random() < 0.5:
            (folder / DATABASE).write_bytes(changed)  # without the checks of restore
        _run_all(folder, ["restore", BACKUP, "--yes"], b"")


def _run_all(folder: Path, first: list[str], content: bytes) -> None:
    try:
        for words in (first, *random.Random(content).sample(READING, 5), EXPORT_AGAIN):
            run(words, environment(folder), folder)
    except AssertionError as exc:
        exc.add_note(content.decode(errors="backslashreplace"))
        raise


@contextmanager
def _copied() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copytree(_library(), Path(folder, "library")))


@cache
def _library() -> Path:
    """Return the folder of a library with something in each table that is not derived."""
    kept = tempfile.TemporaryDirectory(prefix="dam-fuzz-")
    atexit.register(kept.cleanup)
    folder = Path(kept.name)
    pictures = Path(__file__).parents[1] / "test_data/images"
    for name in ("spheres.png", "lake_at_dawn_small.jpg"):
        shutil.copy(pictures / name, folder)
    (folder / "words.txt").write_text("one two three")
    (folder / "home").mkdir()
    (folder / "mirror").mkdir()
    _must(folder, "setup-db")
    shutil.copy(folder / DATABASE, folder / EMPTY)
    _must(folder, "add-asset", "-j0", "--tags", "sea", "spheres.png", "lake_at_dawn_small.jpg", "words.txt")
    _must(folder, "tag", "add", "1", "sky")
    _must(folder, "tag", "rm", "2", "sea")
    _must(folder, "verdict", "1", "2", "alternate")
    _must(folder, "store", "add", "usb", "mirror")
    _must(folder, "rm", "3", "--yes")
    _must(folder, "library", "export", EXPORT)
    shutil.copy(folder / DATABASE, folder / BACKUP)
    with closing(sqlite3.connect(folder / BACKUP)) as connection:
        connection.execute("PRAGMA page_size = 512")  # few bytes are unused
        connection.execute("VACUUM")
    return folder


def _must(folder: Path, *words: str) -> None:
    done = in_process.run(words, environment(folder), folder, b"")
    assert done.returncode == 0, (words, done)
