"""Faults that are put into the program on purpose: for each, a test fails that passes without it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import PROJECT

pytestmark = pytest.mark.slow

SKIPPED = " skipped"


@dataclass(frozen=True)
class Mutant:
    """A fault: in a file, one text stands for another. `test` finds it."""

    file: str
    before: str
    after: str
    test: str


MUTANTS = {
    "the flushes of a batch": Mutant(
        "dam/storage/local.py",
        "            if len(paths) >= FLUSH_TOGETHER:\n",
        "            return\n            if len(paths) >= FLUSH_TOGETHER:\n",
        "tests/faults/test_power_cut.py::test_a_power_cut_loses_nothing_that_was_reported",
    ),
    "the check of what a blob holds": Mutant(
        "dam/storage/flaw.py",
        "if sha256 is not None and _sha256(file) != sha256:",
        "if False:",
        "tests/cli/test_store_trust.py::test_rot_is_healed_by_its_source",
    ),
    "the check for a link": Mutant(
        "dam/storage/flaw.py",
        "named = os.lstat(path)",
        "named = os.stat(path)",
        "tests/storage/test_local.py::test_a_link_in_the_place_of_a_blob",
    ),
    "the lock on temporary files": Mutant(
        "dam/storage/staging_area.py",
        "        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)\n        if folder.exists():",
        "        if folder.exists():",
        "tests/storage/test_local.py::test_temporary_files_are_swept_once_their_owner_is_dead_and_not_before",
    ),
    "the comparison of open files": Mutant(
        "dam/storage/flaw.py",
        "if apart_from is not None and os.path.samestat(status, apart_from):",
        "if False:",
        "tests/cli/test_store_trust.py::test_a_part_of_the_store_that_is_mounted_elsewhere_is_not_moved",
    ),
    "the copy that is set aside": Mutant(
        "dam/storage/quarantine.py",
        "            os.link(damaged, target)\n",
        "            pass\n",
        "tests/cli/test_store_trust.py::test_rot_is_healed_by_its_source",
    ),
    "a journal write": Mutant(
        "dam/services/components/operations.py",
        "        connection.execute(insert(table), rows)\n",
        "",
        "tests/services/catalogue/test_operations.py",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(tmp_path: Path, name: str) -> None:
    mutant = MUTANTS[name]
    for part in ("dam", "tests", "alembic", "doc", "pyproject.toml"):
        copy = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
        copy(PROJECT / part, tmp_path / part)
    shared = tmp_path / "tests/conftest.py"  # processes that the tests start have the copy, too
    shared.write_text(shared.read_text().replace('for name in ("PATH",', 'for name in ("PYTHONPATH", "PATH",'))
    passed = run(tmp_path, mutant.test)
    assert passed.returncode == 0, passed.stdout
    if SKIPPED in passed.stdout:
        pytest.skip(f"{mutant.test} is skipped here: NO MUTANT IS CAUGHT BY IT")
    file = tmp_path / mutant.file
    assert file.read_text().count(mutant.before) == 1
    file.write_text(file.read_text().replace(mutant.before, mutant.after))
    assert run(tmp_path, mutant.test).returncode == 1


def run(project: Path, test: str) -> "subprocess.CompletedProcess[str]":
    """Run a test on a copy of the project: its package comes before the installed one."""
    command = [sys.executable, "-B", "-m", "pytest", "-n", "0", "-x", "-m", "", "-p", "no:cacheprovider", test]
    env = os.environ | {"PYTHONPATH": str(project)}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
