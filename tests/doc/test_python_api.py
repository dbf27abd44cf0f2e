"""The examples of the page on the library from Python, run one after another as a script."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.conftest import KEPT, PICTURES, PROJECT

PAGE = PROJECT / "doc/python_api.md"


def test_the_examples_run(tmp_path: Path) -> None:
    for folder in ("photos", "Pictures", "Downloads"):
        (tmp_path / folder).mkdir()
    for name in ("dunes.tif", "lake_at_dawn.jpg", "lake_at_dawn_small.jpg"):
        shutil.copy(PICTURES / name, tmp_path / "Pictures")
    shutil.copy(PICTURES / "lake_at_dawn.jpg", tmp_path / "Downloads/IMG_0412.jpg")
    shutil.copy(PICTURES / "lake_at_dawn_small.jpg", tmp_path / "Downloads/lake.jpg")

    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 14
    script = tmp_path / "examples.py"
    script.write_text('if __name__ == "__main__":\n' + textwrap.indent("\n".join(blocks), "    "))
    env = KEPT | {"HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, script], cwd=tmp_path, env=env, capture_output=True, check=False, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    for expected in (
        "added " + str(tmp_path / "Pictures/dunes.tif"),
        "2 ['lake_at_dawn.jpg'] image/jpeg 46122",
        "DimensionsComponent DimensionsComponent(id=1, entity_id=1, width=520, height=347)",
        "1.0 it has the same bytes ['lake_at_dawn_small.jpg']",
        "keep ['lake_at_dawn.jpg'] of [['lake_at_dawn_small.jpg']]",
        "(2, 3) alternate",
        "['desert', 'holiday']",
        "{'desert': 1, 'holiday': 3}",
        "lake_at_dawn.jpg     0.27328",
        "there is no library at",
    ):
        assert expected in done.stdout, done.stdout
    assert done.stdout.endswith("640\n")
