"""Derived rows that change in silence: `verify --content` names them, and `repair --content` derives them again."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from dam.services.verify.derived import DETAIL
from tests.conftest import Dam, dam_in

CHANGES = {
    "a hash": "UPDATE component_image_perceptual_hash_phash SET hash_value = hash_value + 1 WHERE entity_id = 1",
    "a width": "UPDATE component_dimensions SET width = 7 WHERE entity_id = 1",
    "text": "UPDATE component_metadata SET found = replace(found, 'o', 'p') WHERE entity_id = 1",
    "a row": "DELETE FROM component_image_luma WHERE entity_id = 1",
    "a row of another": "UPDATE component_dimensions SET entity_id = 2 WHERE entity_id = 1",
    "the checksum": "UPDATE system_records SET rows_crc32 = 5 WHERE entity_id = 2",
    "the systems": "UPDATE system_sets SET systems = systems || 'x'",
}
NEW = ("id", "created_at", "updated_at")


def rows(dam: Dam) -> list[object]:
    """The derived rows, and the sets of systems."""
    found: list[object] = []
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in sorted(names):
            if not name.startswith(("component_image", "component_dimensions", "component_metadata")):
                continue
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})") if row[1] not in NEW]
            found += sorted(map(repr, connection.execute(f"SELECT {', '.join(columns)} FROM {name}")))
        sets = "SELECT entity_id, systems, rows_crc32 FROM system_records JOIN system_sets ON id = system_set_id"
        return found + sorted(connection.execute(sets))


def change(dam: Dam, statement: str) -> None:
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection, connection:
        assert connection.execute(statement).rowcount > 0


@pytest.fixture
def filled(dam: Dam) -> Dam:
    """A library of a picture and a text."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Polaroid"
    Image.linear_gradient("L").save(dam.folder / "a.jpg", exif=exif)
    (dam.folder / "b.txt").write_text("some words of a text")
    dam("add-asset", "-j0", "-q", "a.jpg", "b.txt")
    return dam


def derived(filled: Dam, *options: str) -> list[dict[str, str]]:
    """What a verification says."""
    *found, _ = filled("verify", "--content", "--json", *options, code=4).json_lines
    return found


def test_each_change_is_named(filled: Dam) -> None:
    for kind, statement in CHANGES.items():
        copy = dam_in(Path(shutil.copytree(filled.folder, filled.folder.parent / kind)))
        change(copy, statement)
        assert {each["detail"] for each in derived(copy)} == {DETAIL}, kind


def test_what_has_changed_is_derived_again(filled: Dam) -> None:
    before = rows(filled)
    filled("verify", "--content")
    for statement in CHANGES.values():
        change(filled, statement)
    changed = rows(filled)
    *planned, _ = filled("repair", "--content", "--dry-run", "--json", code=None).json_lines
    assert [(each["action"], each["result"], each["entity_id"]) for each in planned] == [
        ("derive", "planned", 1),
        ("derive", "planned", 2),
    ]
    assert rows(filled) == changed != before
    *done, _ = filled("repair", "--content", "--json").json_lines
    assert {(each["action"], each["result"]) for each in done} == {("derive", "done")}
    assert rows(filled) == before
    filled("verify", "--content")


def test_systems_that_run_again_write_another_checksum(filled: Dam) -> None:
    before = rows(filled)
    change(filled, "UPDATE system_sets SET systems = 'image: image_phash@1' WHERE systems LIKE 'image%'")
    change(filled, "DELETE FROM component_dimensions")
    filled("run-systems", "-j0")
    assert rows(filled) == before
    filled("verify", "--content")


def test_rows_of_an_earlier_schema_get_a_checksum(filled: Dam) -> None:
    before = rows(filled)
    change(filled, "UPDATE system_records SET rows_crc32 = NULL")
    filled("verify", "--content")
    assert rows(filled) == before


def test_without_the_content_the_rows_stay(filled: Dam) -> None:
    change(filled, CHANGES["a width"])
    before = rows(filled)
    for folder in filled.store.glob("??"):
        shutil.rmtree(folder)
    (filled.folder / "a.jpg").unlink()
    (filled.folder / "b.txt").unlink()
    *done, _ = filled("repair", "--content", "--json", code=4).json_lines
    assert ("derive", "left") in {(each["action"], each["result"]) for each in done}
    assert rows(filled) == before
