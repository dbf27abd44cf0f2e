"""Whatever the commands do to what cannot be derived, the store alone gives it back."""

from pathlib import Path

from dam.core.config import Settings
from dam.services.library import open_library
from dam.services.rebuild.rebuild import Rebuilt, rebuild
from tests.cli.every_command import arguments_of, commands, make_library
from tests.conftest import Dam, at_once
from tests.services.rebuild.kept import Rows, kept_rows

NOT_HERE = ("doctor", "library import", "rebuild-db", "restore")
"""Commands that are for another database, and one that takes long."""


def rows_of(folder: Path) -> Rows:
    settings = Settings(DATABASE_URL=f"sqlite:///{folder}/dam.sqlite3", ASSET_STORAGE_PATH=folder / "store")
    with open_library(settings) as library:
        return kept_rows(library)


def assert_rebuilds(folder: Path) -> None:
    before = rows_of(folder)
    (folder / "dam.sqlite3").unlink()
    (folder / "dam.sqlite3-journal").unlink(missing_ok=True)
    settings = Settings(DATABASE_URL=f"sqlite:///{folder}/dam.sqlite3", ASSET_STORAGE_PATH=folder / "store")
    assert [item for item in rebuild(settings) if not isinstance(item, Rebuilt)] == []
    assert rows_of(folder) == before


def test_what_every_command_has_written_comes_back(dam: Dam) -> None:
    """A new command that changes such rows records them, by a `Recorder` or by `record_files`."""
    make_library(dam)
    for name in sorted({name for name, _ in commands()} - set(NOT_HERE)):
        for arguments in arguments_of(name, dam.folder):
            dam(*name.split(), *arguments, code=None)
    assert_rebuilds(dam.folder)


def test_processes_side_by_side(dam: Dam) -> None:
    for name in "abc":
        (dam.folder / name).mkdir()
        for number in range(20):
            (dam.folder / name / f"{number}.txt").write_text(f"{name if number % 2 else 'the same'} {number}")
    ended = at_once(dam, *(["add-asset", "-j0", "--tags", f"t,{name}", name] for name in "abc"))
    assert [code for code, _ in ended] == [0, 0, 0], ended
    assert_rebuilds(dam.folder)
