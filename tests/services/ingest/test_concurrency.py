"""Several processes on one library, and what becomes of a connection that fails."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text, update

from dam.core.database import make_engine
from dam.core.errors import DamError, DeadlockError, LockedError
from dam.models import TagComponent
from dam.services.components import ecs
from dam.services.library import Library
from tests.conftest import Dam, at_once
from tests.services.conftest import MakeImage

FILES = 150


@pytest.fixture
def folder(tmp_path: Path, make_image: MakeImage) -> Path:
    """More files than a batch, some equal, some images."""
    for number in range(FILES):
        (tmp_path / "in" / "deep").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / f"{number:04}.txt").write_text(str(number))
        (tmp_path / "in" / "deep" / f"{number:04}.txt").write_text(str(number // 2))
    for seed in range(3):
        make_image(f"in/{seed}.png", seed=seed)
    return tmp_path / "in"


def test_processes_that_ingest_the_same_files_at_once(each_dam: Dam, folder: Path) -> None:
    forward = [str(path) for path in sorted(folder.iterdir())]
    ended = at_once(each_dam, ["add-asset", *forward, "--json"], ["add-asset", *forward[::-1], "--json"])
    assert [code for code, _ in ended] == [0, 0], ended
    assert each_dam("info", "--json").json["entities"] == FILES + 3
    *lines, last = each_dam("add-asset", folder, "--json").json_lines
    assert {line["status"] for line in lines} == {"unchanged"}
    assert last["summary"]["unchanged"] == 2 * FILES + 3
    assert len(list(each_dam.store.glob("??/??/*"))) == FILES + 3
    assert list((each_dam.store / "tmp").rglob("*")) == []


def test_ingest_find_and_run_systems(each_dam: Dam, folder: Path, make_image: MakeImage) -> None:
    *lines, _ = each_dam("add-asset", folder / "0.png", folder / "0001.txt", "--tags", "x,y", "--json").json_lines
    assert [line["status"] for line in lines] == ["added", "added"]
    photo, note = lines
    [match] = each_dam("find-file-by-hash", note["md5"], "--json").json["matches"]
    assert match["entity_id"] == note["entity_id"]
    copy = make_image("copy.jpg", seed=0, size=(160, 120))
    [match] = each_dam("find-similar-images", copy, "--json").json["matches"]
    assert match["entity_id"] == photo["entity_id"]
    each_dam("show", str(photo["entity_id"]), "--json")
    each_dam("tag", "rm", str(photo["entity_id"]), "x")
    each_dam("run-systems")


def test_processes_that_run_systems_at_once(each_dam: Dam, folder: Path) -> None:
    each_dam("add-asset", folder)
    engine = make_engine(each_dam.env["DATABASE_URL"], 5)
    with engine.begin() as connection:
        for table in ("system_records", "system_sets", "component_dimensions"):
            connection.execute(text(f"DELETE FROM {table}"))
    ended = at_once(each_dam, *[["run-systems"]] * 3)
    assert [code for code, _ in ended] == [0, 0, 0], ended
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM system_records")) == FILES + 3
        assert connection.scalar(text("SELECT count(*) FROM component_dimensions")) == 3
    engine.dispose()


def test_a_locked_database_is_named_after_the_timeout(each_library: Library, library_url: str) -> None:
    impatient = make_engine(library_url, 0.001)
    other = Library(impatient, each_library.store, each_library.id)
    with each_library.write() as session:
        [entity_id] = ecs.add_entities(session, 1)
    with each_library.write() as session:
        session.add(TagComponent(entity_id=entity_id, tag="x"))
        session.flush()
        with pytest.raises(LockedError, match="DAM_LOCK_TIMEOUT"), other.write() as late:
            ecs.put_rows(late, TagComponent, [{"entity_id": entity_id, "tag": "x", "tag_key": "x"}])
    impatient.dispose()


POSTGRES = pytest.mark.parametrize("database", ["postgres"], indirect=True)


@POSTGRES
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", "terminating connection"),
        ("SET TRANSACTION READ ONLY", "read-only"),
    ],
)
def test_what_postgres_refuses_is_an_error_with_a_message(each_library: Library, statement: str, message: str) -> None:
    def disturbed() -> None:
        with each_library.write() as session:
            session.execute(text(statement))
            ecs.add_entities(session, 1)

    with pytest.raises(DamError, match=message):
        disturbed()


@POSTGRES
def test_transactions_that_wait_for_each_other(each_library: Library) -> None:
    with each_library.write() as session:
        one, two = ecs.add_entities(session, 2)
        session.add_all(TagComponent(entity_id=entity_id, tag="x") for entity_id in (one, two))
    both = threading.Barrier(2, timeout=500)

    def cross(first: int, second: int) -> None:
        with each_library.write() as session:
            for entity_id in (first, second):
                session.execute(update(TagComponent).where(TagComponent.entity_id == entity_id).values(tag="y"))
                if entity_id == first:
                    both.wait()

    with ThreadPoolExecutor(2) as pool:
        errors = [future.exception() for future in (pool.submit(cross, one, two), pool.submit(cross, two, one))]
    assert {type(error) for error in errors} == {type(None), DeadlockError}


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    engine = make_engine(f"postgresql+psycopg://nobody@/nowhere?host={tmp_path}", 1)
    with pytest.raises(DamError, match="cannot connect"):
        engine.connect()
