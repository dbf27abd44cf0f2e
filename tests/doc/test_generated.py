import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT


def test_the_generated_pages_are_up_to_date() -> None:
    command: list[str | Path] = [sys.executable, PROJECT / "doc/generate.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_manual_page_is_well_formed() -> None:
    command = ["groff", "-man", "-Tutf8", "-ww", "-rLL=80n", str(PROJECT / "doc/dam-cli.1")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "maximum" in done.stdout.lower()
