"""Each medium is registered, and has its place among the rooms of media."""

import re
import subprocess
import sys
import tomllib

from tests.conftest import PROJECT

MEDIA = PROJECT / "dam/media"


def test_a_sample_brings_every_function_that_knows_an_obstacle() -> None:
    registering = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        for path in MEDIA.rglob("*.py")
        if re.search(r"^@obstacles_of\(", path.read_text(), re.MULTILINE)
    }
    program = "import sys, dam.media.sample; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], cwd=PROJECT, text=True).split()
    assert registering
    assert registering <= set(loaded), "import these in dam/media/sample.py"


def test_every_folder_of_media_has_its_place_in_the_contract() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [rooms] = [contract["layers"] for contract in contracts if contract["name"] == "the rooms of media"]
    named = {name for layer in rooms for name in layer.split(" | ")}
    folders = {f"dam.media.{path.parent.name}" for path in MEDIA.glob("*/__init__.py")}
    assert folders <= named
