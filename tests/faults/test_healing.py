"""A kill while a damaged blob is set aside and replaced: no moment without either, and the same command finishes."""

from pathlib import Path

import pytest

from dam.services.verify.findings import Problem
from tests.conftest import Dam
from tests.faults.conftest import IN_SMALL_BATCHES, NewDam, Point, damage, kill_at, left_over

pytestmark = pytest.mark.usefixtures("strace")

CONTENTS = [f"the content of file {number}" for number in range(10)]
HEALING = ("link", "rename", "mkdir", "fsync", "fdatasync", "syncfs", "pwrite64", "unlink", "chmod")


def fill(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(CONTENTS):
        (folder / f"{number}.txt").write_text(content)
    return folder


def rotted(dam: Dam, folder: Path) -> dict[Path, str]:
    """Ingest a folder, and change a byte of each blob; return what each should have."""
    lines = dam("add-asset", "-j0", "--json", fill(folder)).json_lines[:-1]
    places = {}
    for line in lines:
        place = dam.store / line["sha256"][:2] / line["sha256"][2:4] / line["sha256"]
        places[place] = Path(line["path"]).read_text()
        place.chmod(0o600)
        place.write_text("T" + places[place][1:])
        place.chmod(0o400)
    return places


def heal(folder: Path, *options: str) -> list[str]:
    return [*IN_SMALL_BATCHES, "add-asset", "-j0", *options, str(folder)]


def survive(dam: Dam, folder: Path, point: Point, *options: str) -> None:
    places = rotted(dam, folder)
    kill_at(point, dam, heal(folder, *options), may_miss=True)
    for place, content in places.items():
        rot = "T" + content[1:]
        now = place.read_text()
        aside = [path.read_text() for path in (dam.store / "quarantine").glob(f"{place.name}.*")]
        assert now in (rot, content)
        assert now == rot or rot in aside, "what was damaged may be the last copy of a part"
        sources = [path.read_text() for path in folder.iterdir()]
        assert content in sources or now == content, "the last copy is gone"
    dam("add-asset", "-j0", fill(folder), *options)
    assert {place: place.read_text() for place in places} == places
    assert [found for found in damage(dam) if found.problem is not Problem.QUARANTINED] == []
    assert left_over(dam) == []


@pytest.mark.parametrize("call", ["link", "rename"])
def test_a_kill_while_a_blob_is_healed(dam: Dam, tmp_path: Path, call: str) -> None:
    survive(dam, tmp_path / "in", Point(call, 3, "of the first batch"), "--rehash")


@pytest.mark.sweep
@pytest.mark.parametrize("options", [("--rehash",), ("--mode", "move")])
@pytest.mark.parametrize("call", HEALING)
def test_a_kill_at_some_calls_while_blobs_are_healed(
    new_dam: NewDam, tmp_path: Path, call: str, options: tuple[str, ...]
) -> None:
    for when in (1, 2, 5, 9):
        survive(new_dam(), tmp_path / str(when), Point(call, when, "while it heals"), *options)
