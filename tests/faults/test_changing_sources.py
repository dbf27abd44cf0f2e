"""Files that somebody changes while they are read: what is stored is what was hashed, and the change is reported."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dam.services.ingest.staging import MAX_IN_MEMORY_BYTES
from tests.conftest import Dam
from tests.faults.conftest import assert_whole, damage, stored

CHANGES = {
    "rewritten": "file.seek(turn % size); file.write(b'x')",
    "growing": "file.seek(0, os.SEEK_END); file.write(b'x')",
    "shrinking": "file.truncate(size - turn)",
    "replaced": "open(new, 'wb').truncate(size); os.replace(new, path)",
}


def writer(path: Path, change: str) -> str:
    """Return a program that changes a file for as long as it lives."""
    return f"""
import os
path, new = {str(path)!r}, {str(path.parent.parent / "new")!r}
size = os.path.getsize(path)
with open(path, "r+b", buffering=0) as file:
    for turn in range(1, 1 << 60):
        {change}
        if turn == 1:
            print("ready", flush=True)
"""


@pytest.fixture(params=[MAX_IN_MEMORY_BYTES // 2, MAX_IN_MEMORY_BYTES * 2], ids=["in memory", "streamed"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file that takes a while to read, beside one that nobody touches."""
    folder = tmp_path / "changing"
    folder.mkdir()
    (folder / "quiet.txt").write_text("nobody touches me")
    path = folder / "changing.bin"
    with path.open("wb") as file:
        file.truncate(request.param)
    return path


@pytest.fixture(params=CHANGES)
def changing(request: pytest.FixtureRequest, source: Path) -> Iterator[Path]:
    """The file while another process changes it."""
    program = writer(source, CHANGES[request.param])
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield source
        process.kill()


def test_a_file_that_changes_while_it_is_read(dam: Dam, changing: Path) -> None:
    *lines, _ = dam("add-asset", "-j0", "--json", changing.parent, code=3).json_lines
    by_name = {Path(line["path"]).name: line for line in lines}
    assert by_name["quiet.txt"]["status"] == "added"
    assert by_name["changing.bin"]["status"] == "failed"
    assert "changed while it was read" in by_name["changing.bin"]["error"]
    assert damage(dam) == []
    assert len(stored(dam)) == 1
    assert_whole(dam)
