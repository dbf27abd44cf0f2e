"""What is known of the store, without writing to it."""

from collections.abc import Iterator
from pathlib import Path

from dam.services.doctor.check import Check, fail, ok, warn
from dam.services.doctor.file_system import check_file_system, check_rights, check_space
from dam.storage.local import MARKER
from dam.storage.local_layout import QUARANTINE


def check_store(root: Path, library_id: str | None, umask: int) -> Iterator[Check]:
    """Yield what is known of the store in a folder, for the library with an id; None where that is not known."""
    yield from check_file_system("store", root, has_database=False)
    yield from check_space("store", root)
    if not root.is_dir():
        yield fail("store", f"{root} does not exist", "is it mounted, and is ASSET_STORAGE_PATH right?")
        return
    yield from check_rights("store", root, umask)
    yield _check_marker(root, library_id)
    if (root / MARKER.upper()).exists():
        yield warn(
            "store names", "its file system does not tell upper from lower case", "do not copy names from it back"
        )
    quarantine = root / QUARANTINE
    if quarantine.is_dir() and (count := sum(1 for _ in quarantine.iterdir())):
        what_to_do = "look at them, and remove what is of no use"
        yield warn("quarantine", f"damaged files in {quarantine}: {count}", what_to_do)


def _check_marker(root: Path, library_id: str | None) -> Check:
    try:
        found = (root / MARKER).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return fail("store", f"{root} is no store ({MARKER} is missing)", "is it mounted? Else dam-cli setup-db")
    except (OSError, UnicodeDecodeError) as exc:
        return fail("store", f"{root / MARKER}: {exc}", "write the id of the library (dam-cli backup --list) into it")
    if library_id and found != library_id:
        return fail(
            "store",
            f"{root} is the store of library {found}, the database has library {library_id}",
            "DATABASE_URL and ASSET_STORAGE_PATH do not belong together: correct one of them",
        )
    return ok("store", f"{root}, of library {found}")
