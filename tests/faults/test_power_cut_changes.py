"""A power cut in and after what removes, takes back, heals, rebuilds and upgrades; on ext4 and on xfs.

The store and the database are on different disks: on the same one, the flush of the database writes the folders, too.
"""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import shared
from tests.conftest import dam_in, set_up_sqlite
from tests.faults.conftest import MUTATING, _trace, changed_program, damage, kill_at, some_of, stored
from tests.faults.disk import FILE_SYSTEMS, DamOnDisks, Disk, MakeDisk
from tests.faults.test_removal import database_of, prepare, rows, state
from tests.services.backup.test_restore import make_outdated

PROGRAM = changed_program()
FLUSH_NO_FILE_OR_FOLDER = "import dam.storage.local as local; local.flush = lambda path: None"


def lose_database(dam: DamOnDisks) -> None:
    database_of(dam).unlink()


def outdate(dam: DamOnDisks) -> None:
    """Leave a library of an earlier schema, whose store has no manifest yet."""
    make_outdated(database_of(dam))
    shutil.rmtree(dam.store / "manifest")


def damage_blob(dam: DamOnDisks) -> None:
    """Lose a blob; there is another copy beside the sources."""
    min(dam.store.glob("??/??/*")).unlink()


def nothing(_dam: DamOnDisks) -> None:
    """Change nothing."""


COMMANDS: dict[str, tuple[Callable[[DamOnDisks], None], list[str]]] = {
    "tag": (nothing, ["tag", "add", "2", "sky"]),
    "rm": (nothing, ["rm", "1", "2", "--yes"]),
    "undo": (nothing, ["undo", "3"]),
    "trash empty": (nothing, ["trash", "empty", "--yes", "--last-copies"]),
    "gc": (nothing, ["gc", "--yes", "--grace", "0s"]),
    "repair": (damage_blob, ["repair", "--from", "copies"]),
    "rebuild": (lose_database, ["rebuild-db"]),
    "migrate": (outdate, ["setup-db"]),
}
"""What is run, and what is done to the library before."""


def filled(folder: Path) -> Path:
    """Make a library with something to remove, take back, adopt and collect."""
    set_up_sqlite(folder)
    prepare(dam_in(folder))
    return folder


def on_disks(disks: list[Disk], work: Path, name: str) -> DamOnDisks:
    """Put the library on disks, prepared for a command."""
    original = shared.made_once("library-for-power-cuts", filled)
    home = disks[-1].place / "home"
    home.mkdir()
    shutil.copy(original / "dam.sqlite3", home)
    shutil.copytree(original / "store", disks[0].place / "store")
    dam = dam_in(work, f"sqlite:///{home}/dam.sqlite3")
    dam.env["ASSET_STORAGE_PATH"] = str(disks[0].place / "store")
    shutil.copytree(original / "sources", work / "copies")
    made = DamOnDisks(dam.folder, dam.env, disks=disks)
    COMMANDS[name][0](made)
    made.start_again()
    return made


@pytest.mark.sweep
@pytest.mark.parametrize("kind", FILE_SYSTEMS)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_reported_is_on_the_disk(make_disk: MakeDisk, tmp_path: Path, kind: str, name: str) -> None:
    dam = on_disks([make_disk(kind), make_disk(kind)], tmp_path / "work", name)
    dam(*COMMANDS[name][1])
    reported, blobs = state(dam), stored(dam)
    dam.cut_the_power()
    dam.start_again()
    assert rows(state(dam)) == rows(reported)
    assert damage(dam) == []
    assert stored(dam) >= blobs  # what was unlinked may be back


@pytest.mark.slow
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("kind", FILE_SYSTEMS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_power_cut_at_some_calls(make_disk: MakeDisk, tmp_path: Path, kind: str, name: str) -> None:
    command = [*PROGRAM, *COMMANDS[name][1]]
    reference = on_disks([make_disk(kind), make_disk(kind)], tmp_path / "reference", name)
    before = None if name in ("rebuild", "migrate") else rows(state(reference))
    points = _trace(reference, command, MUTATING)
    after = rows(state(reference))
    for disk in reference.disks:
        disk.remove()
    for number, point in enumerate(some_of(points, each=2)):
        dam = on_disks([make_disk(kind), make_disk(kind)], tmp_path / str(number), name)
        kill_at(point, dam, command)
        dam.cut_the_power()
        dam.start_again()
        if before is not None:
            assert rows(state(dam)) in (before, after), point
            assert damage(dam) == [] or name == "repair", point
        if not database_of(dam).exists() or name == "migrate" or rows(state(dam)) == before:
            dam(*COMMANDS[name][1])  # a database that is there after a rebuild is whole
        assert rows(state(dam)) == after, point
        assert damage(dam) == [], point
        for disk in dam.disks:
            disk.remove()


@pytest.mark.sweep
def test_a_flush_that_was_taken_out_is_found(make_disk: MakeDisk, tmp_path: Path) -> None:
    """The proof that these tests can fail."""
    dam = on_disks([make_disk(), make_disk()], tmp_path / "work", "repair")
    dam("gc", "--yes", "--grace", "0s")  # else an adoption writes to the manifest, whose flush writes the folders
    dam.start_again()
    command = [*changed_program(FLUSH_NO_FILE_OR_FOLDER), *COMMANDS["repair"][1]]
    subprocess.run(command, env=dam.env, cwd=dam.folder, check=True)
    dam.cut_the_power()
    dam.start_again()
    assert damage(dam) != []
