"""`dam-cli tag`, `annotate` and `collection`: what is an asset, what a tag; many at once."""

from pathlib import Path

import pytest

from tests.conftest import Dam


@pytest.fixture
def filled(dam: Dam) -> Dam:
    for number in (1, 2, 3):
        (dam.folder / f"{number}.txt").write_text(f"text {number}")
    dam("add-asset", "-j0", "1.txt", "2.txt", "3.txt", "-t", "Sea,sky", "--tags", "old")
    return dam


def tags(dam: Dam, asset: int) -> list[str]:
    found: list[str] = dam("tag", "ls", str(asset), "--json").json["tags"]
    return found


@pytest.mark.parametrize("words", [["1", "2", "foo"], ["1", "3.txt"], ["1", "foo", "{hash}"], ["1.txt", "2.txt"]])
def test_a_tag_that_could_be_an_asset_is_refused(filled: Dam, words: list[str]) -> None:
    shown = filled("find-file-by-hash", "--file", "3.txt", "--json").json
    sha256 = str(shown["matches"][0]["sha256"])
    (filled.folder / "2.txt").rename(filled.folder / "moved.txt")
    places = {"hash": sha256[:12]}
    before = tags(filled, 1)
    result = filled("tag", "add", *(word.format(**places) for word in words), code=2)
    assert "--tag TAG ASSET" in result.err
    assert tags(filled, 1) == before


def test_the_ways_to_name_assets_and_tags(filled: Dam) -> None:
    assert filled("tag", "add", "1", "999", "place/rome").out.split() == ["999", "Sea", "old", "place/rome", "sky"]
    several = filled("tag", "add", "-t", "2", "--tags", "foo,SEA", "1.txt", "2", "--json").json
    assert {key: several[key] for key in ("assets", "changed", "dry_run")} == {
        "assets": 2,
        "changed": 4,
        "dry_run": False,
    }
    assert tags(filled, 2) == ["2", "Sea", "foo", "old", "sky"]
    assert "5 tags" not in filled("tag", "rm", "--query", "tag:foo", "sky", "old", "--dry-run").out
    filled("tag", "rm", "--query", "tag:foo", "sky", "old")
    assert tags(filled, 2) == ["2", "Sea", "foo"]
    filled("tag", "add", "-t", "piped", "-", input=b"3\n2\n")
    assert "piped" in tags(filled, 3)
    filled("undo")
    filled("undo")
    assert tags(filled, 2) == ["2", "Sea", "foo", "old", "sky"]
    for wrong in (["1"], ["-t", "x"], ["-t", "x", "99"], ["1", "a//b"], ["--query", "tag:none", "x"], ["-t", "x", "-"]):
        assert filled("tag", "add", *wrong, code=None, input=b"77\n").code in (1, 2)


def test_hierarchies_are_listed_renamed_and_undone(filled: Dam) -> None:
    filled("tag", "add", "1", "place/italy/rome")
    filled("tag", "add", "2", "Place/Italy")
    assert filled("tag", "ls", "PLACE", "--json").json["tags"] == {"place/italy": 1, "place/italy/rome": 1}
    assert filled("tag", "ls", "--tag", "place", "--json").json["with_below"] == {"place": 2, "place/italy": 2}
    filled("tag", "imply", "place/italy", "italy", "--apply")
    assert tags(filled, 1) == ["Sea", "italy", "old", "place/italy/rome", "sky"]
    filled("tag", "rename", "place", "where", "--dry-run")
    assert "place/italy" in tags(filled, 2)
    assert "where/italy/rome" in filled("tag", "rename", "place", "where").out
    assert filled("tag", "imply", "--json").json["rules"] == [
        {"kind": "implies", "tag": "where/italy", "target": "italy"}
    ]
    filled("undo")
    assert tags(filled, 2) == ["Sea", "italy", "old", "place/italy", "sky"]
    filled("tag", "merge", "sky", "sea")
    assert tags(filled, 3) == ["Sea", "old"]
    assert filled("tag", "alias", code=1).out == ""
    filled("tag", "alias", "sea", "SEA", code=2)
    filled("tag", "ls", "none", code=1)
    filled("tag", "rename", "none", "x", code=1)


def test_what_the_user_says_survives_the_database(filled: Dam, tmp_path: Path) -> None:
    """Tags, rules, annotations and collections: by the manifest, and by an export."""
    filled("tag", "alias", "mer", "sea")
    filled("tag", "imply", "sea", "water")
    filled("tag", "rename", "old", "ancient/one")
    filled("annotate", "1", "--rating", "5", "--title", "Mine", "--notes", "a\nb")
    filled("annotate", "--query", "tag:sky", "--rating", "3")
    filled("annotate", "1", "--clear", "rating")
    filled("collection", "add", "Best", "3", "1", "2")
    filled("collection", "move", "Best", "2", "--before", "3")
    filled("collection", "rm", "Best", "1")
    before = said(filled)
    filled("library", "export", tmp_path / "out.jsonl")
    (filled.folder / "dam.sqlite3").unlink()
    filled("rebuild-db")
    assert said(filled) == before
    assert filled("verify", "--json", code=None).code == 0
    (filled.folder / "dam.sqlite3").unlink()
    filled("library", "import", tmp_path / "out.jsonl")
    assert said(filled) == before


def said(dam: Dam) -> object:
    return (
        dam("tag", "ls", "--json").json,
        dam("tag", "alias", "--json").json,
        dam("tag", "imply", "--json").json,
        dam("collection", "show", "best", "--json").json,
        [dam("show", str(number), "--json").json["components"].get("annotation") for number in (1, 2, 3)],
    )


def test_annotations_are_checked(filled: Dam) -> None:
    for wrong in (["--rating", "6"], [], ["--clear", "colour"], ["--title", ""], ["--title", "x", "--clear", "title"]):
        filled("annotate", "1", *wrong, code=2)
    held = filled("annotate", "1", "--rating", "-1", "--json").json
    assert (held["entity_id"], held["rating"], held["title"]) == (1, -1, None)
