"""Kills of what removes and takes back: nothing is lost, nothing is half done, and the same again ends the same."""

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Dam
from tests.faults.conftest import MUTATING, NewDam, Point, _trace, damage, kill_at, some_of, stored

PROGRAM = [sys.executable, "-B", "-c", "from dam.cli import app; app()"]

COMMANDS: dict[str, list[list[str]]] = {
    "rm": [["rm", "1", "2", "--yes"]],
    "undo": [["undo", "3"]],
    "trash empty": [["trash", "empty", "--yes"], ["trash", "empty", "--yes"]],
    "repair": [["repair"]],
}
"""What is killed, and what else brings its end about if it is run again."""


def prepare(dam: Dam) -> None:
    """Fill a library with four files with tags, two of them in the trash, and leave a blob without an asset."""
    folder = dam.folder / "sources"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"the content of file {number}")
    dam("add-asset", "-j0", "sources", "--tags", "sea")
    dam("rm", "3", "4", "--yes")
    dam("tag", "add", "1", "sky")
    orphan = b"a blob that no asset has: repair adopts it"
    place = dam.store / "place"
    place.write_bytes(orphan)
    place.chmod(0o400)
    key = hashlib.sha256(orphan).hexdigest()
    (dam.store / key[:2] / key[2:4]).mkdir(parents=True, exist_ok=True)
    place.rename(dam.store / key[:2] / key[2:4] / key)


def database_of(dam: Dam) -> Path:
    """Return the file of the database."""
    return Path(dam.env["DATABASE_URL"].removeprefix("sqlite:///"))


def state(dam: Dam) -> dict[str, object]:
    """What a user can see: the assets, the trash, the tags, the kinds of the operations, and the blobs."""
    queries = {
        "assets": "SELECT id FROM entities ORDER BY id",
        "trash": "SELECT entity_id FROM component_trashed ORDER BY entity_id",
        "tags": "SELECT entity_id, tag FROM component_tag ORDER BY entity_id, tag",
        "operations": "SELECT kind, undoes_id FROM operations ORDER BY id",
        "changes": "SELECT operation_id, count(*) FROM operation_changes GROUP BY operation_id",
    }
    with closing(sqlite3.connect(database_of(dam))) as connection:
        found: dict[str, object] = {name: connection.execute(query).fetchall() for name, query in queries.items()}
    return found | {"blobs": stored(dam)}


def rows(found: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in found.items() if name != "blobs"}


def check(new_dam: NewDam, name: str, choose: Callable[[Sequence[Point]], Sequence[Point]]) -> None:
    command, *more = COMMANDS[name]
    reference = new_dam()
    prepare(reference)
    before = state(reference)
    points = choose(_trace(reference, [*PROGRAM, *command], MUTATING))
    after = state(reference)
    assert points
    assert before != after
    for point in points:
        dam = new_dam()
        prepare(dam)
        kill_at(point, dam, [*PROGRAM, *command])
        killed = state(dam)
        assert rows(killed) in (rows(before), rows(after)), point
        assert damage(dam) == [], point
        if rows(killed) == rows(before):
            assert killed == before, point
            dam(*command)
        for again in more:
            dam(*again)
        assert state(dam) == after, point


@pytest.mark.usefixtures("strace")
def test_a_kill_before_the_blob_goes(new_dam: NewDam) -> None:
    check(new_dam, "trash empty", lambda points: [point for point in points if "LIBRARY/store" in point.line][-1:])


@pytest.mark.sweep
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_at_some_calls(new_dam: NewDam, name: str) -> None:
    check(new_dam, name, lambda points: some_of(points, each=2))


@pytest.mark.slow
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_at_every_call(new_dam: NewDam, name: str) -> None:
    check(new_dam, name, lambda points: points)


# ---- a collection beside ingests

INGEST = """
import os, sys
import dam
while not os.path.exists("done"):
    for path in sys.argv[1:]:
        with dam.open(create=False) as library:  # which takes a while: else the other one would find no gap
            for outcome in library.add(path, jobs=0, rehash=True):
                assert outcome.sha256, outcome
"""
COLLECT = """
import contextlib, sys
import dam
removed = 0
try:
    with dam.open(create=False) as library:
        for _ in range(30):
            if removed >= 4:
                break
            library.remove(*[asset.entity_id for asset in map(library.find_by_file, sys.argv[1:]) if asset])
            removed += library.empty_trash().blobs
            with contextlib.suppress(dam.core.errors.LockedError):  # the other one may leave it no gap
                removed += len(list(library.collect_garbage(grace=0)))
finally:
    open("done", "w").close()
"""
"""Removes until it has removed some, or the other one has left it no gap 30 times; then the other ends."""


@pytest.mark.sweep
def test_collections_beside_ingests_lose_nothing(dam: Dam) -> None:
    """One process ingests the same few files again and again, while another removes them for good."""
    folder = dam.folder / "sources"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.txt").write_text(f"the content of file {number}")
    paths = sorted(map(str, folder.iterdir()))
    running = [
        subprocess.Popen([sys.executable, "-c", program, *paths], env=dam.env, cwd=dam.folder)
        for program in (INGEST, COLLECT)
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert damage(dam) == []
    dam("add-asset", "-j0", "sources", "--rehash")
    assert damage(dam) == []
    assert len(stored(dam)) == 4
