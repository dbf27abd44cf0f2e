"""Which library a command opens: `--library`, `DAM_DATABASE_URL`, `.env`, the configuration file."""

from pathlib import Path

import pytest

from dam.core.config import load_settings
from dam.core.errors import UsageError
from dam.core.libraries import Libraries, find_library, read_libraries, sqlite_url
from tests.conftest import Dam


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a configuration file that is not there."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "dam").mkdir(parents=True)
    return tmp_path / "config" / "dam" / "config.toml"


def test_without_a_configuration_file_there_are_no_names(config: Path) -> None:
    assert not config.exists()
    assert read_libraries() == Libraries({})
    with pytest.raises(UsageError, match="no library 'photos'"):
        find_library("photos")


def test_names_paths_and_urls(config: Path, tmp_path: Path) -> None:
    config.write_text(
        f'[libraries]\nphotos = "{tmp_path}/photos"\n'
        f'studio = {{ database = "postgresql://ana@server/dam", store = "{tmp_path}/blobs" }}\n'
    )
    in_folder = sqlite_url(tmp_path / "photos" / "dam.sqlite3")
    assert find_library("photos").url == in_folder
    assert find_library("./photos").url == in_folder
    assert find_library(str(tmp_path / "photos" / "dam.sqlite3")).url == in_folder
    assert (find_library("studio").url, find_library("studio").store) == (
        "postgresql://ana@server/dam",
        tmp_path / "blobs",
    )
    assert find_library("postgresql://ana@server/dam").url == "postgresql://ana@server/dam"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("libraries = 7", "no table"),
        ('default = "photos"', "none of the libraries"),
        ('[libraries]\nphotos = "photos"', "relative"),
        ("[libraries]\nphotos = 7", "give the path"),
        ('[libraries]\nphotos = { database = "/a", shop = "/b" }', "give the path"),
        ("[libraries]\nphotos = { database = 7 }", "texts"),
        ('[libraries]\n"a/b" = "/a"', "taken for a path"),
        ('[library]\nphotos = "/a"', "unknown setting 'library'"),
        ("[libraries", "Expected"),
        (b"\xff", "decode"),
    ],
)
def test_a_bad_configuration_file_is_named(config: Path, content: str | bytes, problem: str) -> None:
    config.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=problem) as raised:
        read_libraries()
    assert str(config) in str(raised.value)


def test_the_default_library_stands_below_every_setting(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("ASSET_STORAGE_PATH", raising=False)
    config.write_text(f'default = "photos"\n[libraries]\nphotos = "{tmp_path}/photos"\n')
    assert load_settings().sqlite_path == tmp_path / "photos" / "dam.sqlite3"
    assert tmp_path / "photos" / "store" == load_settings().ASSET_STORAGE_PATH
    (tmp_path / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/env.db\n")
    assert load_settings().sqlite_path == tmp_path / "env.db"


def test_the_own_variable_goes_before_the_common_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"DAM_DATABASE_URL=sqlite:///{tmp_path}/own.db\n")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/common.db")
    assert load_settings().sqlite_path == tmp_path / "own.db"
    monkeypatch.setenv("DAM_DATABASE_URL", f"sqlite:///{tmp_path}/environment.db")
    assert load_settings().sqlite_path == tmp_path / "environment.db"


def test_the_option_stands_over_all_and_anywhere(fresh_dam: Dam) -> None:
    other = fresh_dam.folder / "other"
    (fresh_dam.folder / "a.txt").write_text("a")
    env = {"ASSET_STORAGE_PATH": str(fresh_dam.folder / "not this one")}
    fresh_dam("--library", other, "setup-db", env=env)
    fresh_dam("add-asset", "-j0", "a.txt", "--library", other, env=env)
    assert fresh_dam("info", f"--library={other}", "--json", env=env).json["entities"] == 1
    assert fresh_dam("info", "--library", "other", "--json").json["storage_path"] == str(other / "store")
    assert "no library 'nowhere'" in fresh_dam("info", "--library", "nowhere", code=2).err
    assert "requires an argument" in fresh_dam("info", "--library", code=2).err
    fresh_dam("info", code=10)  # the library of the settings was not made


def test_a_note_names_the_env_file_that_decides(fresh_dam: Dam) -> None:
    url = fresh_dam.env.pop("DATABASE_URL")
    (fresh_dam.folder / ".env").write_text(f"DATABASE_URL={url}\n")
    fresh_dam("setup-db")
    note = f"DATABASE_URL is from {fresh_dam.folder / '.env'}"
    assert note in fresh_dam("info").err
    assert note not in fresh_dam("info", env={"DAM_DATABASE_URL": url}).err
    assert note not in fresh_dam("info", env={"DAM_LOG_LEVEL": "WARNING"}).err
