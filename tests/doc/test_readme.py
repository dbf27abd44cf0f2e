"""The tour of the README, taken: what it prints is what the program writes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import DAM_CLI, PROJECT, TEST_DATA

PLAIN_HOME = "/home/ana"
TAKEN = 1_777_638_600
"""The modification time of the pictures: 2026-05-01 12:30 UTC."""
DIFFERS = r"^(library|versions)  .*$"  # from library to library, from machine to machine


def steps() -> Iterator[tuple[str, str]]:
    """Yield each command of the tour and what it is said to print."""
    for block in re.findall(r"^```console\n(.*?)^```$", (PROJECT / "README.md").read_text(), re.MULTILINE | re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = step.partition("\n")
            yield command, printed


def expected(printed: str) -> re.Pattern[str]:
    """A pattern in which `…` on a line of its own stands for any lines."""
    return re.compile(".*".join(map(re.escape, printed.split("  …\n"))), re.DOTALL)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    images = TEST_DATA / "images"
    for folder in ("Pictures/2026", "Pictures/phone", "Downloads"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("dunes.tif", "lake_at_dawn.jpg", "leaves.avif", "summer_clouds.webp"):
        shutil.copy(images / name, tmp_path / "Pictures/2026")
    shutil.copy(images / "lake_at_dawn.jpg", tmp_path / "Pictures/phone/IMG_0412.jpg")
    shutil.copy(images / "lake_at_dawn_small.jpg", tmp_path / "Downloads/lake.jpg")
    with Image.open(images / "summer_clouds.webp") as clouds:
        clouds.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "Downloads/turned.jpg", quality=85)
    whole = (images / "autumn_leaves.jpg").read_bytes()
    (tmp_path / "Pictures/phone/IMG_0413.jpg").write_bytes(whole[:9000])
    for path in (*tmp_path.glob("Pictures/2026/*"), *tmp_path.glob("Downloads/*")):
        os.utime(path, (TAKEN, TAKEN))
    (tmp_path / "last-run").touch()
    return tmp_path


def test_the_tour_is_as_the_readme_tells_it(home: Path) -> None:
    env = {"HOME": str(home), "PATH": f"{Path(DAM_CLI).parent}:{os.environ['PATH']}", "PYTHONUTF8": "1"}
    for command, printed in steps():
        if "jq" in command and not shutil.which("jq"):
            continue
        done = subprocess.run(["sh", "-c", command], cwd=home, env=env, capture_output=True, text=True, check=False)
        found = (done.stdout + done.stderr).replace(str(home), PLAIN_HOME)
        told = re.sub(DIFFERS, "", printed, flags=re.MULTILINE)
        assert expected(told).fullmatch(re.sub(DIFFERS, "", found, flags=re.MULTILINE)), f"{command}\n{found}"
