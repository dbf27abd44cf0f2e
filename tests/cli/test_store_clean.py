"""`store clean`: what was removed for good goes from the mirrors, too, but never the last copy unless asked for."""

import os
from pathlib import Path

import pytest

from tests.conftest import Dam


@pytest.fixture
def purged(dam: Dam) -> Dam:
    """Two assets in the store and two mirrors, of which the first was removed for good, and one in the trash."""
    for name in ("a", "b", "c"):
        (dam.folder / f"{name}.txt").write_text(name)
    dam("add-asset", "-j0", "a.txt", "b.txt", "c.txt")
    for name in ("m", "n"):
        dam("store", "add", name, name)
    dam("store", "sync")
    dam("rm", "1", "--yes")
    dam("trash", "empty", "--yes")
    dam("rm", "2", "--yes")
    return dam


def kept(dam: Dam, name: str) -> set[str]:
    return {path.read_text() for path in (dam.folder / name).glob("??/??/*")}


def clean(dam: Dam, *arguments: str, code: int = 0) -> list[dict[str, object]]:
    return dam("store", "clean", "--grace", "0s", "--json", *arguments, code=code).json_lines


def test_sync_names_what_was_removed_for_good(purged: Dam) -> None:
    result = purged("store", "sync", "m", "--json")
    assert result.json_lines[-1]["summary"] == {"copied": 0, "bytes": 0, "failed": 0, "purged": 1, "purged_bytes": 1}
    assert "dam-cli store clean m" in result.err
    assert kept(purged, "m") == {"a", "b", "c"}


def test_emptying_the_trash_says_that_mirrors_keep_copies(dam: Dam) -> None:
    (dam.folder / "a.txt").write_text("a")
    dam("add-asset", "-j0", "a.txt")
    dam("store", "add", "m", "mirror")
    dam("store", "sync")
    dam("rm", "1", "--yes")
    assert "dam-cli store clean" in dam("trash", "empty", "--yes").err


def test_the_last_of_several_copies_stays_unless_asked_for(purged: Dam) -> None:
    planned, summary = clean(purged, "m", "--dry-run")
    assert (planned["mirror"], planned["is_last_copy"], planned["freed"]) == ("m", False, 1)
    assert summary["summary"] == {"blobs": 1, "bytes": 1, "freed": 1, "kept": 0, "dry_run": True}
    assert kept(purged, "m") == {"a", "b", "c"}
    assert len(clean(purged, "--yes", code=3)) == 4  # from m; it is the last copy in n
    assert (kept(purged, "m"), kept(purged, "n")) == ({"b", "c"}, {"a", "b", "c"})
    last, summary = clean(purged, "n", "--last-copies", "--yes")
    assert (last["is_last_copy"], summary["summary"]) == (
        True,
        {"blobs": 1, "bytes": 1, "freed": 1, "kept": 0, "dry_run": False},
    )
    assert kept(purged, "n") == {"b", "c"}  # the trash is the library's, too
    purged("store", "clean", "--yes")
    purged("verify", "--store", "n", "--content")


def test_a_copy_that_is_damaged_or_the_same_file_is_none(purged: Dam) -> None:
    [copy] = [path for path in (purged.folder / "n").glob("??/??/*") if path.read_text() == "a"]
    copy.unlink()
    copy.write_bytes(b"x")
    copy.chmod(0o444)
    assert clean(purged, "m", "--yes", code=3)[0]["is_last_copy"] is True
    copy.unlink()
    os.link(purged.folder / "m" / copy.relative_to(purged.folder / "n"), copy)
    assert clean(purged, "m", "--yes", code=3)[0]["is_last_copy"] is True
    assert kept(purged, "m") == {"a", "b", "c"}


def test_what_was_not_removed_for_good_stays(purged: Dam, tmp_path: Path) -> None:
    purged("store", "clean", "--yes")  # younger than the grace age
    (tmp_path / "again").write_text("a")
    purged("add-asset", "-j0", tmp_path / "again")
    other = purged.folder / "m" / "ab" / "cd" / ("abcd" + "0" * 60)
    other.parent.mkdir(parents=True)
    other.write_text("of another program")
    assert [each for each in clean(purged, "--yes", "--last-copies") if "sha256" in each] == []
    assert kept(purged, "m") == {"a", "b", "c", "of another program"}


def test_it_asks(purged: Dam) -> None:
    assert "--yes" in purged("store", "clean", "--grace", "0s", code=2).err
    assert kept(purged, "m") == {"a", "b", "c"}
