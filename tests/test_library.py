"""The library from Python: `dam.open` and what it returns."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path

import pytest

import dam
from dam.core.errors import ForeignStoreError, NoLibraryError, NotFoundError, UsageError
from dam.models import FilePropertiesComponent
from dam.storage.memory import MemoryBlobStore
from dam.storage.modes import Mode
from tests.conftest import PICTURES, dam_in


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[dam.Library]:
    with dam.open(f"sqlite:///{tmp_path}/library/dam.sqlite3") as library:
        yield library


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("some words")
    return tmp_path / "a.txt"


def test_the_public_names() -> None:
    assert dam.__all__ == ["DamError", "Library", "__version__", "open"]
    assert all(hasattr(dam, name) for name in dam.__all__)
    assert not hasattr(dam, "no_such_name")


def test_to_import_the_package_imports_next_to_nothing() -> None:
    probe = "import sys; before = set(sys.modules); import dam; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["dam", "dam.version"]


def test_what_the_commands_have_is_what_is_opened(library_folder: Path, file: Path) -> None:
    program = dam_in(library_folder)
    probe = "import dam; library = dam.open(); print(*(outcome.status for outcome in library.add('a.txt', jobs=0)))"
    done = subprocess.run(
        [sys.executable, "-c", probe], env=program.env, cwd=file.parent, capture_output=True, check=False, text=True
    )
    assert (done.stdout, done.stderr) == ("added\n", "")
    assert program("info", "--json").json["entities"] == 1


def test_two_libraries_side_by_side(tmp_path: Path, library_url: str, file: Path) -> None:
    """The one in SQLite, the other in each kind of database."""
    with dam.open(f"sqlite:///{tmp_path}/one/dam.sqlite3") as one, dam.open(library_url, tmp_path / "store") as other:
        assert [outcome.status for outcome in one.add(file, tags=["x"], jobs=0)] == ["added"]
        assert other.info().entities == 0
        assert [outcome.status for outcome in other.add([file], jobs=0)] == ["added"]
        assert (one.tag_counts(), other.tag_counts()) == ({"x": 1}, {})
        assert one.id != other.id
        assert list(one.store.keys()) == list(other.store.keys())


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NoLibraryError):
        dam.open(f"sqlite:///{tmp_path}/none/dam.sqlite3", create=False)
    assert not (tmp_path / "none").exists()
    with pytest.raises(UsageError):
        dam.open("nonsense")


def test_the_store_of_another_library(tmp_path: Path, library: dam.Library) -> None:
    del library
    with pytest.raises(ForeignStoreError):
        dam.open(f"sqlite:///{tmp_path}/other.sqlite3", tmp_path / "library/store")


def test_any_store(tmp_path: Path) -> None:
    store = MemoryBlobStore()
    url = f"sqlite:///{tmp_path}/dam.sqlite3"
    with dam.open(url, store) as library:
        outcomes = list(library.add(PICTURES / "dunes.tif", jobs=1))
        assert [(outcome.status, outcome.error) for outcome in outcomes] == [("added", None)]
        assert library.store is store
        assert library.find_similar(1).found[0].asset.entity_id == 1
        assert Path(library.thumbnail(1).path).read_bytes()
        assert [type(found).__name__ for found in library.verify(content=True)] == ["IntactAsset"]
        assert library.info().storage_path == "memory"
    with dam.open(url, store) as again:
        assert [found.entity_id for found in again.find_by_hash(next(store.keys()))] == [1]


def test_add_says_what_became_of_each_file(library: dam.Library, tmp_path: Path, file: Path) -> None:
    missing = tmp_path / "missing"
    first = list(library.add([file, missing], tags=["x"], jobs=0))
    assert [(outcome.path, outcome.status) for outcome in first] == [(str(file), "added"), (str(missing), "failed")]
    assert [outcome.status for outcome in library.add(str(file), jobs=0)] == ["unchanged"]
    assert [outcome.status for outcome in library.add(file, mode=Mode.REFERENCE, rehash=True, jobs=0)] == ["unchanged"]
    assert list(library.add(tmp_path, include=["*.png"], jobs=0)) == []
    for wrong in ({"mode": "steal"}, {"tags": [""]}):
        with pytest.raises(UsageError):
            list(library.add(file, **wrong))


def test_looking_up(library: dam.Library, tmp_path: Path, file: Path) -> None:
    [outcome] = library.add(file, jobs=0)
    assert outcome.sha256
    found = library.find_by_file(file)
    assert found
    assert is_dataclass(found)
    assert [found] == library.find_by_hash(outcome.sha256) == library.find_by_hash(outcome.sha256[:8])
    (tmp_path / "b.txt").write_text("other words")
    assert library.find_by_file(tmp_path / "b.txt") is None
    assert {repr(library.show(name)) for name in (file, 1)} == {repr(library.show(outcome.sha256))}
    with pytest.raises(NotFoundError):
        library.show(2)


def test_verdicts_links_and_explanations(library: dam.Library) -> None:
    lake, small, dunes = (PICTURES / name for name in ("lake_at_dawn.jpg", "lake_at_dawn_small.jpg", "dunes.tif"))
    list(library.add([lake, small, dunes], jobs=0))
    assert library.explain(lake, 2).judgement == "similar"
    assert library.explain(1, dunes).judgement == "not similar"
    assert library.link_similar().pairs == 1
    library.verdict(2, lake, "unrelated")
    assert library.verdicts() == [((1, 2), "unrelated")]
    assert library.explain(1, 2).judgement == "unrelated"
    assert library.show(1).relatives[0].verdict == "unrelated"
    assert library.remove_verdict(1, 2) == "unrelated"
    assert library.remove_verdict(1, 2) is None
    assert library.verdicts() == []
    for wrong in ((1, 1, "duplicate"), (1, 2, "twins")):
        with pytest.raises(UsageError):
            library.verdict(*wrong)
    with pytest.raises(NotFoundError):
        library.verdict(1, 9, "duplicate")


def test_failures(library: dam.Library, tmp_path: Path) -> None:
    gone, damaged = tmp_path / "gone.txt", tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    list(library.add([gone, damaged], tags=["x"], jobs=0))
    assert [(each.problem, each.path, each.entity_id) for each in library.failures()] == [
        ("unreadable", str(gone), None),
        ("undecodable", None, 1),
    ]
    gone.write_text("here")
    assert [outcome.status for outcome in library.retry_failures(jobs=0)] == ["added"]
    assert library.tags(gone) == ["x"]
    assert [each.problem for each in library.failures()] == ["undecodable"]


def test_tags(library: dam.Library, file: Path) -> None:
    list(library.add(file, tags=["x"], jobs=0))
    assert library.tag(1, "y", "z") == library.tags(file) == ["x", "y", "z"]
    assert library.untag(1, "x", "none") == ["y", "z"]
    with pytest.raises(UsageError):
        library.tag(1, "fine", "not, fine")
    assert library.tag_counts() == {"y": 1, "z": 1}


def test_all_components_of_a_kind(library: dam.Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.services.components.component_rows.PAGE", 2)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("x" * number)
    list(library.add([tmp_path / f"{number}.txt" for number in range(5)], jobs=0))
    rows = list(library.components(FilePropertiesComponent))
    assert [(row["entity_id"], row["file_size_bytes"]) for row in rows] == [(n + 1, n) for n in range(5)]
    assert "id" not in rows[0]


def test_a_closed_library_can_be_closed_again(library: dam.Library) -> None:
    library.close()
    library.close()


def test_a_level_that_is_none(library: dam.Library) -> None:
    with pytest.raises(UsageError, match="content, pixels, similar"):
        library.find_duplicates(level="smell")


UNGUARDED = """
import sys
import dam

library = dam.open(f"sqlite:///{sys.argv[1]}/dam.sqlite3")
print(*sorted(outcome.status for outcome in library.add(sys.argv[2], jobs=1)))
"""

WITH_A_STORE = """
import sys
from pathlib import Path

import dam
from dam.storage.local import LocalBlobStore


class OwnStore(LocalBlobStore):
    def __reduce__(self):
        return OwnStore, super().__reduce__()[1]


if __name__ == "__main__":
    store = OwnStore(Path(sys.argv[1], "store"))
    library = dam.open(f"sqlite:///{sys.argv[1]}/dam.sqlite3", store)
    print(*sorted(outcome.status for outcome in library.add(sys.argv[2], jobs=1)))
"""


@pytest.mark.parametrize("script", [UNGUARDED, WITH_A_STORE], ids=["without a guard", "with a store of its own"])
def test_a_script_whose_files_are_examined_by_workers(tmp_path: Path, script: str) -> None:
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "in").mkdir()
    for name in "ab":
        (tmp_path / "in" / name).write_text(name)
    command: list[str | Path] = [sys.executable, tmp_path / "script.py", tmp_path / "scripts", tmp_path / "in"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("added added\n", "")


def test_a_move_keeps_its_source_until_there_are_enough_copies(library: dam.Library, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    [outcome] = library.add(tmp_path / "a.txt", mode="move", min_copies=2, jobs=0)
    assert "1 of 2 copies" in (outcome.error or "")
    assert (tmp_path / "a.txt").exists()
    for wrong in ({"min_copies": 2}, {"mode": "move", "min_copies": 0}):
        with pytest.raises(UsageError, match="copies"):
            list(library.add(tmp_path / "a.txt", **wrong))
