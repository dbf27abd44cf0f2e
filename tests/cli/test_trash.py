"""The trash and the journal on the command line."""

import os

import pytest
from PIL import Image

from tests.conftest import PICTURES, Dam


@pytest.fixture
def filled(dam: Dam) -> Dam:
    """A library with two sizes of a picture, linked, and tagged; a text of which the source is gone."""
    sources = dam.folder / "sources"
    sources.mkdir()
    with Image.open(PICTURES / "lake_at_dawn.jpg") as image:
        image.save(sources / "large.png")
        image.resize((200, 150)).save(sources / "small.png")
    (sources / "text.txt").write_text("a text")
    dam("add-asset", "-j0", "sources", "--tags", "sea", "--json")
    (sources / "text.txt").unlink()
    dam("link-similar")
    return dam


def entity_of(dam: Dam, path: str) -> str:
    return str(dam("show", path, "--json").json["entity_id"])


def test_what_is_in_the_trash_is_in_no_search(filled: Dam) -> None:
    small = entity_of(filled, "sources/small.png")
    assert filled("rm", "sources/small.png", "--yes", "--json").json["assets"][0]["entity_id"] == int(small)
    assert filled("tag", "ls", "--json").json["tags"] == {"sea": 2}
    assert filled("info", "--json").json["trashed"] == 1
    for words in (
        ["find-file-by-hash", "--file", "sources/small.png"],
        ["find-duplicates"],
        ["thumbnail", small],
        ["tag", "add", small, "sky"],
        ["tag", "ls", small],
        ["verdict", small, "sources/large.png", "duplicate"],
        ["rm", small, "--yes"],
    ):
        assert filled(*words, code=1).out == ""
    for command in ("find-similar-images", "find-similar"):
        matches = filled(command, "sources/small.png", "--json").json["matches"]
        assert [match["entity_id"] for match in matches] == [int(entity_of(filled, "sources/large.png"))]
    assert filled("show", "sources/large.png", "--json").json["relatives"] == []
    assert "in the trash" in filled("show", small).out
    assert filled("show", small, "--json").json["components"]["trashed"]
    assert filled("verify").code == 0
    assert filled("explain", small, "sources/large.png", code=1).err.count("trash")


def test_what_comes_back_is_linked_and_found_again(filled: Dam) -> None:
    filled("rm", "sources/small.png", "--yes")
    assert filled("link-similar", "--json").json["pairs"] == 0
    filled("trash", "restore", "sources/small.png")
    assert filled("link-similar", "--json").json["compared"] == 1
    assert len(filled("show", "sources/large.png", "--json").json["relatives"]) == 1
    assert filled("find-duplicates").code == 0


def test_removing_asks_and_needs_yes_without_a_terminal(filled: Dam) -> None:
    for words in (["rm", "1"], ["gc"]):
        assert "--yes" in filled(*words, code=2).err
    assert filled("rm", "1", "--dry-run", "--json").json["operation_id"] is None
    assert filled("trash", "ls", code=1).out == ""
    filled("rm", "1", "--yes")
    assert "--yes" in filled("trash", "empty", code=2).err
    assert len(filled("trash", "ls", "--json").json_lines) == 1


def test_the_trash_is_emptied_and_says_what_is_lost(filled: Dam) -> None:
    filled("rm", "3", "1", "--yes")
    assert filled("trash", "empty", "--older-than", "30d", "--dry-run", "--json").json["assets"] == 0
    planned = filled("trash", "empty", "--dry-run", "--json").json
    assert (planned["assets"], planned["last_copies"], planned["kept"], planned["freed"]) == (1, 1, 1, None)
    assert "There is no other copy of 1 asset" in filled("trash", "empty", "--dry-run").err
    done = filled("trash", "empty", "--yes", "--json", code=3).json
    assert (done["blobs"], done["freed"], done["postponed"]) == (1, planned["bytes"], None)
    assert filled("trash", "empty", "--last-copies", "--yes", "--json").json["assets"] == 1
    assert filled("trash", "empty", "--yes", "--json").json["assets"] == 0
    assert len(list(filled.store.glob("??/??/*"))) == 1
    assert filled("verify").code == 0
    assert "cannot be undone" in filled("undo", str(done["operation_id"]), code=5).err


def test_a_source_is_a_copy_only_if_it_has_the_content(dam: Dam) -> None:
    source = dam.folder / "a.txt"
    source.write_text("a")
    dam("add-asset", "-j0", source)
    dam("rm", "1", "--yes")
    status = source.stat()
    source.write_text("b")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert dam("trash", "empty", "--yes", "--json", code=3).json["last_copy_ids"] == [1]
    source.write_text("a")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert dam("trash", "empty", "--yes", "--json").json["assets"] == 1


def test_a_blob_without_an_asset_is_collected(filled: Dam) -> None:
    orphan = filled.store / "00" / "00" / ("0" * 64)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"left")
    assert filled("gc", "--yes", "--json").json_lines[-1]["summary"]["blobs"] == 0
    assert filled("gc", "--dry-run", "--grace", "0s", "--json").json_lines[-1]["summary"]["freed"] == 4
    assert orphan.exists()
    assert filled("gc", "--yes", "--grace", "0s").out.startswith("0" * 64)
    assert not orphan.exists()
    assert filled("gc", "--grace", "soon", "--yes", code=2).err


def test_the_log_tells_what_happened(filled: Dam) -> None:
    filled("tag", "add", "1", "sky", "sun")
    filled("verdict", "1", "2", "alternate")
    filled("verdict", "2", "1", "duplicate")
    logged = filled("log", "--json").json_lines
    assert [(each["kind"], each["changes"]) for each in logged] == [
        *[("verdict", 1), ("verdict", 1), ("tag", 2), ("import", 3)]
    ]
    assert logged[2]["command"] == "dam-cli tag add 1 sky sun"
    [change] = filled("log", "4", "--json").json_lines
    assert (change["before"]["verdict"], change["after"]["verdict"]) == ("alternate", "duplicate")
    assert "~ entity 1  verdict" in filled("log", "4").out
    assert len(filled("log", "--asset", "2", "--limit", "2", "--json").json_lines) == 2
    day = logged[0]["created_at"][:10]
    assert len(filled("log", "--since", day[:7], "--until", day, "--json").json_lines) == 4
    assert filled("log", "--until", "2020", code=1).out == ""
    for words in (["--since", "yesterday"], ["--since", "2026-13"], ["4", "--kind", "tag"]):
        assert filled("log", *words, code=2).err
    assert filled("log", "99", code=1).err


def test_undo_takes_back_and_redoes(filled: Dam) -> None:
    filled("tag", "add", "1", "sky")
    assert filled("undo", "--dry-run", "--json").json["operation_id"] is None
    done = filled("undo", "--json").json
    assert (done["undoes"], done["kind"], done["changes"], done["dry_run"]) == (2, "tag", 1, False)
    assert filled("tag", "ls", "1", "--json").json["tags"] == ["sea"]
    filled("undo", str(done["operation_id"]))
    filled("tag", "rm", "1", "sky")
    assert "operation 5 (tag) changed the same later" in filled("undo", "2", code=5).err
    assert filled("undo", "99", code=1).err
    assert "undoes 2" in filled("log").out


def test_an_import_is_one_operation(filled: Dam) -> None:
    filled("add-asset", "-j0", "sources", "--tags", "sky")
    filled("add-asset", "-j0", "sources", "--tags", "sky")
    assert [each["changes"] for each in filled("log", "--kind", "import", "--json").json_lines] == [2, 3]
    filled("undo")
    assert filled("tag", "ls", "--json").json["tags"] == {"sea": 3}


def test_a_file_at_a_new_path_brings_its_asset_back(filled: Dam) -> None:
    filled("rm", "sources/large.png", "--yes")
    assert filled("add-asset", "-j0", "sources", "--json").json_lines[0]["restored"] is False
    (filled.folder / "copy.png").write_bytes((filled.folder / "sources/large.png").read_bytes())
    [outcome, _] = filled("add-asset", "-j0", "copy.png", "--json").json_lines
    assert (outcome["status"], outcome["restored"]) == ("linked", True)
    assert filled("trash", "ls", code=1).out == ""
