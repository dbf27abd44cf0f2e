"""`dam-cli ls` and `dam-cli query`: what a user types and gets."""

import csv
import io
import json
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.conftest import PICTURES, TEST_DATA, Dam


@pytest.fixture
def filled(dam: Dam) -> Dam:
    """Asset 1 is a picture, tagged sea/deep; 2 is a text about rivers, tagged draft."""
    dam("add-asset", "-j0", PICTURES / "dunes.tif", "--tags", "sea/deep")
    dam("add-asset", "-j0", TEST_DATA / "documents/rivers.html", "--tags", "draft")
    return dam


def ids(dam: Dam, *words: str, code: int = 0) -> list[int]:
    return [int(line) for line in dam("ls", "--format", "ids", *words, code=code).out.split()]


def test_all_assets_newest_first(filled: Dam) -> None:
    assert ids(filled) == [2, 1]
    assert [line.split()[1] for line in filled("ls").out.splitlines()] == ["document", "image"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["kind:image"], [1]),
        (["kind:image width>100 tag:sea"], [1]),
        (["kind:image or tag:draft"], [2, 1]),
        (["dunes", "or", "rivers", "-tag:draft"], [1]),
        (["tag:sea,draft", "-kind:image"], [2]),
        (["-kind:image"], [2]),
        (["rivers", "-n1", "--sort", "-size"], [2]),
        (["river*"], [2]),
        (["-n", "1"], [2]),
        (["--offset", "1"], [1]),
        (["--sort", "id"], [1, 2]),
        (["similar:1"], [1]),
    ],
)
def test_words_and_options(filled: Dam, words: list[str], found: list[int]) -> None:
    assert ids(filled, *words) == found


def test_nothing_matches(filled: Dam) -> None:
    assert ids(filled, "tag:nothing", code=1) == []
    assert filled("ls", "tag:nothing", "--count", code=1).out == "0\n"
    assert filled("ls", "tag:nothing", "--json", code=1).json["assets"] == []


@pytest.mark.parametrize(
    ("query", "column", "says"),
    [
        ("tag:sea widht>3", 9, "did you mean width?"),
        ("width:abc", 7, "is no number: give it as"),
        ("taken:20", 7, "is no date"),
        ("kind:pictures", 6, "there is no kind"),
        ("is:gone", 4, "there is no state"),
        ("has:gpss", 5, "did you mean gps?"),
        ("(tag:sea", 9, "a closing parenthesis is missing"),
        ("@nothing", 1, "there is no saved query @nothing"),
        ("name:/(/", 6, "the regular expression is not valid"),
        ("near:100,0", 6, "there is no such place"),
        ("person:ada", 1, "tag:NAME"),
    ],
)
def test_mistakes(filled: Dam, query: str, column: int, says: str) -> None:
    err = filled("ls", query, code=2).err
    first, shown, caret = err.splitlines()
    assert says in first
    assert f"column {column} of the query" in first
    assert (shown, caret) == (f"  {query}", " " * (column + 1) + "^")
    assert json.loads(filled("ls", query, "--json", code=2).err)["exit_code"] == 2


def test_formats(filled: Dam) -> None:
    document = filled("ls", "kind:image", "--json", "--fields", "id,tag,duration,kind").json["assets"]
    assert document[0]["fields"] == {"id": 1, "tag": ["sea/deep"], "duration": None, "kind": "image"}
    assert [line["entity_id"] for line in filled("ls", "--format", "jsonl").json_lines] == [2, 1]
    rows = list(csv.reader(io.StringIO(filled("ls", "--format", "csv", "--fields", "id,filename").out)))
    assert rows == [["id", "filename"], ["2", "rivers.html"], ["1", "dunes.tif"]]
    (path,) = filled("ls", "kind:image", "--format", "print0").out.split("\0")[:-1]
    assert filled("ls", "kind:image", "--format", "paths").out == f"{path}\n"
    sums = filled("ls", "--format", "sha256sum").out
    subprocess.run(["sha256sum", "--check", "--quiet"], input=sums, text=True, check=True)


def test_a_formula_in_a_name_is_text(filled: Dam) -> None:
    (filled.folder / "=1+1.txt").write_text("x")
    filled("add-asset", "-j0", "=1+1.txt")
    assert filled("ls", "-n1", "--format", "csv", "--fields", "filename").out.splitlines() == ["filename", "'=1+1.txt"]


def test_a_table_shows_where_a_word_is(filled: Dam) -> None:
    assert "ivers" in filled("ls", "rivers").out.splitlines()[1]
    assert "rivers" in filled("ls", "rivers", "--json").json["assets"][0]["snippet"].lower()


def test_explain(filled: Dam) -> None:
    out = filled("ls", "tag:sea dunes", "--explain").out
    assert "Condition(name='tag'" in out
    assert "SELECT entities.id" in out


def test_the_trash_is_hidden_unless_asked_for(filled: Dam) -> None:
    filled("rm", "1", "--yes")
    assert ids(filled) == [2]
    assert ids(filled, "is:trash") == [1]
    assert ids(filled, "tag:sea", code=1) == []


def test_saved_queries(filled: Dam) -> None:
    filled("query", "save", "pictures", "kind:image", "-tag:draft")
    assert ids(filled, "@pictures or tag:draft") == [2, 1]
    filled("query", "save", "both", "@pictures or tag:draft")
    assert filled("query", "ls").out.split("\n")[:2] == [
        "@both      @pictures or tag:draft",
        "@pictures  kind:image -tag:draft",
    ]
    assert "contains itself" in filled("query", "save", "pictures", "@both", "--replace", code=2).err
    assert "--replace" in filled("query", "save", "pictures", "kind:audio", code=2).err
    assert "@both contains @pictures" in filled("query", "rm", "pictures", code=2).err
    filled("query", "rm", "both", "pictures")
    filled("query", "ls", code=1)
    filled("undo")
    assert ids(filled, "@both") == [2, 1]
    assert ids(filled, "@pictures") == [1]


def test_saved_queries_outlive_the_database(filled: Dam) -> None:
    filled("query", "save", "pictures", "kind:image")
    (filled.folder / "dam.sqlite3").unlink()
    filled("rebuild-db")
    assert ids(filled, "@pictures") == [1]
    assert ids(filled, "rivers") == [2]


@pytest.mark.parametrize(
    "words", [["query", "tag:sea"], ["query", "find", "tag:sea"], ["query-assets-placeholder", "tag:sea"]]
)
def test_other_names_of_ls(filled: Dam, words: list[str]) -> None:
    assert filled(*words, "--format", "ids").out == "1\n"


def test_commands_take_a_query_or_ids(filled: Dam) -> None:
    assert "1 asset" in filled("verify", "--query", "kind:image").err
    assert filled("thumbnail", "--query", "kind:image").out.endswith(".jpg\n")
    assert "1 new image" in filled("link-similar", "--query", "tag:sea").out
    filled("find-duplicates", "--query", "tag:sea", code=1)
    filled("rm", "-", "--yes", input=b"1\n2\n")
    assert ids(filled, "is:trash") == [2, 1]
    filled("trash", "restore", "--query", "tag:draft")
    filled("trash", "restore", "-", "-0", input=b"1\0")
    assert ids(filled) == [2, 1]


def test_a_tag_that_is_an_alias(filled: Dam) -> None:
    filled("tag", "alias", "ocean", "sea")
    assert ids(filled, "tag:Ocean") == ids(filled, "tag:sea") == [1]
    assert ids(filled, "tag:=ocean", code=1) == []


@pytest.mark.parametrize("lost", ["TRIGGER search_tag_delete", "TABLE search_tag"])
@pytest.mark.parametrize("healed_by", [("repair",), ("setup-db",)])
def test_a_lost_index_of_words(filled: Dam, lost: str, healed_by: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(filled.folder / "dam.sqlite3")) as connection, connection:
        connection.execute(f"DROP {lost}")
    assert "the full text lacks search_tag: set it up with: dam-cli setup-db" in filled("ls", "draft", code=10).err
    assert "the index of words search_tag is missing or incomplete" in filled("verify", code=4).out
    filled(*healed_by)
    assert ids(filled, "draft") == [2]
    filled("verify")


def test_no_asset_is_meant(filled: Dam) -> None:
    assert "no asset matches 'tag:nothing'" in filled("rm", "--query", "tag:nothing", "--yes", code=1).err
    assert "give at least one ASSET" in filled("rm", "--yes", code=2).err
    assert "no entity id" in filled("rm", "-", "--yes", input=b"a.txt\n", code=2).err
    assert "has no asset '9'" in filled("rm", "-", "--yes", input=b"9\n", code=1).err
    assert "no ids on stdin" in filled("rm", "-", "--yes", input=b"", code=1).err
