"""Values of rows that change in silence: `verify --content` names them, and `repair --content` puts them back."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from dam.services.library import Library
from dam.services.verify.verify import verify
from tests import shared
from tests.conftest import Dam, dam_in

CHANGES = {
    "name": "UPDATE component_file_properties SET original_filename = 'b.tyt' WHERE entity_id = 2",
    "size": "UPDATE component_file_properties SET file_size_bytes = 4 WHERE entity_id = 2",
    "md5": "UPDATE component_content_hash_md5 SET hash_value = zeroblob(16) WHERE entity_id = 2",
    "sha256": "UPDATE component_content_hash_sha256 SET hash_value = zeroblob(32) WHERE entity_id = 2",
    "source": "UPDATE component_source_path SET path = x'2f61', mtime_ns = 5 WHERE entity_id = 2",
    "tag": "UPDATE component_tag SET tag = 'seb' WHERE entity_id = 2 AND tag = 'sea'",
    "tag of another": "UPDATE component_tag SET entity_id = 3 WHERE entity_id = 2 AND tag = 'lake'",
    "verdict": "UPDATE component_verdict SET verdict = 'duplicate'",
    "row": "DELETE FROM component_source_path WHERE entity_id = 2",
    "entity": "UPDATE entities SET id = 34 WHERE id = 2",
    "operation": "UPDATE operations SET user_name = 'a'",
    "journal": "UPDATE operation_changes SET before = '{}' WHERE id = 2",
    "mirror": "UPDATE mirrors SET location = '/'",
}


def rows(dam: Dam) -> list[str]:
    """All rows, but for the derived ones, those of the journal, and the times when a row was written."""
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection:
        statements = (
            "SELECT * FROM entities",
            "SELECT entity_id, tag FROM component_tag",
            "SELECT entity_id, hash_value FROM component_content_hash_md5",
            "SELECT entity_id, hash_value FROM component_content_hash_sha256",
            "SELECT entity_id, original_filename, file_size_bytes, media_type FROM component_file_properties",
            "SELECT entity_id, path, path_digest, folder_digest, mtime_ns, ctime_ns FROM component_source_path",
            "SELECT entity_id, other_entity_id, verdict FROM component_verdict",
            "SELECT * FROM operations WHERE id < 5",
            "SELECT * FROM operation_changes WHERE operation_id < 5",
            "SELECT id, name, location FROM mirrors",
        )
        return [repr(row) for statement in statements for row in sorted(connection.execute(statement).fetchall())]


def change(dam: Dam, statement: str) -> None:
    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection, connection:
        connection.execute(statement)


def make_filled(folder: Path) -> None:
    shutil.copytree(shared.folder() / "library", folder)
    files = shared.folder() / "rows-files"  # it stays where it is, as a user's files do
    (files / "in").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        (files / "in" / name).write_text(name)
    dam = dam_in(folder)
    dam("add-asset", "-j0", files / "in", "-q", "--tags", "sea")
    dam("tag", "add", "2", "lake")
    dam("verdict", "2", "3", "unrelated")
    dam("tag", "rm", "1", "sea")
    dam("store", "add", "usb", files / "usb")


@pytest.fixture
def filled(empty_library_folder: Path, tmp_path: Path) -> Dam:
    del empty_library_folder  # it has been made
    return dam_in(Path(shutil.copytree(shared.made_once("rows", make_filled), tmp_path / "library")))


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_named_and_put_back(filled: Dam, kind: str) -> None:
    before = rows(filled)
    change(filled, CHANGES[kind])
    assert rows(filled) != before
    *found, _ = filled("verify", "--content", "--json", code=4).json_lines
    assert "database" in {each["problem"] for each in found}
    filled("repair", "--content", "--dry-run", code=None)
    assert rows(filled) != before
    filled("repair", "--content", "--json")
    assert rows(filled) == before
    filled("verify", "--content")


def test_a_row_that_the_manifest_lacks_goes_there(filled: Dam) -> None:
    change(filled, "INSERT INTO component_tag (entity_id, tag, tag_key) VALUES (1, 'by hand', 'by hand')")
    [found, _] = filled("verify", "--content", "--json", code=4).json_lines
    assert found["detail"] == "the database has a row of component_tag that the manifest lacks"
    filled("repair", "--content")
    assert filled("tag", "ls", "1", "--json").json["tags"] == ["by hand"]
    filled("verify", "--content")


def test_a_schema_that_is_not_utf8(filled: Dam) -> None:
    database = filled.folder / "dam.sqlite3"
    content = database.read_bytes()
    name = b"CREATE INDEX ix_component_source_path_folder_digest"
    assert name in content
    database.write_bytes(content.replace(name, b"CREATE INDEX \xa0x_component(source_path_folder_digest"))
    assert "is damaged" in filled("verify", code=4).out
    assert "is damaged" in filled("repair", "--content", code=4).out


def test_a_schema_that_has_changed(filled: Dam) -> None:
    change(filled, "CREATE INDEX my_own ON component_tag (tag, entity_id)")
    filled("verify")
    database = filled.folder / "dam.sqlite3"
    content = database.read_bytes()
    name = b"CONSTRAINT uq_component_image_luma_entity_id UNIQUE"
    assert name in content
    database.write_bytes(content.replace(name, name.replace(b"luma", b"lumb")))
    [found, _] = filled("verify", "--json", code=4).json_lines
    assert (found["problem"], found["detail"]) == ("database", "the schema of component_image_luma is damaged")
    [left, _] = filled("repair", "--json", code=4).json_lines
    assert (left["result"], left["action"]) == ("left", "database")
    assert "rebuild-db" in left["detail"]


@pytest.mark.parametrize("digit", ["z", "é"])
def test_a_batch_that_waits_for_the_manifest(filled: Dam, digit: str) -> None:
    before = rows(filled)
    last = "(SELECT max(id) FROM manifest_records)"
    change(filled, f"UPDATE manifest_records SET lines = '{digit}' || substr(lines, 2) WHERE id = {last}")
    for path in (filled.store / "manifest").iterdir():
        path.chmod(0o600)
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))  # it has not been appended yet
    *found, _ = filled("verify", "--json", code=4).json_lines
    assert [each["problem"] for each in found] == ["manifest"]
    filled("repair")
    filled("verify", "--content")
    assert rows(filled) == before


def test_a_value_that_its_column_cannot_have(filled: Dam) -> None:
    change(filled, "UPDATE component_content_hash_sha256 SET hash_value = 'no bytes' WHERE entity_id = 2")
    assert "a row cannot be read" in filled("verify", code=4).out


def test_an_error_of_the_program_is_not_called_damage(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> NoReturn:
        raise TypeError("an error of the program")

    monkeypatch.setattr("dam.services.verify.verify.strays", fail)
    with pytest.raises(TypeError, match="an error of the program"):
        list(verify(library))


def test_a_name_in_the_schema_that_is_not_utf8(filled: Dam) -> None:
    database = filled.folder / "dam.sqlite3"
    content = database.read_bytes()
    row = b"ix_component_source_path_folder_digestcomponent_source_path"  # the names of an index and of its table
    assert row in content
    database.write_bytes(content.replace(row, b"ix_\xa2" + row[4:]))
    assert "is damaged" in filled("tag", "ls", code=5).err
    assert "is damaged" in filled("verify", code=4).out
    assert "is damaged" in filled("repair", code=4).out
