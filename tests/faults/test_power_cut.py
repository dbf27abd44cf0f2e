"""A power cut: what was reported is on the disk. And the proof that these tests would notice if it was not.

A kill never tests a flush, since the system keeps what was written. Here the file system loses all that was not
flushed, once with the database beside the store, and once with the database on another disk: the flush of a database
also writes the folders of its own file system, so that the flush of a folder is only missed there.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from dam.core import durable
from tests.conftest import Dam, dam_in
from tests.faults.conftest import SMALL_BATCHES, acknowledged, add, assert_continues, changed_program, finish
from tests.faults.disk import DamOnDisks, Disk, MakeDisk

pytestmark = pytest.mark.sweep

FLUSH_NO_FILE_OR_FOLDER = "import dam.storage.local as local; local.flush = lambda path: None"
FLUSH_NOTHING_TOGETHER = "import dam.storage.local as local; local.flush_file_system = lambda descriptor: True"
NO_FOLDERS = """
import os.path
import dam.storage.local as local
really, together = local.flush, local.flush_file_system
local.flush = lambda path: None if os.path.isdir(path) else really(path)
local.FLUSH_TOGETHER = 1000
# The manifest is on the same disk: its flush would write the folders, too
import os, types
import dam.storage.local_manifest as manifest
manifest.os = types.SimpleNamespace(**vars(os) | {"fsync": lambda descriptor: None})
manifest.flush = lambda path: None
"""
COMMIT_WITHOUT_FLUSHING = """
from sqlalchemy import event
import dam.core.database as database
really = database.make_engine
def make_engine(*arguments):
    engine = really(*arguments)
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    return engine
database.make_engine = make_engine
"""


@pytest.fixture(params=["database on the same disk", "database on another disk"])
def disks(request: pytest.FixtureRequest, make_disk: MakeDisk) -> list[Disk]:
    return [make_disk()] if "same" in request.param else [make_disk(), make_disk()]


def set_up_on(disks: Sequence[Disk], tmp_path: Path) -> DamOnDisks:
    dam = dam_in(tmp_path / "work", f"sqlite:///{disks[-1].place}/home/dam.sqlite3")
    dam.env["ASSET_STORAGE_PATH"] = str(disks[0].place / "library" / "store")
    dam("setup-db")
    return DamOnDisks(dam.folder, dam.env, disks=disks)


def losses(dam: Dam, promised: Mapping[str, str]) -> list[object]:
    """Return what is wrong with a library, and the promises that it has forgotten."""
    done = dam("verify", "--content", "--json", code=None)
    if done.code not in (0, 4):
        return [done.err]
    wrong: list[object] = [line for line in done.json_lines[:-1] if line["problem"] != "orphaned"]
    done = dam("add-asset", "--json", "-j0", *promised, code=None)
    if done.code:  # the database has lost what the manifest has
        return [*wrong, done.err]
    again = done.json_lines[:-1]
    return wrong + [line for line in again if line["status"] != "unchanged"]


def cut_after(lines: int, dam: DamOnDisks, command: Sequence[str | Path]) -> dict[str, str]:
    """Cut the power once some files have been reported; return those that were reported until the end."""
    process = subprocess.Popen(
        command, env=dam.env, cwd=dam.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    out = "".join(process.stdout.readline() for _ in range(lines))
    dam.cut_the_power()
    process.kill()
    rest, err = finish(process)
    dam.start_again()
    promised = acknowledged(out + rest)
    assert len(promised) >= lines, err
    return promised


@pytest.mark.parametrize("lines", [1, 17])
def test_a_power_cut_loses_nothing_that_was_reported(
    disks: list[Disk], tmp_path: Path, sources: Path, lines: int
) -> None:
    dam = set_up_on(disks, tmp_path)
    promised = cut_after(lines, dam, add(sources))
    assert_continues(dam, sources, promised)


def test_a_power_cut_of_the_program_as_it_is(disks: list[Disk], tmp_path: Path, sources: Path) -> None:
    dam = set_up_on(disks, tmp_path)
    promised = cut_after(1, dam, [*dam.command, "add-asset", "--json", sources])
    assert losses(dam, promised) == []
    assert_continues(dam, sources, promised)


def test_new_levels_of_folders_are_on_the_disk(make_disk: MakeDisk) -> None:
    """Also where nothing comes after them that would flush the folders above."""
    disk = make_disk()
    durable.make_folder(disk.place / "a" / "b" / "c")
    disk.cut()
    disk.start_again()
    assert (disk.place / "a" / "b" / "c").is_dir()


def test_a_power_cut_after_the_set_up(disks: list[Disk], tmp_path: Path, sources: Path) -> None:
    dam = set_up_on(disks, tmp_path)
    dam.cut_the_power()
    dam.start_again()
    assert dam("info", "--json").json["entities"] == 0
    assert_continues(dam, sources, {})


@pytest.mark.parametrize(
    ("change", "on_other_disk", "found"),
    [
        pytest.param(FLUSH_NO_FILE_OR_FOLDER, False, "0 bytes instead of", id="no fsync of files and folders"),
        pytest.param(FLUSH_NOTHING_TOGETHER, False, "0 bytes instead of", id="no syncfs"),
        pytest.param(FLUSH_NOTHING_TOGETHER, True, "0 bytes instead of", id="no syncfs, database elsewhere"),
        pytest.param(NO_FOLDERS, True, "manifest lacks", id="no fsync of folders and manifest, database elsewhere"),
        pytest.param(COMMIT_WITHOUT_FLUSHING, False, "", id="synchronous=OFF"),
        pytest.param(COMMIT_WITHOUT_FLUSHING, True, "", id="synchronous=OFF, database elsewhere"),
    ],
)
def test_the_power_cut_finds_a_flush_that_was_taken_out(
    make_disk: MakeDisk, tmp_path: Path, sources: Path, change: str, found: str, *, on_other_disk: bool
) -> None:
    disks = [make_disk(), make_disk()] if on_other_disk else [make_disk()]
    dam = set_up_on(disks, tmp_path)
    command = [*changed_program(SMALL_BATCHES, change), "add-asset", "-j0", "--json", str(sources)]
    promised = cut_after(17, dam, command)
    lost = losses(dam, promised)
    assert lost
    assert found in str(lost)
