"""The built wheel, installed away from the checkout, carries its migrations."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.shared import made_once


@pytest.fixture(scope="module")
def wheel() -> Path:
    [wheel] = made_once("wheel", build).glob("dam-*.whl")
    return wheel


def build(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, PROJECT],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel, and links to what it depends on, but not of the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.suffix != ".pth" and not (folder / entry.name).exists():
            (folder / entry.name).symlink_to(entry)
    return folder


def test_an_installed_program_sets_up_a_library(installed: Path, tmp_path: Path) -> None:
    def run(code: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(installed)}
        # -S: no site-packages, and so no editable install of the checkout
        done = subprocess.run(
            [sys.executable, "-S", "-c", code],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("import dam, dam.core.schema; print(dam.__file__, dam.core.schema.migrations_path())")
    assert [Path(path).is_relative_to(installed) for path in where.split()] == [True, True]
    run("from dam.cli import app; app(['setup-db'])")
    assert '"entities": 0' in run("from dam.cli import app; app(['info', '--json'])")


def test_the_wheel_has_the_program_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0].rpartition(".")[2] for name in names} == {"dam", "data", "dist-info"}
    assert [name.partition("/")[2] for name in names if ".data/" in name] == ["data/share/man/man1/dam-cli.1"]
    migrations = {path.name for path in (PROJECT / "alembic" / "versions").glob("*.py")}
    assert {f"dam/migrations/versions/{name}" for name in migrations} <= set(names)
    made_at_once = {f"dam/migrations/schema/{dialect}.sql" for dialect in ("sqlite", "postgresql")}
    assert {"dam/py.typed", "dam/migrations/env.py"} | made_at_once <= set(names)
