"""Checksums of derived rows, on each kind of database, and when a library moves from one to the other."""

from collections.abc import Callable
from pathlib import Path

from PIL import ExifTags, Image
from sqlalchemy import update

from dam.core.config import Settings
from dam.models.dimensions_component import DimensionsComponent
from dam.services.ingest.run_systems import derive_again
from dam.services.library import Library, open_library
from dam.services.processes.pool import open_pool
from dam.services.transfer.export import export
from dam.services.transfer.importing import import_library
from dam.services.verify.derived import derived_findings
from dam.storage.memory import MemoryBlobStore
from tests.conftest import TEST_DATA
from tests.services.conftest import ingest_all


def filled(library: Library, make_image: Callable[..., Path]) -> Library:
    """Add a picture with a time, a text with its times and flags, and something without derived rows."""
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2020:02:03 04:05:06"
    exif[ExifTags.Base.Make] = "Polaroid é"
    picture = make_image("a.jpg", exif=exif)
    (picture.parent / "b.bin").write_bytes(b"\0\1")
    ingest_all(library, picture, picture.parent / "b.bin", TEST_DATA / "documents/rivers.pdf")
    return library


def test_a_change_is_found_and_derived_again(each_library: Library, make_image: Callable[..., Path]) -> None:
    library = filled(each_library, make_image)
    assert list(derived_findings(library)) == []
    with library.write() as session:
        session.execute(update(DimensionsComponent).where(DimensionsComponent.entity_id == 1).values(width=3))
    assert [(each.entity_id, each.name) for each in derived_findings(library)] == [(1, "a.jpg")]
    with open_pool(0) as pool:
        assert [each.error for each in derive_again(library, [1], pool)] == [None]
    assert list(derived_findings(library)) == []


def test_checksums_hold_in_another_database(
    each_library: Library, make_image: Callable[..., Path], postgres_url: str, tmp_path: Path
) -> None:
    lines = list(export(filled(each_library, make_image)))
    for number, url in enumerate((f"sqlite:///{tmp_path}/other.sqlite3", postgres_url)):
        settings, store = Settings(DATABASE_URL=url, ASSET_STORAGE_PATH=tmp_path / str(number)), MemoryBlobStore()
        import_library(lines, settings, store)
        with open_library(settings, store) as library:
            assert list(derived_findings(library)) == []
