import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT


def test_the_generated_pages_are_up_to_date() -> None:
    command: list[str | Path] = [sys.executable, PROJECT / "doc/generate.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
