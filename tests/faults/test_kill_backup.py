"""A kill in a backup, a restoration and an upgrade: what was there before, or what was to come, never half of it."""

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests import shared
from tests.conftest import Dam, dam_in, set_up_sqlite
from tests.faults.conftest import Point, _trace, changed_program, kill_at, some_of
from tests.faults.disk import Disk
from tests.services.backup.test_restore import make_outdated

PROGRAM = changed_program()
MUTATING = (
    *("pwrite64", "fsync", "fdatasync", "rename", "renameat", "link", "linkat", "unlink", "unlinkat", "mkdir"),
    *("rmdir", "ftruncate", "chmod", "fchmod"),
)
"""Without `write`: that of the messages."""


def with_backup(folder: Path) -> Path:
    """Make a library of two assets, and a backup from when it had one."""
    set_up_sqlite(folder)
    dam = dam_in(folder)
    for number, name in enumerate(("a.txt", "b.txt")):
        (folder / name).write_text(name)
        dam("add-asset", "-j0", name)
        if not number:
            dam("backup", folder / "backup.sqlite3")
    return folder


@pytest.fixture
def new_dam(tmp_path: Path) -> Callable[[], Dam]:
    """Make the program on a library with a backup, as often as needed."""
    original = shared.made_once("library-with-backup", with_backup)
    made: list[Dam] = []

    def make() -> Dam:
        made.append(dam_in(Path(shutil.copytree(original, tmp_path / str(len(made))))))
        return made[-1]

    return make


def entities(path: Path) -> int:
    """The number of assets in a database that is whole."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT count(*) FROM entities").fetchone()[0])


def points_of(dam: Dam, command: Sequence[str], each: int) -> list[Point]:
    return some_of(_trace(dam, command, MUTATING), each=each)


@pytest.mark.sweep
@pytest.mark.usefixtures("strace")
def test_a_kill_in_a_backup(new_dam: Callable[[], Dam]) -> None:
    command = [*PROGRAM, "backup"]
    points = points_of(new_dam(), command, each=3)
    assert {"link", "fsync"} <= {point.call for point in points}
    for point in points:
        dam = new_dam()
        kill_at(point, dam, command)
        assert entities(dam.folder / "dam.sqlite3") == 2
        assert [entities(path) for path in dam.folder.glob("backups/dam-*")] in ([], [2]), point
        dam("backup")
        assert not list(dam.folder.glob("backups/.dam-backup/*")), point


@pytest.mark.sweep
@pytest.mark.usefixtures("strace")
def test_a_kill_in_a_restoration(new_dam: Callable[[], Dam]) -> None:
    command = [*PROGRAM, "restore", "--yes", "backup.sqlite3"]
    points = points_of(new_dam(), command, each=3)
    assert {"link", "rename"} <= {point.call for point in points}
    for point in points:
        dam = new_dam()
        kill_at(point, dam, command)
        found = dam("info", "--json").json["entities"]
        kept = [entities(path) for path in dam.folder.glob("*.before-restore-*Z")]
        assert (found, kept) in ((2, []), (2, [2]), (1, [2])), point
        dam("restore", "--yes", "backup.sqlite3")
        assert entities(dam.folder / "dam.sqlite3") == 1
        assert not list(dam.folder.glob(".dam-backup/*")), point


@pytest.mark.sweep
@pytest.mark.usefixtures("strace")
def test_a_kill_in_an_upgrade(new_dam: Callable[[], Dam], tmp_path: Path) -> None:
    outdated = new_dam().folder
    make_outdated(outdated / "dam.sqlite3")
    shutil.rmtree(outdated / "store" / "manifest")  # as old as the database, which the manifest is not
    command = [*PROGRAM, "setup-db"]

    def make(name: str) -> Dam:
        return dam_in(Path(shutil.copytree(outdated, tmp_path / "outdated" / name)))

    for number, point in enumerate(points_of(make("reference"), command, each=2)):
        dam = make(str(number))
        kill_at(point, dam, command)
        assert entities(dam.folder / "dam.sqlite3") == 2
        if dam("info", code=None).code:
            assert dam("setup-db", "--json").json["before"] == "0011", point
        assert dam("info", "--json").json["entities"] == 2
        backups = dam("backup", "--list", "--json", code=None).json["backups"]
        assert {each["schema_revision"] for each in backups} == {"0011"}, point


@pytest.mark.usefixtures("strace")
def test_a_kill_when_the_database_gets_its_name(new_dam: Callable[[], Dam]) -> None:
    dam = new_dam()
    kill_at(Point("rename", 1, "of the copy"), dam, [*PROGRAM, "restore", "--yes", "backup.sqlite3"])
    assert entities(dam.folder / "dam.sqlite3") == 2
    assert [entities(path) for path in dam.folder.glob("*.before-restore-*Z")] == [2]
    dam("restore", "--yes", "backup.sqlite3")
    assert entities(dam.folder / "dam.sqlite3") == 1


def after_a_power_cut(folder: Path, original: Path, *command: str) -> tuple[list[int], list[int], list[int]]:
    """The assets in the database, in the backups, and in previous databases, -1 for one that is no database."""
    folder.mkdir()
    disk = Disk(folder / "disk")
    try:
        library = Path(shutil.copytree(original, disk.place / "library"))
        dam = dam_in(folder / "work", f"sqlite:///{library}/dam.sqlite3")
        dam.env["ASSET_STORAGE_PATH"] = str(library / "store")
        disk.start_again()  # what was copied is on the disk
        dam(*command, cwd=library)
        disk.cut()
        disk.start_again()
        found = [sorted(library.glob(pattern)) for pattern in ("dam.sqlite3", "backups/dam-*", "*.before-restore-*Z")]
        first, second, third = ([whole(path) for path in paths] for paths in found)
        return first, second, third
    finally:
        disk.remove()


def whole(path: Path) -> int:
    try:
        return entities(path)
    except sqlite3.DatabaseError:
        return -1


BACKUP, RESTORE = ["backup"], ["restore", "--yes", "backup.sqlite3"]


@pytest.mark.sweep
def test_a_power_cut_after_it_was_reported(tmp_path: Path, new_dam: Callable[[], Dam]) -> None:
    original = new_dam().folder
    assert after_a_power_cut(tmp_path / "a", original, *BACKUP) == ([2], [2], [])
    assert after_a_power_cut(tmp_path / "b", original, *RESTORE) == ([1], [], [2])


@pytest.mark.sweep
def test_the_power_cut_finds_a_flush_that_was_taken_out(
    tmp_path: Path, new_dam: Callable[[], Dam], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = new_dam().folder
    monkeypatch.setattr("dam.services.backup.backup.flush", lambda _: None)
    monkeypatch.setattr("dam.services.backup.restore.flush", lambda _: None)
    assert after_a_power_cut(tmp_path / "a", original, *BACKUP) != ([2], [2], [])
    assert after_a_power_cut(tmp_path / "b", original, *RESTORE) != ([1], [], [2])
