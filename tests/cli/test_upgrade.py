"""A library of the schema before the manifest is upgraded: a backup, all rows, a whole manifest, and checksums."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from dam.core.database import make_engine
from tests.conftest import Dam
from tests.migrations.test_stairway import migrate
from tests.services.backup.test_restore import make_outdated

QUERIES = (
    "SELECT id FROM entities",
    "SELECT entity_id, tag FROM component_tag",
    "SELECT entity_id, path FROM component_source_path",
    "SELECT entity_id, original_filename, file_size_bytes, media_type FROM component_file_properties",
    "SELECT entity_id, other_entity_id, verdict FROM component_verdict",
)


def kept(database: Path) -> list[object]:
    with closing(sqlite3.connect(database)) as connection:
        return [sorted(connection.execute(query)) for query in QUERIES]


def test_an_upgraded_library_is_whole(dam: Dam, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.txt").write_text(f"some words of text {number}")
    dam("add-asset", "-j0", "-q", folder, "--tags", "sea")
    dam("tag", "add", "2", "Sky")
    dam("verdict", "2", "3", "unrelated")
    database, store = dam.folder / "dam.sqlite3", dam.store
    make_outdated(database)
    shutil.rmtree(store / "manifest")
    before = kept(database)

    done = dam("setup-db", "--json").json
    assert done["before"] == "0011"
    assert kept(Path(done["backup"])) == kept(database) == before
    dam("verify", "--content")
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM system_records WHERE rows_crc32 IS NULL").fetchone() == (0,)
    assert dam("add-asset", "-j0", "--json", folder).json_lines[-1]["summary"]["unchanged"] == 20
    database.unlink()
    dam("rebuild-db")
    assert kept(database) == before
    dam("verify", "--content")


def test_an_upgrade_takes_the_checksums_of_derived_rows_anew(each_dam: Dam) -> None:
    """A migration may add a column to them, which is no damage."""
    (each_dam.folder / "a.txt").write_text("some words")
    each_dam("add-asset", "-j0", "-q", "a.txt")
    engine = make_engine(each_dam.env["DATABASE_URL"], 5)
    with engine.begin() as connection:
        connection.execute(text("UPDATE system_records SET rows_crc32 = rows_crc32 + 1"))
    each_dam("verify", "--content", code=4)
    migrate(engine, "0015")
    engine.dispose()
    each_dam("setup-db")
    each_dam("verify", "--content")
