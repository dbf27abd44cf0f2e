import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dam.services.doctor import file_system, store_test, surroundings, versions
from dam.services.doctor.check import Check, Status
from dam.services.doctor.file_system import Mount, check_file_system, check_rights, check_space, mount_of
from dam.services.doctor.store_test import check_on_disk
from dam.services.doctor.versions import check_extras, check_versions
from tests.conftest import Dam
from tests.services.backup.test_backup import connected
from tests.services.backup.test_restore import make_hot_journal

FAILED = 4


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*")}


def checks(dam: Dam, *options: str, code: int | None = 0, **env: str) -> dict[str, dict[str, Any]]:
    found = dam("doctor", "--json", *options, code=code, env=env).json["checks"]
    assert all(check["advice"] for check in found if check["status"] != "ok")
    return {check["name"]: check for check in found}


def test_a_healthy_library(dam: Dam) -> None:
    dam("setup-db")  # it makes the modes private
    dam("backup")
    before = contents(dam.folder)
    found = checks(dam)
    assert contents(dam.folder) == before
    assert {name for name, check in found.items() if check["status"] != "ok"} <= {"user"}
    assert {"python", "sqlite", "extra video", "workers", "database", "schema", "store", "clock"} <= set(found)
    assert "0 failures" in dam("doctor").err


def test_the_store_is_tried_and_left_as_it_was(dam: Dam) -> None:
    before = {path for path in dam.store.rglob("*") if path.name != "tmp"}
    found = checks(dam, "--test-store")
    assert {path for path in dam.store.rglob("*") if path.name != "tmp"} == before
    for name in ("written and read back", "renamed over another", "locks", "names", "modes of add-asset"):
        assert found[name]["status"] == "ok", found[name]
    assert "hardlink" in found["modes of add-asset"]["found"]


@pytest.mark.parametrize(
    ("break_it", "name", "told"),
    [
        (lambda path: path.unlink(), "database", "does not exist"),
        (lambda path: path.write_bytes(b""), "database", "is empty"),
        (lambda path: path.write_bytes(b"?" * 9999), "database", "not a database"),
        (lambda path: os.truncate(path, path.stat().st_size // 2), "database", "malformed"),
        (lambda path: run(path, "UPDATE alembic_version SET version_num = '0001'"), "schema", "0001"),
        (lambda path: run(path, "UPDATE alembic_version SET version_num = '9999'"), "schema", "9999"),
        (lambda path: run(path, "DROP TABLE library"), "database", "another program"),
        (lambda path: shutil.rmtree(path.parent / "store"), "store", "mounted"),
        (lambda path: (path.parent / "store" / "dam-library-id").unlink(), "store", "mounted"),
        (lambda path: (path.parent / "store" / "dam-library-id").write_text("another"), "store", "belong together"),
        (lambda path: (path.parent / "store" / "dam-library-id").write_bytes(b"\xff"), "store", "id of the library"),
    ],
)
def test_a_library_that_is_broken(dam: Dam, break_it: Callable[[Path], None], name: str, told: str) -> None:
    break_it(dam.folder / "dam.sqlite3")
    before = contents(dam.folder)
    found = checks(dam, code=FAILED)[name]
    assert found["status"] == "fail"
    assert told in found["found"] + found["advice"]
    assert contents(dam.folder) == before


def run(path: Path, statement: str) -> None:
    with connected(path) as connection:
        connection.execute(statement)


def test_without_a_library(fresh_dam: Dam) -> None:
    found = checks(fresh_dam, "--test-store", code=FAILED)
    assert (found["database"]["status"], found["store"]["status"]) == ("fail", "fail")
    assert "nothing was written" in found["store test"]["found"]
    assert [path.name for path in fresh_dam.folder.iterdir()] == ["home"]


def test_a_database_that_is_in_use(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.services.doctor.database.WAIT_SECONDS", 0)
    with connected(dam.folder / "dam.sqlite3") as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert "locked" in checks(dam)["database"]["found"]


def test_a_journal_of_a_killed_process_is_left_alone(dam: Dam) -> None:
    def spill(connection: sqlite3.Connection) -> None:
        for _ in range(2000):
            connection.execute("INSERT INTO entities DEFAULT VALUES")

    make_hot_journal(dam.folder / "dam.sqlite3", spill)
    before = contents(dam.folder)
    assert "journal" in checks(dam, code=None)["database"]["found"]
    assert contents(dam.folder) == before
    assert dam("info", "--json").json["entities"] == 0
    assert checks(dam)["database"]["status"] == "ok"


def test_no_backups(dam: Dam) -> None:
    assert "dam-cli backup" in checks(dam)["backups"]["advice"]
    assert "DAM_BACKUPS is 0" in checks(dam, DAM_BACKUPS="0")["backups"]["found"]


def test_settings_of_a_file_in_the_working_directory(dam: Dam) -> None:
    url = dam.env.pop("DATABASE_URL")
    (dam.folder / ".env").write_text(f"DATABASE_URL={url}\nDAM_LOG_LEVEL=ERROR\n")
    found = checks(dam)
    assert found["setting DATABASE_URL"]["status"] == "warn"
    assert str(dam.folder / ".env") in found["setting DATABASE_URL"]["found"]
    assert found["setting DAM_LOG_LEVEL"]["status"] == "ok"
    (dam.folder / ".env").write_text("DATABASE_URL=mysql://a/b\n")
    assert "mysql" in checks(dam, code=FAILED)["settings"]["found"]


def test_a_server_that_does_not_answer(dam: Dam) -> None:
    found = checks(dam, code=FAILED, DATABASE_URL=f"postgresql://a@/b?host={dam.folder}")
    assert found["database"]["status"] == "fail"


def test_a_library_in_postgres(each_dam: Dam) -> None:
    assert checks(each_dam)["database"]["status"] == "ok"


def test_workers_that_cannot_start(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(surroundings, "run_isolated", refuse)
    assert checks(dam, code=FAILED)["workers"]["status"] == "fail"


def test_a_temporary_folder_that_is_missing(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("TMPDIR", str(dam.folder / "missing"))
    found = {check.name: check for check in surroundings.check_folders()}
    assert found["temporary folder"].status is Status.WARN
    monkeypatch.setattr("tempfile.tempdir", None)


def test_versions_with_known_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "version", lambda package: {"pillow": "12.2.1"}.get(package, "99.0"))
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 31, 1))
    statuses = {check.name: check.status for check in check_versions()}
    assert (statuses["pillow"], statuses["numpy"], statuses["sqlite"]) == (Status.WARN, Status.OK, Status.FAIL)


def test_an_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.media.video.sampling.installed", lambda: False)
    [found] = [check for check in check_extras() if check.status is not Status.OK]
    assert (found.name, "the extra `video`" in str(found.advice)) == ("extra video", True)


@pytest.mark.parametrize(
    ("kind", "options", "has_database", "status"),
    [
        ("ext4", [], True, Status.OK),
        ("nfs4", [], False, Status.WARN),
        ("nfs4", [], True, Status.WARN),
        ("nfs", ["local_lock=flock"], False, Status.FAIL),
        ("fuse.sshfs", [], True, Status.WARN),
    ],
)
def test_file_systems(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    options: list[str],
    status: Status,
    *,
    has_database: bool,
) -> None:
    monkeypatch.setattr(file_system, "mount_of", lambda _: Mount("/mnt", kind, frozenset(options)))
    [found] = check_file_system("store", tmp_path / "not" / "there", has_database=has_database)
    assert found.status is status


def test_the_mount_of_a_path(tmp_path: Path, mount: Callable[..., None]) -> None:
    place = tmp_path / "a place"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m,ro", "none", place)
    found = mount_of(place / "x")
    assert found
    assert (found.place, found.kind, "ro" in found.options) == (str(place), "tmpfs", True)
    assert {check.status for check in check_space("store", place)} == {Status.FAIL}
    assert any("read-only" in check.found for check in check_file_system("store", place, has_database=False))


def test_rights(tmp_path: Path) -> None:
    path = tmp_path / "database"
    path.touch()
    cases: tuple[tuple[int, int, list[Status]], ...] = (
        (0o600, 0o077, []),
        (0o640, 0o077, [Status.WARN]),
        (0o640, 0o027, []),
        (0o660, 0o027, [Status.FAIL]),
        (0o666, 0o007, [Status.FAIL]),
    )
    for mode, umask, statuses in cases:
        path.chmod(mode)
        assert [check.status for check in check_rights("database", path, umask)] == statuses, (mode, umask)


def faulty(dam: Dam, monkeypatch: pytest.MonkeyPatch, name: str, function: Callable[..., object]) -> Iterator[Check]:
    monkeypatch.setattr(name, function)
    return (check for check in check_on_disk(dam.store) if check.status is not Status.OK)


def test_a_disk_that_does_not_keep_what_is_written(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the tests of a store can fail."""

    def lose(path: Path) -> None:
        if path.is_file():
            path.write_bytes(b"lost")

    [found] = faulty(dam, monkeypatch, "dam.services.doctor.store_test.flush", lose)
    assert (found.name, found.status) == ("written and read back", Status.FAIL)


def test_a_disk_without_locks(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    program = store_test.TRY_LOCK.replace("LOCK_EX | fcntl.LOCK_NB", "LOCK_SH | fcntl.LOCK_UN")
    monkeypatch.setattr(store_test, "TRY_LOCK", program)
    [found] = [check for check in check_on_disk(dam.store) if check.status is not Status.OK]
    assert (found.name, found.status) == ("locks", Status.FAIL)


def test_a_disk_that_overwrites_by_links(dam: Dam, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(faulty(dam, monkeypatch, "os.link", shutil.copy))
    assert ("linked without overwriting", Status.FAIL) in {(check.name, check.status) for check in found}
