"""A kill in an export: no file is half one, a bag is whole or none, and the same command continues."""

import json
import shutil
from pathlib import Path

import bagit
import pytest

from tests import shared
from tests.conftest import Dam, dam_in, set_up_sqlite
from tests.faults.conftest import FLUSHING, Point, _trace, changed_program, kill_at, some_of

pytestmark = [pytest.mark.sweep, pytest.mark.usefixtures("strace")]

SMALL_PAGES = "import dam.services.export.export as export; export.PAGE = 9"
COMMAND = [*changed_program(SMALL_PAGES), "export", "--to", "bag", "--bag", "--xmp", "--json"]
CALLS = (*FLUSHING, "rename", "link", "linkat", "unlink", "mkdir")
CONTENTS = {f"{number:02}.txt": f"the content of file {number}" for number in range(20)}


def with_files(folder: Path) -> Path:
    set_up_sqlite(folder)
    (folder / "sources").mkdir()
    for name, content in CONTENTS.items():
        (folder / "sources" / name).write_text(content)
    dam_in(folder)("add-asset", "-j0", "sources", "--tag", "sea")
    return folder


def copied(place: Path) -> Dam:
    return dam_in(Path(shutil.copytree(shared.made_once("library-to-export", with_files), place)))


def survive(dam: Dam, point: Point) -> None:
    """Kill an export, look at what there is, and let it continue."""
    killed = kill_at(point, dam, COMMAND)
    bag = dam.folder / "bag"
    for path in bag.glob("data/*.txt"):
        assert path.read_text() == CONTENTS[path.name], point
    told = [json.loads(line) for line in killed.out.splitlines(keepends=True) if line.endswith("\n")]
    assert all(Path(each["path"]).exists() for each in told if "path" in each), point
    if (bag / "bagit.txt").exists():
        assert (bag / "manifest-sha256.txt").exists(), point
        bagit.Bag(str(bag)).validate()
    dam("export", "--to", "bag", "--bag", "--xmp")
    bagit.Bag(str(bag)).validate()
    assert {path.name for path in bag.glob("data/*.txt")} == set(CONTENTS)
    assert not list(bag.glob(".dam-export/tmp-*"))


@pytest.mark.parametrize("share", range(2))
def test_a_kill_at_some_calls(tmp_path: Path, share: int) -> None:
    points = [
        point
        for point in _trace(copied(tmp_path / "reference"), COMMAND, CALLS)
        if "/bag" in point.line or point.call == "syncfs"
    ]
    assert {"link", "linkat"} & {point.call for point in points}
    for number, point in enumerate(some_of(points, each=4)[share::2]):
        survive(copied(tmp_path / str(number)), point)
