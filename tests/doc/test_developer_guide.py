"""The worked example of the guide, followed to the letter in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

GUIDE = PROJECT / "doc/developer_guide.md"
SECTION = "## Add a component and its system: the steps of the tag component"
COPIED = ("alembic", "alembic.ini", "dam", "doc", "pyproject.toml", "tests")
LIBRARY = "/tmp/try-dam"  # the folder that the guide names


def blocks() -> Iterator[tuple[str, str, str]]:
    """Yield language, file and text of the code blocks in the worked example."""
    section = GUIDE.read_text().partition(SECTION)[2].partition("\n## ")[0]
    yield from re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def edit(path: Path, diff: str) -> None:
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text()
    assert text.count(before) == 1, f"{path.name} should have once: {before}"
    path.write_text(text.replace(before, after))


def run(commands: str, copy: Path) -> str:
    env = {"PATH": f"{copy / '.venv/bin'}:{os.environ['PATH']}", "HOME": str(copy), "PYTHONUTF8": "1"}
    script = commands.replace(LIBRARY, str(copy / "library"))
    env["DATABASE_URL"] = f"sqlite:///{copy}/library/dam.sqlite3"  # as the first of the guide's commands does
    done = subprocess.run(["sh", "-ec", script], cwd=copy, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def make_venv(folder: Path, project: Path) -> None:
    """Make a virtual environment that has the project installed, and all else from the one that runs the tests."""
    venv.create(folder, symlinks=True)
    installed = sysconfig.get_path("purelib", vars={"base": str(folder)})
    others = [path for path in sys.path if path not in ("", str(PROJECT))]
    Path(installed, "project.pth").write_text("\n".join([str(project), *others]))
    programs = {"dam-cli": "from dam.cli import app as main", "alembic": "from alembic.config import main"}
    for name, line in programs.items():
        program = folder / "bin" / name
        program.write_text(f"#!{folder}/bin/python\n{line}\nif __name__ == '__main__':\n    main()\n")
        program.chmod(0o755)
    (folder / "bin/ruff").symlink_to(Path(sys.executable).with_name("ruff"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    target = tmp_path / "project"
    target.mkdir()
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(PROJECT / name, target)
    make_venv(target / ".venv", target)
    return target


def test_the_worked_example_works(copy: Path) -> None:
    for language, name, text in blocks():
        if language == "sh":
            run(text, copy)
        elif language == "diff":
            edit(copy / name, text)
        else:
            assert not (copy / name).exists()
            (copy / name).write_text(text)

    shown = json.loads(run("dam-cli show 1 --json", copy))["components"]
    assert shown["rating"] == [{"stars": 5}]
    [colour] = shown["average_colour"]
    assert re.fullmatch(r"#[0-9a-f]{6}", colour["colour"])
    assert "## dam-cli rating set" in (copy / "doc/cli.md").read_text()
    assert "`image_average_colour`, version 1" in (copy / "doc/components.md").read_text()


def test_every_page_that_the_docs_link_to_is_there() -> None:
    for page in [*PROJECT.glob("*.md"), *(PROJECT / "doc").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
