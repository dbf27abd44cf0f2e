"""doc/json.md against what the program writes: neither has a key that the other lacks."""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.conftest import PROJECT, Dam
from tests.media.described import described_jpeg

# How to run what each section of the page describes, on the library that `filled` makes.
RUNS = {
    "setup-db": ["setup-db"],
    "backup": ["backup"],
    "backup --list": ["backup", "--list"],
    "restore": ["restore", "a.sqlite3", "--yes"],
    "doctor": ["doctor"],
    "info": ["info"],
    "stats": ["stats"],
    "add-asset": ["add-asset", "inputs", "missing.jpg"],
    "check": ["check", "inputs", "missing.jpg"],
    "export": ["export", "tag:lake", "--to", os.fsdecode(b"\xe9"), "--xmp"],
    "where": ["where", "3"],
    "open": ["open", "3"],
    "find-file-by-hash": ["find-file-by-hash", "--file", "inputs/a.jpg", "-f", os.fsdecode(b"missing\xe9")],
    "find-similar": ["find-similar", os.fsdecode(b"inputs/sm\xe5ller.jpg")],
    "find-similar-images": ["find-similar-images", "inputs/a.jpg", os.fsdecode(b"missing\xe9.jpg")],
    "find-duplicates": ["find-duplicates"],
    "show": ["show", "1"],
    "thumbnail": ["thumbnail", "1", "-o", os.fsdecode(b"sm\xe5ll.jpg")],
    "verdict": ["verdict", "1", "2", "alternate"],
    "verdicts": ["verdicts"],
    "explain": ["explain", "1", "inputs/a.jpg"],
    "link-similar": ["link-similar"],
    "ls": ["ls", "a", "--fields", "id,tag"],
    "query find": ["query", "a", "--fields", "id,tag"],
    "query ls": ["query", "ls"],
    "query rm": ["query", "rm", "kept"],
    "query save": ["query", "save", "pictures", "kind:image"],
    "tag add": ["tag", "add", "1", "sea"],
    "tag rm": ["tag", "rm", "1", "nothing"],
    "tag ls ASSET": ["tag", "ls", "1"],
    "tag ls": ["tag", "ls"],
    "tag rename": ["tag", "rename", "lake", "water/lake"],
    "tag merge": ["tag", "merge", "lake", "water"],
    "tag alias": ["tag", "alias", "mer", "sea"],
    "tag imply": ["tag", "imply", "lake", "water"],
    "annotate": ["annotate", "1", "--rating", "4"],
    "collection add": ["collection", "add", "best", "1"],
    "collection rm": ["collection", "rm", "best", "--all"],
    "collection move": ["collection", "move", "best", "2", "--last"],
    "collection rename": ["collection", "rename", "best", "finest"],
    "collection ls": ["collection", "ls"],
    "collection show": ["collection", "show", "best"],
    "rm": ["rm", "1", "--yes"],
    "trash ls": ["trash", "ls"],
    "trash restore": ["trash", "restore", "1"],
    "trash empty": ["trash", "empty", "--yes"],
    "gc": ["gc", "--grace", "0s", "--yes"],
    "log": ["log"],
    "log OP": ["log", "3"],
    "undo": ["undo"],
    "run-systems": ["run-systems"],
    "failures": ["failures"],
    "verify": ["verify"],
    "repair": ["repair"],
    "store add": ["store", "add", "usb", "mirror"],
    "store ls": ["store", "ls"],
    "store rm": ["store", "rm", "usb"],
    "store sync": ["store", "sync"],
    "store clean": ["store", "clean", "--grace", "0s", "--yes"],
    "rebuild-db": ["rebuild-db"],
    "library export": ["library", "export", "out.jsonl"],
    "library import": ["library", "import", "out.jsonl"],
}
FINISHED = (0, 3, 4)  # 3: the inputs have a missing and a damaged file, on purpose; 4: so has the store


def documented() -> dict[str, list[set[str]]]:
    """The keys of each table on the page, by section."""
    page = (PROJECT / "doc/json.md").read_text()
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return {
        name: [set(re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)) for table in text.split("| key | value |")[1:]]
        for name, text in sections
    }


DOCUMENTED = documented()


def keys_in(value: Any, documented: set[str], at: str = "") -> Iterator[str]:
    """The keys of a document, as the page writes them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            free = any(name.startswith(f"{at}.*") for name in documented)
            yield from keys_in(inner, documented, f"{at}.*" if free else f"{at}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from keys_in(inner, documented, f"{at}[]")
    else:
        yield at


@pytest.fixture
def filled(dam: Dam, make_image: Callable[..., Path]) -> Dam:
    """A library of a picture and a damaged one, both tagged; beside them, more inputs of every sort."""
    picture = make_image("library/inputs/a.jpg")
    (picture.parent / "b.jpg").write_bytes(picture.read_bytes())
    make_image("library/inputs/smaller.jpg", size=(200, 150))
    (picture.parent / "damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"?" * 100)
    (picture.parent / os.fsdecode(b"caf\xe9.txt")).write_text("not UTF-8 by name")
    (picture.parent / "undecodable.wdp").write_bytes(b"II\xbc\x01" + bytes(60))  # JPEG XR: there is no decoder
    dam("add-asset", "-j0", "inputs/a.jpg", "inputs/damaged.png", "--tags", "lake", code=3)
    return dam


def test_every_command_is_documented() -> None:
    commands = re.findall(r"^## dam-cli (.+)$", (PROJECT / "doc/cli.md").read_text(), re.MULTILINE)
    groups = {command.split()[0] for command in commands if " " in command}
    names = {re.sub(" (ASSET|OP|--list)$", "", name) for name in DOCUMENTED}
    assert names == set(commands) - groups
    assert set(RUNS) == set(DOCUMENTED)


@pytest.mark.parametrize("name", RUNS)
def test_the_keys_are_those_of_the_page(name: str, filled: Dam) -> None:
    prepare(name, filled)
    make_reference(name, filled)
    prepare_journal(name, filled)
    prepare_picture(name, filled)
    if name == "show":
        replace_by_asset_1(filled)
    lines = filled(*RUNS[name], "--json", code=None)
    assert lines.code in FINISHED, lines
    tables = DOCUMENTED[name]
    seen: list[set[str]] = [set() for _ in DOCUMENTED[name]]
    for document in lines.json_lines:
        assert document.pop("schema_version") == 1
        number = len(tables) - 1 if "summary" in document else 0
        table = tables[number]
        keys = set(keys_in(document, {key.removesuffix("?") for key in table}))
        seen[number] |= keys
        always = {key for key in table if "*" not in key and "[]" not in key and not key.endswith("?")}
        assert always <= keys, document
    assert seen == [{key.removesuffix("?") for key in table} for table in DOCUMENTED[name]]


def make_reference(name: str, filled: Dam) -> None:
    """For what tells of places: an asset that is referenced, and a program that opens it."""
    if name in ("where", "open"):
        filled("add-asset", "-j0", "--mode", "reference", os.fsdecode(b"inputs/caf\xe9.txt"))
        (filled.folder / "xdg-open").symlink_to("/bin/true")
        filled.env["PATH"] = str(filled.folder)


def prepare(name: str, filled: Dam) -> None:
    """Bring about what a command is to tell of."""
    if name == "run-systems":
        forget_what_ran(filled)
    if name == "failures":
        filled("add-asset", "-j0", "--files-from", "-", "--tags", "lake", input=b"missing\xe9.jpg", code=3)
    if name in ("show", "verdicts", "link-similar"):
        add_look_alike(filled)
    say_of_assets(name, filled)
    if name == "find-similar":
        (filled.folder / "inputs/smaller.jpg").rename(filled.folder / RUNS[name][1])
    make_backups(name, filled)
    if name == "find-duplicates":
        filled("add-asset", "-j0", "inputs/smaller.jpg")
    if name in ("store ls", "store rm", "store sync", "store clean"):
        make_mirror(name, filled)
    if name in ("verify", "repair", "store sync"):
        next(filled.store.glob("??/??/*")).unlink()
    if name == "rebuild-db":
        lose_database_and_more(filled)
    if name == "library import":
        filled("library", "export", "out.jsonl")
        (filled.folder / "dam.sqlite3").unlink()


def make_mirror(name: str, dam: Dam) -> None:
    """Add a mirror; for what cleans it, with something that was removed for good."""
    dam("store", "add", "usb", "mirror")
    if name == "store clean":
        dam("store", "sync")
        dam("rm", "1", "--yes")
        dam("trash", "empty", "--yes")


def say_of_assets(name: str, dam: Dam) -> None:
    if name == "tag ls":
        dam("tag", "add", "1", "lake/como")
    if name.startswith("collection"):
        dam("collection", "add", "best", "2")


def prepare_picture(name: str, filled: Dam) -> None:
    """Let there be a picture of which a camera says when it was taken."""
    if name == "stats":
        (filled.folder / "inputs/shot.jpg").write_bytes(described_jpeg())
        filled("add-asset", "-j0", "inputs/shot.jpg")


def lose_database_and_more(dam: Dam) -> None:
    """Lose the database, a blob, a line of the manifest, and what the manifest says of another blob."""
    filled, tag = (dam.store / "manifest/000001.jsonl").read_bytes(), b'"tag"'
    (dam.store / "manifest/000001.jsonl").write_bytes(filled.replace(tag, b'"gat"', 1))
    key = hashlib.sha256(b"x").hexdigest()
    blob = dam.store / key[:2] / key[2:4] / key
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(b"x")
    next(path for path in dam.store.glob("??/??/*") if path != blob).unlink()
    (dam.folder / "dam.sqlite3").unlink()


def prepare_journal(name: str, dam: Dam) -> None:
    """Let there be something in the trash, in the journal, or in the store without an asset."""
    if name.startswith("trash"):
        dam("rm", "1", "--yes")
    if name == "trash empty":
        dam("store", "add", "gone", "mirror")
        (dam.folder / "mirror").rename(dam.folder / "elsewhere")
        (dam.folder / "inputs" / "a.jpg").unlink()
    if name == "gc":
        (dam.store / "00/00").mkdir(parents=True, exist_ok=True)
        (dam.store / "00/00" / ("0" * 64)).write_bytes(b"a blob without an asset")
    if name in ("query ls", "query rm"):
        dam("query", "save", "kept", "kind:image")
    if name == "log OP":
        dam("verdict", "1", "2", "alternate")
        dam("verdict", "1", "2", "duplicate")


def make_backups(name: str, dam: Dam) -> None:
    if name == "backup":
        dam.env["DAM_BACKUPS"] = "1"
    if name in ("backup", "backup --list"):
        dam("backup")
    if name == "restore":
        dam("backup", "a.sqlite3")


def add_look_alike(dam: Dam) -> None:
    """Add two copies of asset 1: a linked one, and one that is unrelated by verdict, and to be compared."""
    for size in (200, 150):
        with Image.open(dam.folder / "inputs/a.jpg") as image:
            image.resize((size, size)).save(dam.folder / f"{size}.png")
        dam("add-asset", "-j0", f"{size}.png")
        if size == 200:
            dam("link-similar")
    dam("verdict", "1", f"{size}.png", "unrelated")


def replace_by_asset_1(dam: Dam) -> None:
    """Add a file, which then gets the content of asset 1."""
    changing = dam.folder / "changing"
    changing.write_text("before")
    dam("add-asset", changing)
    changing.write_bytes((dam.folder / "inputs/a.jpg").read_bytes())
    dam("add-asset", "--follow", changing)


def forget_what_ran(dam: Dam) -> None:
    """Have all inputs in the library, and outdated: as if a program without today's systems had ingested them."""
    dam("add-asset", "-j0", "inputs")
    with sqlite3.connect(dam.folder / "dam.sqlite3") as connection:
        connection.execute("DELETE FROM system_records")
    connection.close()


def test_json_is_one_ascii_object_a_line(filled: Dam) -> None:
    out = filled("add-asset", "inputs", "--json").out
    assert out.isascii()
    assert all(isinstance(json.loads(line), dict) for line in out.splitlines())
