"""What a command may import: a program that answers at once is one that imports little."""

import subprocess
import sys

import pytest

from dam.cli import app
from tests.cli.test_contract import COMMANDS
from tests.conftest import PICTURES, Dam

HEAVY = {"sqlalchemy", "alembic", "numpy", "PIL", "imagehash", "scipy", "av"}

PROBE = """
import sys
sys.argv = ["dam-cli", *sys.argv[1:]]
from dam.cli import app
try:
    app()
except SystemExit as exc:
    assert not exc.code, exc.code
print("\\nimported:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def imported(dam: Dam, *words: str, **environment: str) -> set[str]:
    """The top-level packages that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        env=dam.env | environment,
        cwd=dam.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rpartition("imported:")[2].split())


def test_a_command_does_not_import_the_others(dam: Dam) -> None:
    probe = PROBE.replace('name.partition(".")[0]', "name")
    done = subprocess.run(
        [sys.executable, "-c", probe, "verdicts", "-h"], env=dam.env, capture_output=True, check=False, text=True
    )
    found = {name for name in done.stderr.split() if name.startswith("dam.commands.") and ".shared" not in name}
    assert found == {"dam.commands.verdicts"}


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["add-asset", "--help"], ["find-similar-images", "--help"], ["tag", "-h"]]
)
def test_words_about_the_program(dam: Dam, words: list[str]) -> None:
    assert imported(dam, *words) & HEAVY == set()


def test_help_of_no_command_imports_anything_heavy(dam: Dam) -> None:
    probe = "import sys; from typer.testing import CliRunner; from dam.cli import app\n"
    calls = "\n".join(f"CliRunner().invoke(app, {[*words, '--help']!r})" for words in COMMANDS)
    show = "\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", probe + calls + show], env=dam.env, capture_output=True, check=True)
    assert set(done.stdout.decode().split()) & HEAVY == set()
    assert app.info.name == "dam-cli"


@pytest.mark.parametrize(
    ("variable", "more"),
    [
        ("complete_bash", {"COMP_WORDS": "dam-cli f", "COMP_CWORD": "1"}),
        ("complete_zsh", {"_TYPER_COMPLETE_ARGS": "dam-cli f"}),
    ],
)
def test_completion(dam: Dam, variable: str, more: dict[str, str]) -> None:
    completion = {"_DAM_CLI_COMPLETE": variable} | more
    assert imported(dam, **completion) & HEAVY == set()
    done = subprocess.run(dam.command, env=dam.env | completion, capture_output=True, text=True, check=False)
    assert "find-file-by-hash" in done.stdout


def test_finding_by_hash_needs_the_database_alone(dam: Dam) -> None:
    found = dam("add-asset", PICTURES / "dunes.tif", "--json").json_lines[0]["sha256"]
    assert imported(dam, "find-file-by-hash", found) & {"alembic", "numpy", "PIL"} == set()


def test_ingest_does_not_import_alembic_where_a_library_is(dam: Dam) -> None:
    assert "alembic" not in imported(dam, "add-asset", str(PICTURES / "dunes.tif"), "-q")
