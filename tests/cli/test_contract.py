"""What holds for every command: help, an example, exit codes, JSON, and the words it refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from typer import Context
from typer.main import get_command
from typer.testing import CliRunner

from dam.cli import app
from tests.conftest import PICTURES, Dam


def commands(group: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command there is, by the words that call it: a new one is covered by itself."""
    group = group or get_command(app)
    context = Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


COMMANDS = dict(commands())
every_command = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


@every_command
def test_help(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0
    assert COMMANDS[words].help
    output = " ".join(done.output.split())
    for part in (COMMANDS[words].help.split(".")[0], "Example: dam-cli " + " ".join(words), "Exit codes: 0 success"):
        assert " ".join(part.split()) in output


@every_command
def test_every_option_is_explained(words: tuple[str, ...]) -> None:
    assert [option.name for option in COMMANDS[words].params if not getattr(option, "help", None)] == []


@every_command
def test_json(words: tuple[str, ...]) -> None:
    if not COMMANDS[words].hidden:
        assert "--json" in {word for option in COMMANDS[words].params for word in option.opts}


def test_the_program_explains_itself(dam: Dam) -> None:
    listed = dam("--help").out
    assert all(words[0] in listed for words, command in COMMANDS.items() if not command.hidden)
    assert "placeholder" not in listed
    assert dam("--version").out.startswith("dam-cli ")
    assert "Commands:" in dam(code=2).out + dam(code=2).err


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["add-asset"],
        ["add-asset", "--nonsense", "a"],
        ["add-asset", ".", "--tags", "a,,b"],
        ["find-file-by-hash"],
        ["find-file-by-hash", "--file", "a", "--hash-type", "md5"],
        ["find-file-by-hash", "aaaaaaaa", "--hash-type", "crc32"],
        ["find-similar-images"],
        ["show"],
        ["tag", "add", "1"],
        ["tag", "add", "1", "a,b"],
        ["verdict", "1", "2"],
        ["verdict", "1", "2", "friends"],
        ["verdict", "1", "2", "duplicate", "--remove"],
        ["explain", "1"],
    ],
    ids=" ".join,
)
def test_words_that_are_off(words: list[str]) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr


def test_a_misspelt_command_gets_a_suggestion() -> None:
    assert "Did you mean 'verdict" in CliRunner().invoke(app, ["verdit"]).stderr


def test_a_refused_word_cannot_reach_the_terminal_raw(dam: Dam) -> None:
    for word in ("--\x1b[31m\u202eoption", "command\x1b[31m\u202e"):
        assert not {"\x1b", "\u202e"} & set(dam(word, code=2).err)


def test_the_placeholder_answers(dam: Dam) -> None:
    dam("query-assets-placeholder", code=1)  # an empty library


ASSET = {"entity_id", "sha256", "md5", "names", "sources", "stored_path", "size", "media_type"}


def test_the_keys_of_the_json(dam: Dam) -> None:
    lake = PICTURES / "lake_at_dawn.jpg"
    *files, last = dam("add-asset", lake, "--tags", "b,a", "--json").json_lines
    assert {"path", "status", "entity_id", "sha256", "md5", "kind", "media_type", "error"} <= set(files[0])
    assert {"added", "linked", "unchanged", "failed"} <= set(last["summary"])
    sha256 = files[0]["sha256"]

    documents = {
        "find": dam("find-file-by-hash", sha256, "--json").json,
        "similar": dam("find-similar-images", lake, "--json").json,
        "show": dam("show", sha256, "--json").json,
        "tags": dam("tag", "ls", "--json").json,
        "tags of": dam("tag", "ls", "1", "--json").json,
        "info": dam("info", "--json").json,
        "setup": dam("setup-db", "--json").json,
        "systems": dam("run-systems", "--json").json,
    }
    assert all(document["schema_version"] == 1 for document in [*documents.values(), *files, last])
    [found] = documents["find"]["matches"]
    assert set(found) >= ASSET
    assert (found["names"], found["sources"], found["size"]) == ([lake.name], [str(lake)], lake.stat().st_size)
    [alike] = documents["similar"]["matches"]
    assert set(alike) >= ASSET | {"distances", "identical"}
    assert alike["distances"] == {"phash": 0, "ahash": 0, "dhash": 0}
    assert alike["identical"] is True
    shown = documents["show"]["components"]
    assert shown["dimensions"] == [{"width": 640, "height": 427}]
    assert {each["tag"] for each in shown["tag"]} == {"a", "b"}
    assert documents["tags"]["tags"] == {"a": 1, "b": 1}
    assert documents["tags of"]["tags"] == ["a", "b"]
    assert {"database_url", "storage_path", "entities", "bytes", "schema_revision", "versions"} <= set(
        documents["info"]
    )
    assert {"dam", "python", "sqlite", "pillow"} <= set(documents["info"]["versions"])
    assert documents["setup"]["before"] == documents["setup"]["schema_revision"]
    assert documents["systems"]["summary"]["updated"] == 0


def test_text_for_people(dam: Dam) -> None:
    added = dam("add-asset", PICTURES, "--tags", "sea")
    assert added.out.count("added") == 8
    assert added.out.count("linked") == 1
    assert "8 added, 1 linked" in added.err
    assert "8 entities" in dam("info").out
    assert dam("tag", "ls").out.split() == ["8", "sea"]
    assert "dunes.tif" in dam("find-file-by-hash", "-f", PICTURES / "dunes.tif").out
    assert "dunes.tif" in dam("find-similar-images", PICTURES / "dunes.tif").out
    assert "dimensions: width=520  height=347" in dam("show", PICTURES / "dunes.tif", "--all").out
    assert "what        TIFF, 520×347" in dam("show", PICTURES / "dunes.tif").out
    assert "up to date" in dam("setup-db").out
    assert dam("add-asset", PICTURES, "--quiet").out == ""


def test_without_a_library(fresh_dam: Dam) -> None:
    for words in (["info"], ["tag", "add", "1", "a"]):
        assert "setup-db" in fresh_dam(*words, code=10).err
    assert not (fresh_dam.folder / "dam.sqlite3").exists()
    assert "set up" in fresh_dam("setup-db").out
    assert fresh_dam("info", "--json").json["entities"] == 0
