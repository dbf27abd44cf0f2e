"""Eight processes that ingest overlapping folders into one library and are killed again and again."""

import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Dam
from tests.faults.conftest import IN_SMALL_BATCHES, acknowledged, assert_continues, finish, stored

pytestmark = pytest.mark.sweep

PROCESSES = 8
FILES = 64
CONTENTS = 48
KILLS = 2


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder with some equal files."""
    folder = tmp_path / "crowded"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02}.txt").write_text(f"content {number % CONTENTS}")
    return folder


def ingest_until_done(dam: Dam, paths: list[str], seed: int) -> tuple[dict[str, str], int]:
    """Ingest files; be killed after some reports and start again. Return all that was reported, and how many kills."""
    chance = random.Random(seed)
    command = [*IN_SMALL_BATCHES, "add-asset", "--json", "--rehash", f"-j{seed % 4 // 3}", *paths]
    reported: dict[str, str] = {}
    kills = 0
    for turn in range(KILLS + 1):
        process = subprocess.Popen(
            command, env=dam.env, cwd=dam.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout
        out = ""
        if turn < KILLS:
            out = "".join(process.stdout.readline() for _ in range(chance.randrange(len(paths) * 3 // 4)))
            process.kill()
        rest, err = finish(process)
        kills += process.returncode == -9
        assert process.returncode in ((0, -9) if turn < KILLS else (0,)), err
        reported |= acknowledged(out + rest)
    return reported, kills


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (100, 200, 300, 400))])
def test_eight_processes_that_are_killed_at_random(dam: Dam, crowded: Path, seed: int) -> None:
    paths = sorted(str(path) for path in crowded.iterdir())
    with ThreadPoolExecutor(PROCESSES) as pool:
        # Each file belongs to half of the processes
        runs = [
            pool.submit(
                ingest_until_done, dam, [path for path in paths if (int(path[-6:-4]) + turn) % 8 < 4], seed + turn
            )
            for turn in range(PROCESSES)
        ]
    reported: dict[str, str] = {}
    for run in runs:
        reported |= run.result()[0]
    assert sum(run.result()[1] for run in runs) > PROCESSES, "too few were killed"
    assert len(reported) == FILES
    assert_continues(dam, crowded, reported)
    assert stored(dam) == set(reported.values())
    assert dam("info", "--json").json["entities"] == CONTENTS
