"""Every command in every state of a library: the right exit code, a message, and nothing made or destroyed.

A new command is covered by itself. It belongs into a table below where it is meant to work in a state in which others
refuse.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import shared
from tests.cli.every_command import arguments_of, commands, make_library
from tests.conftest import Dam, Finished, dam_in, set_up_sqlite

NAMES = [name for name, _ in commands()]
FOREIGN_ID = "00000000-0000-4000-8000-000000000000"
NEED_NO_LIBRARY = {
    "doctor": (0, 4),
    "rebuild-db": (5, 10),  # they replace no database
    "library import": (5, 10, 12),
}
NEED_NO_STORE = NEED_NO_LIBRARY | {"backup": (0,), "restore": (0,)}
NEED_NO_DATABASE = NEED_NO_LIBRARY | {"restore": (0,)}
WORKS = (0, 1, 3, 4)
DO_NOT = {"rebuild-db": (5,), "library import": (5,), "open": (0, 5)}
"""The first two make a database, and replace none that has assets; the last needs a desktop."""


@dataclass(frozen=True)
class State:
    """What was done to a library, the exit code with which commands refuse it, what they say, and those that do not."""

    make: Callable[[Path], None]
    code: int
    told: str
    others: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    changing: tuple[str, ...] = ()
    """Commands that are meant to change something."""
    is_sweep: bool = False


def database(folder: Path) -> Path:
    return folder / "dam.sqlite3"


def execute(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(database(folder))) as connection, connection:
        connection.execute(statement)


def replace_by_bookmarks(folder: Path) -> None:
    database(folder).unlink()
    execute(folder, "CREATE TABLE bookmarks (url TEXT)")


def overwrite(folder: Path) -> None:
    database(folder).write_bytes(b"?" * 9999)


def cut(folder: Path) -> None:
    os.truncate(database(folder), database(folder).stat().st_size // 2)


def remove_all(folder: Path) -> None:
    database(folder).unlink()
    shutil.rmtree(folder / "store")


def have_foreign_store(folder: Path) -> None:
    (folder / "store" / "dam-library-id").write_text(FOREIGN_ID)


STATES = {
    "database gone": State(
        lambda folder: database(folder).unlink(),
        10,
        "library",
        NEED_NO_DATABASE | {"rebuild-db": WORKS, "library import": WORKS},
        ("rebuild-db", "library import"),
    ),
    "empty file": State(
        lambda folder: os.truncate(database(folder), 0),
        10,
        "library",
        NEED_NO_DATABASE | {"rebuild-db": WORKS, "library import": WORKS},
        ("rebuild-db", "library import"),
        is_sweep=True,
    ),
    "both gone": State(
        remove_all,
        10,
        "library",
        NEED_NO_DATABASE | {"add-asset": (0, 3), "setup-db": (0,), "library import": WORKS},
        ("add-asset", "setup-db", "library import"),
        is_sweep=True,
    ),
    "unmounted": State(lambda folder: shutil.rmtree(folder / "store"), 10, "mounted", NEED_NO_STORE, ("backup",)),
    "no marker": State(
        lambda folder: (folder / "store" / "dam-library-id").unlink(),
        10,
        "mounted",
        NEED_NO_STORE | {"repair": (0, 4)},
        ("backup", "repair"),  # it writes the marker of a store that has the blobs
        is_sweep=True,
    ),
    "foreign store": State(
        have_foreign_store, 10, "library", NEED_NO_STORE | {"restore": (10,)}, ("backup",), is_sweep=True
    ),
    "newer schema": State(
        lambda folder: execute(folder, "UPDATE alembic_version SET version_num = '9999'"),
        12,
        "9999",
        NEED_NO_STORE,
        ("backup",),
        is_sweep=True,
    ),
    "older schema": State(
        lambda folder: execute(folder, "UPDATE alembic_version SET version_num = '0000'"),
        10,
        "setup-db",
        NEED_NO_STORE | {"setup-db": (5,)},  # there is no such revision
        ("backup", "setup-db"),  # both make a backup
        is_sweep=True,
    ),
    "malformed": State(cut, 5, "malformed", NEED_NO_DATABASE | {"backup": (4,), "verify": (4, 5), "repair": (4, 5)}),
    "no database": State(
        overwrite,
        5,
        "not a database",
        NEED_NO_DATABASE | {"backup": (4,), "verify": (4, 5), "repair": (4, 5)},
        is_sweep=True,
    ),
    "tables of another program": State(
        replace_by_bookmarks, 10, "another program", NEED_NO_LIBRARY | {"restore": (10,)}
    ),
}


def filled_folder() -> Path:
    def make(folder: Path) -> None:
        set_up_sqlite(folder)
        make_library(dam_in(folder))

    return shared.made_once("filled-library", make)


def copied(folder: Path) -> Dam:
    return dam_in(Path(shutil.copytree(filled_folder(), folder)))


def contents(folder: Path) -> dict[str, bytes | None]:
    """What is in a folder, but for the temporary files of a run and the lock of a database."""
    paths = [path for path in folder.rglob("*") if "tmp" not in path.relative_to(folder).parts]
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in paths
        if not path.name.endswith("-journal")
    }


def run(dam: Dam, name: str) -> Finished:
    """Run a command with the arguments that it has first in the table of all commands."""
    done = dam(*name.split(), *arguments_of(name, dam.folder)[0], code=None)
    assert "internal error" not in done.err, (name, done)
    return done


@pytest.mark.parametrize(
    "state", [pytest.param(name, marks=pytest.mark.sweep if state.is_sweep else ()) for name, state in STATES.items()]
)
def test_a_state_in_which_commands_refuse(tmp_path: Path, state: str) -> None:
    wanted = STATES[state]
    dam = copied(tmp_path / "library")
    wanted.make(dam.folder)
    before = contents(dam.folder)
    for name in NAMES:
        if name in wanted.changing:
            changed = copied(tmp_path / name)
            wanted.make(changed.folder)
            assert run(changed, name).code in wanted.others.get(name, (wanted.code,)), name
            continue
        done = run(dam, name)
        assert done.code in wanted.others.get(name, (wanted.code,)), (name, done)
        assert done.code != wanted.code or wanted.told in done.err, (name, done)
        assert contents(dam.folder) == before, name


def forget_last_asset(folder: Path) -> None:
    with closing(sqlite3.connect(database(folder))) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM entities WHERE id = (SELECT max(id) FROM entities)")


def lose_blob(folder: Path) -> None:
    min((folder / "store").glob("??/??/*")).unlink()


@pytest.mark.sweep
@pytest.mark.parametrize(
    "make", [pytest.param(forget_last_asset, id="database old"), pytest.param(lose_blob, id="store old")]
)
def test_a_state_in_which_commands_work(tmp_path: Path, make: Callable[[Path], None]) -> None:
    for name in NAMES:
        dam = copied(tmp_path / name)
        make(dam.folder)
        blobs, entities = set((dam.folder / "store").glob("??/??/*")), count(dam.folder)
        done = run(dam, name)
        assert done.code in DO_NOT.get(name, WORKS), (name, done)
        assert set((dam.folder / "store").glob("??/??/*")) >= blobs, name
        assert count(dam.folder) >= entities, name


def count(folder: Path) -> int:
    with closing(sqlite3.connect(database(folder))) as connection:
        return int(connection.execute("SELECT count(*) FROM entities").fetchone()[0])


@pytest.mark.sweep
def test_a_read_only_library(tmp_path: Path, mount: Callable[..., None]) -> None:
    dam = copied(tmp_path / "library")
    dam.env["HOME"] = str(tmp_path)
    mount("--bind", dam.folder, dam.folder)
    mount("-o", "remount,bind,ro", dam.folder)
    before = contents(dam.folder)
    for name in NAMES:
        done = run(dam, name)
        assert done.code in (*WORKS, 5), (name, done)
        assert contents(dam.folder) == before, name
    for reading in (
        ["info"],
        ["find-file-by-hash", "--file", dam.folder / "sources/a.png"],
        ["tag", "ls"],
        ["show", "1"],
    ):
        dam(*reading)


def test_the_tables_name_commands_that_are_there() -> None:
    """Or that are on their way: these are named here."""
    named = {name for state in STATES.values() for name in (*state.others, *state.changing)}
    assert named - set(NAMES) <= {"rebuild-db", "library import", "repair"}
