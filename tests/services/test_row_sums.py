"""Which assets are compared with the manifest row by row: those of which a sum differs, and no others."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from dam.models import (
    ContentHashMd5Component,
    Entity,
    FileLocationComponent,
    FilePropertiesComponent,
    SourcePathComponent,
    TagComponent,
)
from dam.services.asset_service import add_tag_to_entity
from dam.services.library import Library
from dam.services.verify import row_sums
from dam.services.verify.findings import Finding, Problem
from dam.services.verify.manifest import manifest_findings
from dam.services.verify.row_sums import RowSums
from dam.services.verify.verify import verify
from tests.services.conftest import ingest_all

COUNT = 9


def fill(library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Ingest nine files. They are compared in ranges of two, and read in pages of four."""
    monkeypatch.setattr(row_sums, "PAGE", 4)
    monkeypatch.setattr(row_sums, "RANGE", 2)
    monkeypatch.setattr("dam.services.verify.expected_rows.RANGE", 2)
    folder.mkdir()
    for number in range(COUNT):
        (folder / f'{number} "ö\\\udce4.txt').write_text(str(number))
    ingest_all(library, folder)
    return library


@pytest.fixture
def filled(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library of nine assets."""
    return fill(library, tmp_path / "in", monkeypatch)


def differing(library: Library) -> list[int]:
    """The ranges that are compared row by row."""
    sums = RowSums()
    assert list(manifest_findings(library, sums)) == []
    return sums.differing(library)


def test_rows_that_are_as_the_manifest_says_are_not_compared_one_by_one(
    each_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fill(each_library, tmp_path / "in", monkeypatch)
    assert differing(filled) == []
    with filled.engine.begin() as connection:
        connection.execute(CHANGES["name"])
    assert differing(filled) == [3]


def test_what_was_said_of_an_asset_has_its_range_compared(filled: Library) -> None:
    with filled.write() as session:
        add_tag_to_entity(session, 4, "sea")
    assert differing(filled) == [2]
    assert [each for each in verify(filled, content=True) if isinstance(each, Finding)] == []


def test_a_file_that_was_read_again_has_its_range_compared(filled: Library, tmp_path: Path) -> None:
    path = next((tmp_path / "in").glob("6*"))
    (tmp_path / "new").write_text(path.read_text())
    ingest_all(filled, tmp_path / "new")
    assert differing(filled) == []  # only a line more
    path.touch()
    ingest_all(filled, path)
    assert len(differing(filled)) == 1
    assert [each for each in verify(filled, content=True) if isinstance(each, Finding)] == []


def changed(model: Any, **values: Any) -> Any:
    column = Entity.id if model is Entity else model.entity_id
    return update(model).where(column == 6).values(**values)


CHANGES = {
    "created": changed(Entity, created_at=datetime(2026, 1, 1, tzinfo=UTC)),
    "md5": changed(ContentHashMd5Component, hash_value="0" * 32),
    "no md5": delete(ContentHashMd5Component).where(ContentHashMd5Component.entity_id == 6),
    "name": changed(FilePropertiesComponent, original_filename="other"),
    "size": changed(FilePropertiesComponent, file_size_bytes=2),
    "type": changed(FilePropertiesComponent, media_type="text/html"),
    "store": changed(FileLocationComponent, storage_type="elsewhere"),
    "key": changed(FileLocationComponent, file_identifier="0" * 64),
    "path": changed(SourcePathComponent, path=b"/other"),
    "path digest": changed(SourcePathComponent, path_digest=b"0" * 16),
    "folder digest": changed(SourcePathComponent, folder_digest=b"0" * 16),
    "shown path": changed(SourcePathComponent, path_display="/other"),
    "filename": changed(SourcePathComponent, filename="other"),
    "mtime": changed(SourcePathComponent, mtime_ns=1),
    "ctime": changed(SourcePathComponent, ctime_ns=None),
    "inode": changed(SourcePathComponent, inode=1),
    "no source": delete(SourcePathComponent).where(SourcePathComponent.entity_id == 6),
    "moved source": changed(SourcePathComponent, entity_id=9),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_value_is_named(filled: Library, change: str) -> None:
    with filled.engine.begin() as connection:
        connection.execute(CHANGES[change])
    results = list(verify(filled, content=True))
    assert Problem.DATABASE in {each.problem for each in results if isinstance(each, Finding)}


def test_a_row_that_the_manifest_lacks_is_named(filled: Library) -> None:
    with filled.engine.begin() as connection:
        connection.execute(TagComponent.__table__.insert(), {"entity_id": 6, "tag": "sea", "tag_key": "sea"})
    [found] = [each for each in verify(filled, content=True) if isinstance(each, Finding)]
    assert (found.problem, found.entity_id) == (Problem.DATABASE, 6)
    assert "component_tag" in found.detail
