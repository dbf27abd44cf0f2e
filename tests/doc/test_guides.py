"""The worked examples of the guides, each followed to the letter in a copy of the project."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import KEPT, PROJECT
from tests.doc import warm

COPIED = ("alembic", "alembic.ini", "dam", "doc", "pyproject.toml", "tests")
HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*")
"""Compiled modules are copied, too, which saves half of the time; other workers may be writing some."""
LIBRARY = "/tmp/try-dam"  # the folder that the guides name


def blocks(guide: str) -> Iterator[tuple[str, str, str]]:
    """Yield language, file and text of the code blocks that a reader follows."""
    text = (PROJECT / "doc" / guide).read_text()
    yield from re.findall(r"^```(sh|python|diff) ?(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def edit(path: Path, diff: str) -> None:
    """Apply the hunks of a diff, which `@@` lines separate."""
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = [line if line.strip() else " \n" for line in hunk.splitlines(keepends=True)]
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        text = path.read_text()
        assert text.count(before) == 1, f"{path.name} should have once: {before}"
        path.write_text(text.replace(before, after))


def run(commands: str, copy: Path) -> str:
    path = f"{copy / '.venv/warm'}:{copy / '.venv/bin'}:{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(copy), "PYTHONUTF8": "1"}
    script = commands.replace(LIBRARY, str(copy / "library"))
    env["DATABASE_URL"] = f"sqlite:///{copy}/library/dam.sqlite3"  # as the first of a guide's commands does
    done = subprocess.run(["sh", "-ec", script], cwd=copy, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a Python that starts the guides' programs without the imports of libraries."""
    with tempfile.TemporaryDirectory(prefix="dam-warm-") as folder:  # the path of a socket must be short
        command = [sys.executable, warm.__file__, f"{folder}/socket"]
        with subprocess.Popen(command, env=KEPT | {"PYTHONUTF8": "1"}, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            yield f"{folder}/socket"
            process.kill()


def make_venv(folder: Path, project: Path, server: str) -> None:
    """Make a virtual environment that has the project installed, and all else from the one that runs the tests."""
    venv.create(folder, symlinks=True)
    installed = sysconfig.get_path("purelib", vars={"base": str(folder)})
    others = [path for path in sys.path if path not in ("", str(PROJECT))]
    Path(installed, "project.pth").write_text("\n".join([str(project), *others]))
    programs = {
        "dam-cli": "from dam.cli import app as main",
        "alembic": "from alembic.config import main",
        "lint-imports": "from importlinter.cli import lint_imports_command as main",
    }
    for name, line in programs.items():
        program = folder / "bin" / name
        program.write_text(f"#!{folder}/bin/python\n{line}\nif __name__ == '__main__':\n    main()\n")
        program.chmod(0o755)
    (folder / "warm").mkdir()
    for name in ("python", *programs):
        words = [] if name == "python" else [str(folder / "bin" / name)]
        client = folder / "warm" / name
        client.write_text(warm.CLIENT.format(python=sys.executable, address=server, project=str(project), words=words))
        client.chmod(0o755)
    (folder / "bin/ruff").symlink_to(Path(sys.executable).with_name("ruff"))


def followed(guide: str, folder: Path, server: str) -> Path:
    """Make a copy of the project, and follow a guide in it."""
    copy = folder / "project"
    copy.mkdir()
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, copy / name, ignore=HALF_WRITTEN)
        else:
            shutil.copy(PROJECT / name, copy)
    make_venv(copy / ".venv", copy, server)
    for language, name, text in blocks(guide):
        if language == "sh":
            run(text, copy)
        elif language == "diff":
            edit(copy / name, text)
        elif name:
            assert not (copy / name).exists()
            (copy / name).parent.mkdir(exist_ok=True)
            (copy / name).write_text(text)
    return copy


def components(copy: Path, entity_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(f"dam-cli show {entity_id} --json", copy))["components"]
    return found


def check_component(copy: Path) -> None:
    shown = components(copy, 1)
    assert shown["rating"] == [{"stars": 5}]
    [colour] = shown["average_colour"]
    assert re.fullmatch(r"#[0-9a-f]{6}", colour["colour"])
    assert "## dam-cli rating set" in (copy / "doc/cli.md").read_text()
    assert "`image_average_colour`, version 1" in (copy / "doc/components.md").read_text()


def check_medium(copy: Path) -> None:
    [track] = components(copy, 1)["track"]
    assert track["name"] == "Round the lake"
    assert track["points"] == 3
    [match] = json.loads(run("dam-cli find-similar 1 --json", copy))["matches"][1:]
    assert (match["entity_id"], match["method"]) == (2, "track_cells")
    assert Path(run("dam-cli thumbnail 1", copy).strip()).read_bytes().startswith(b"\xff\xd8")
    failed = components(copy, 3)
    assert "latitude" in failed["system_failure"][0]["reason"]


def check_command(copy: Path) -> None:
    [largest] = json.loads(run("dam-cli largest --limit 1 --json", copy))["assets"]
    assert set(largest) == {"entity_id", "size_bytes", "media_type"}
    assert "## dam-cli largest" in (copy / "doc/cli.md").read_text()


def check_store(copy: Path) -> None:
    with closing(sqlite3.connect(copy / "library/store/blobs.sqlite3")) as blobs:
        assert blobs.execute("SELECT count(*) FROM blob").fetchone() == (2,)
    assert list((copy / "library/store/tmp").iterdir()) == []


CHECKS: dict[str, Callable[[Path], None]] = {
    "add_a_component.md": check_component,
    "add_a_medium.md": check_medium,
    "add_a_command.md": check_command,
    "add_a_store.md": check_store,
}
"""What holds of the copy after each guide. A new guide needs a line here."""


FIRST = "add_a_component.md"
"""The guide that every run follows; the sweep follows the others: each takes the CPU of a hundred tests."""


@pytest.mark.parametrize(
    "guide", [pytest.param(guide, marks=[pytest.mark.sweep][guide == FIRST :]) for guide in CHECKS]
)
def test_the_worked_example_works(guide: str, tmp_path: Path, server: str) -> None:
    CHECKS[guide](followed(guide, tmp_path, server))


def test_every_guide_is_followed() -> None:
    assert {path.name for path in (PROJECT / "doc").glob("add_a*.md")} == set(CHECKS)


PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "doc").glob("*.md")]
ROOTS = [
    PROJECT / place for place in (".", "dam", "dam/services", "dam/services/ingest", "tests/bench", "tests/faults")
]
"""The folders from which the pages name a file."""
ELSEWHERE = {"dam/migrations"}
"""In an installed program, not in a clone."""


def test_every_page_that_the_docs_link_to_is_there() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def named_files(page: Path) -> Iterator[str]:
    """Yield the files and folders of the project that a page names, without those that it has the reader make."""
    made = {name for _, name, _ in blocks(page.name)} if page.name in CHECKS else set()
    for name in re.findall(r"`((?:[\w.]+/)*\w+\.py|(?:dam|tests)/[\w/]+)`", page.read_text()):
        if name not in made | ELSEWHERE and not name.startswith("alembic/versions/"):
            yield name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_a_page_names_are_there(page: Path) -> None:
    if page.name != "CHANGELOG.md":  # it names what there was
        missing = [name for name in named_files(page) if not any((root / name).exists() for root in ROOTS)]
        assert missing == []
