import logging
import subprocess
import sys
from pathlib import Path

import pytest

from dam.core import config, database
from dam.core.config import LOG_LEVELS, Settings, load_settings
from dam.core.database import SessionLocal
from dam.core.errors import UsageError
from dam.services.file_storage import configured_store
from tests.conftest import Dam


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home and a working folder of our own, and no setting in the environment."""
    for name in (*Settings.model_fields, "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def test_the_environment_stands_over_env_file_and_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert load_settings().DAM_LOG_LEVEL == "INFO"
    (tmp_path / ".env").write_text("DAM_LOG_LEVEL=ERROR\nDAM_LOCK_TIMEOUT=7\nOF_ANOTHER_PROGRAM=1\n")
    assert load_settings().DAM_LOG_LEVEL == "ERROR"
    monkeypatch.setenv("DAM_LOG_LEVEL", "DEBUG")
    assert (load_settings().DAM_LOG_LEVEL, load_settings().DAM_LOCK_TIMEOUT) == ("DEBUG", 7)


def test_an_empty_setting_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    default = load_settings()
    for name in Settings.model_fields:
        monkeypatch.setenv(name, "")
    assert load_settings() == default


def test_two_folders_see_one_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = load_settings()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_settings() == here
    assert here.sqlite_path
    assert here.sqlite_path.is_absolute()
    assert here.sqlite_path.is_relative_to(tmp_path / "home")
    assert here.sqlite_path.parent / "store" == here.ASSET_STORAGE_PATH


def test_two_folders_see_one_library_as_processes(fresh_dam: Dam, tmp_path: Path) -> None:
    del fresh_dam.env["DATABASE_URL"]
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text(folder)
        fresh_dam("add-asset", "a.txt", cwd=tmp_path / folder)
    assert fresh_dam("info", "--json").json["entities"] == 2


@pytest.mark.parametrize("level", LOG_LEVELS)
def test_a_level_in_any_case(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    for written in (level.lower(), level.capitalize(), f" {level} "):
        monkeypatch.setenv("DAM_LOG_LEVEL", written)
        assert level == load_settings().DAM_LOG_LEVEL


@pytest.mark.parametrize("level", ["LOUD", "7", "info,debug"])
def test_a_wrong_level_is_info_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, level: str
) -> None:
    monkeypatch.setattr(logging.getLogger("dam"), "propagate", True)
    monkeypatch.setenv("DAM_LOG_LEVEL", level)
    assert load_settings().DAM_LOG_LEVEL == "INFO"
    assert {(record.levelname, level in record.getMessage()) for record in caplog.records} == {("WARNING", True)}


def test_a_wrong_level_does_not_stop_the_program(dam: Dam) -> None:
    assert "LOUD" in dam("info", env={"DAM_LOG_LEVEL": "LOUD"}).err


@pytest.mark.parametrize(
    "scheme",
    ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "PostgreSQL", "postgresql+asyncpg"],
)
def test_postgres_gets_its_driver(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://user:p%40ss@host:5432/name?sslmode=require")
    loaded = load_settings()
    assert loaded.DATABASE_URL == "postgresql+psycopg://user:p%40ss@host:5432/name?sslmode=require"
    assert loaded.sqlite_path is None
    assert config.default_home() / "store" == loaded.ASSET_STORAGE_PATH


@pytest.mark.parametrize("scheme", ["sqlite", "SQLite", "sqlite+pysqlite"])
def test_the_store_lies_beside_the_sqlite_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}:///{tmp_path}/x.db")
    assert load_settings().sqlite_path == tmp_path / "x.db"
    assert tmp_path / "store" == load_settings().ASSET_STORAGE_PATH
    monkeypatch.setenv("DATABASE_URL", f"{scheme}:///deep/x.db")
    assert tmp_path / "deep" / "store" == load_settings().ASSET_STORAGE_PATH


def test_a_store_that_somebody_placed_stays_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSET_STORAGE_PATH", "~/blobs")
    assert tmp_path / "home" / "blobs" == load_settings().ASSET_STORAGE_PATH
    monkeypatch.setenv("ASSET_STORAGE_PATH", "blobs")
    assert tmp_path / "blobs" == load_settings().ASSET_STORAGE_PATH


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://host/name"),
        ("DATABASE_URL", "/just/a/path"),
        ("DATABASE_URL", "://"),
        ("DAM_LOCK_TIMEOUT", "soon"),
        ("DAM_LOCK_TIMEOUT", "-1"),
        ("DAM_LOCK_TIMEOUT", "inf"),
        ("DAM_LOCK_TIMEOUT", "nan"),
        ("DAM_LOCK_TIMEOUT", "1e10"),
    ],
)
def test_a_wrong_setting_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=name):
        load_settings()


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "postgresql://host:port/name", "sqlite:/x", "postgresql://[::1/x"]
)
def test_a_wrong_url_ends_the_program_as_a_usage_error(dam: Dam, url: str) -> None:
    assert "DATABASE_URL" in dam("info", env={"DATABASE_URL": url}, code=2).err


def test_an_env_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DAM_LOG_LEVEL=\xff\n")
    with pytest.raises(UsageError, match=r"\.env"):
        load_settings()


def test_the_password_is_never_shown(dam: Dam) -> None:
    url = f"postgresql://user:secret@/name?host={dam.folder}"
    for command in ("info", "setup-db"):
        assert "secret" not in dam(command, env={"DATABASE_URL": url}, code=5).err


def test_settings_that_are_off_are_named_and_help_is_there(fresh_dam: Dam) -> None:
    (fresh_dam.folder / ".env").write_text("DAM_LOCK_TIMEOUT=soon\n")
    assert "DAM_LOCK_TIMEOUT" in fresh_dam("info", code=2).err
    assert "Usage: dam-cli info" in fresh_dam("info", "--help").out


def test_nothing_is_read_when_modules_are_imported(fresh_dam: Dam) -> None:
    modules = "dam.core.config, dam.core.database, dam.services.library, dam.services.asset_service"
    probe = f"import {modules}; from dam.core.config import settings; from dam.core.database import SessionLocal"
    off = {"DAM_LOCK_TIMEOUT": "soon", "DATABASE_URL": "nonsense"}
    subprocess.run([sys.executable, "-c", probe], env=fresh_dam.env | off, check=True)


def test_the_settings_and_the_engine_are_derived_anew_after_a_reset(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / name}.db")
        database.reset()
        assert config.settings.sqlite_path == tmp_path / f"{name}.db"
        assert configured_store().root == config.settings.ASSET_STORAGE_PATH
        with SessionLocal() as session:
            assert session.get_bind().engine.url.database == str(tmp_path / f"{name}.db")
    monkeypatch.undo()
    database.reset()
