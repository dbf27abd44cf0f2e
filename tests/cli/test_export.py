"""export: files with names by a template, bags, metadata and sidecars; and what it must not do."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bagit
import pytest
from pyarrow import parquet

from dam.models import AnnotationComponent, CollectionComponent
from dam.services.library import Library
from tests.conftest import Dam

MakeImage = Callable[..., Path]
HOSTILE = [
    "line\nbreak",
    "..x",
    "-rf",
    "con.txt",
    "trailing. ",
    "a%0Ab",
    '<>:"|?*\\.txt',
    "x" * 251 + ".txt",
    "é\u2028\u202e",
]
"""Names that a source may have; none may lead anywhere else, nor break a list."""


@pytest.fixture
def filled(dam: Dam, make_image: MakeImage) -> Dam:
    """A library with a picture, two texts of one name, and tags."""
    folder = make_image("sources/a.jpg").parent
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "words.txt").write_text(f"the words of {name}")
    dam("add-asset", "-j0", folder, "--tags", "sea,place/italy/rome")
    return dam


def names_in(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".dam-export" not in path.relative_to(folder).parts
    }


def statuses(dam: Dam, *words: str | Path, code: int = 0, **options: Any) -> list[str]:
    *documents, last = dam("export", *words, "--json", code=code, **options).json_lines
    assert last["summary"]["assets"] == len(documents)
    return [document["status"] for document in documents]


def test_names_collide_and_a_second_run_writes_nothing(filled: Dam, tmp_path: Path) -> None:
    to = tmp_path / "out"
    assert statuses(filled, "--to", to) == ["written"] * 3
    digest = hashlib.sha256(b"the words of two").hexdigest()
    assert names_in(to) == {"a.jpg", "words.txt", f"words-{digest[:8]}.txt"}
    assert (to / "words.txt").read_text() == "the words of one"
    times = {path: path.stat().st_mtime_ns for path in to.rglob("*.*")}
    assert (to / "a.jpg").stat().st_mtime_ns == (tmp_path / "sources/a.jpg").stat().st_mtime_ns
    assert statuses(filled, "--to", to) == ["present"] * 3
    assert {path: path.stat().st_mtime_ns for path in to.rglob("*.*")} == times
    (to / "words.txt").unlink()
    assert statuses(filled, "--to", to) == ["present", "written", "present"]
    assert names_in(to) == {"a.jpg", "words.txt", f"words-{digest[:8]}.txt"}


def test_nothing_of_others_is_replaced_and_no_link_followed(filled: Dam, tmp_path: Path) -> None:
    to, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    to.mkdir()
    elsewhere.mkdir()
    (to / "a.jpg").write_text("mine")
    (to / "words.txt").symlink_to(elsewhere / "words.txt")
    (to / "document").symlink_to(elsewhere)
    assert statuses(filled, "--to", to) == ["written"] * 3
    assert (to / "a.jpg").read_text() == "mine"
    assert len(names_in(to)) == 4
    done = filled("export", "kind:document", "--to", to, "--name", "{kind}/{id}", code=3)
    assert "is in the way" in done.err
    assert list(elsewhere.iterdir()) == []


def test_templates(filled: Dam, tmp_path: Path) -> None:
    to = tmp_path / "out"
    filled("export", "--to", to, "--name", "{taken:%Y/%m|no/date}/{tag}/{id:04}-{sha256:6}.{ext}")
    assert {name.split("-")[0] for name in names_in(to)} == {f"no/date/place_italy_rome/000{id_}" for id_ in (1, 2, 3)}
    for wrong, message in (
        ("{nothing}", "there is no field"),
        ("{stem", "not closed"),
        ("../{stem}", "without '..'"),
        ("/tmp/{stem}", "relative"),
        ("{id|../..}", "without '..'"),
        ("{id:x}", "no number"),
        ("", "empty"),
    ):
        assert message in filled("export", "--to", to, "--name", wrong, code=2).err
    assert "'stem'" in filled("export", "--to", to, "--name", "{sten}", code=2).err


def test_hostile_names(dam: Dam, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for number, name in enumerate([*map(os.fsencode, HOSTILE), b"\xff\xfe.bin"]):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(str(number))
    dam("add-asset", "-j0", "-q", folder)
    assert set(statuses(dam, "--to", tmp_path / "plain")) == {"written"}
    assert names_in(tmp_path / "plain") == {*HOSTILE, "\\xff\\xfe.bin"}
    assert set(statuses(dam, "--to", tmp_path / "bag", "--bag", "--xmp")) == {"written"}
    bagit.Bag(str(tmp_path / "bag")).validate()
    assert not any(set(name) & set('<>:"\\|?*\n%') for name in names_in(tmp_path / "bag/data"))
    assert {"_con.txt", "trailing", "line_break"} <= names_in(tmp_path / "bag/data")


def test_a_bag_is_valid_resumable_and_an_image_folder(filled: Dam, tmp_path: Path) -> None:
    to = tmp_path / "bag"
    assert statuses(filled, "--to", to, "--bag", "--xmp") == ["written"] * 3
    bag = bagit.Bag(str(to))
    bag.validate()
    assert bag.info["Payload-Oxum"].endswith(".7")
    rows = [json.loads(line) for line in (to / "data/metadata.jsonl").read_text().splitlines()]
    assert all(next(iter(row)) == "file_name" and (to / "data" / row["file_name"]).is_file() for row in rows)
    assert rows[0]["tags"] == ["place/italy/rome", "sea"]
    assert (rows[0]["width"], rows[1]["width"]) == (320, None)
    (to / "data/a.jpg").unlink()
    assert statuses(filled, "--to", to, "--bag", "--xmp") == ["written", "present", "present"]
    bagit.Bag(str(to)).validate()
    (to / "data/stray").touch()
    assert "stray is not part" in filled("export", "--to", to, "--bag", "--xmp", code=5).err
    assert not (to / "bagit.txt").exists()  # half a bag is none
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    assert "not empty" in filled("export", "--to", tmp_path / "full", "--bag", code=2).err
    assert "without --bag" not in filled("export", "--to", to, code=2).err


def test_metadata_as_parquet(filled: Dam, tmp_path: Path) -> None:
    filled("export", "--to", tmp_path / "out", "--parquet")
    table = parquet.read_table(tmp_path / "out/metadata.parquet").to_pylist()
    assert [row["file_name"] for row in table][:2] == ["a.jpg", "words.txt"]
    assert table[0]["tags"] == ["place/italy/rome", "sea"]


def test_metadata_of_others_stays(filled: Dam, tmp_path: Path) -> None:
    (tmp_path / "metadata.jsonl").write_text("mine")
    assert "not written by" in filled("export", "--to", tmp_path, "--metadata", code=2).err
    assert (tmp_path / "metadata.jsonl").read_text() == "mine"


@pytest.mark.parametrize("style", ["full", "stem"])
def test_sidecars_give_the_tags_back(filled: Dam, fresh_dam: Dam, library: Library, tmp_path: Path, style: str) -> None:
    said = {"title": 'a "title" <&> \x01 ü', "description": "two\nlines", "rating": 4, "notes": "of mine"}
    with library.write() as session:
        session.add(AnnotationComponent(entity_id=1, **said))
        session.add(CollectionComponent(entity_id=1, name="best", position=1))
    to = tmp_path / "out"
    filled("tag", "add", "1", "a|b <c> & ü")
    done = filled("export", "kind:image", "--to", to, "--xmp", "--xmp-name", style, "--metadata", "--json")
    assert Path(done.json_lines[0]["sidecar"]).name == {"full": "a.jpg.xmp", "stem": "a.xmp"}[style]
    row = json.loads((to / "metadata.jsonl").read_text())
    assert {name: row[name] for name in said} == said
    assert row["collections"] == ["best"]
    fresh_dam("add-asset", "-j0", "--import-keywords", to / "a.jpg")
    assert set(fresh_dam("tag", "ls", "1", "--json").json["tags"]) >= {"sea", "place/italy/rome", "a|b <c> & ü"}
    [described] = fresh_dam("show", "1", "--json").json["components"]["description"]
    assert (described["rating"], described["description"]) == (4, "two lines")


def test_sidecars_of_others_stay_and_own_ones_are_renewed(filled: Dam, tmp_path: Path) -> None:
    to = tmp_path / "out"
    filled("export", "kind:image", "--to", to, "--xmp")
    filled("tag", "add", "1", "new")
    filled("export", "kind:image", "--to", to, "--xmp")
    assert "<rdf:li>new</rdf:li>" in (to / "a.jpg.xmp").read_text()
    (to / "a.jpg.xmp").write_text("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    assert "left alone" in filled("export", "kind:image", "--to", to, "--xmp", code=3).err
    assert (to / "a.jpg.xmp").read_text() == "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def test_hard_links_do_not_alarm_verify(filled: Dam, tmp_path: Path) -> None:
    assert statuses(filled, "--to", tmp_path / "out", "--mode", "hardlink") == ["written"] * 3
    assert (tmp_path / "out/a.jpg").stat().st_nlink == 2
    filled("verify", "--content")
    assert statuses(filled, "--to", tmp_path / "out") == ["present"] * 3


def test_what_is_only_referenced(dam: Dam, make_image: MakeImage, tmp_path: Path) -> None:
    picture = make_image("a.png")
    dam("add-asset", "-j0", picture, "--mode", "reference")
    assert statuses(dam, "--to", tmp_path / "out") == ["written"]
    assert "--mode copy" in dam("export", "--to", tmp_path / "links", "--mode", "hardlink", code=3).err
    picture.write_bytes(picture.read_bytes() + b"x")
    assert "changed" in dam("export", "--to", tmp_path / "other", code=3).err
    assert names_in(tmp_path / "other") == set()


def test_damage_is_not_passed_on(filled: Dam, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"the words of one").hexdigest()
    blob = filled.store / sha256[:2] / sha256[2:4] / sha256
    blob.chmod(0o644)
    blob.write_text("the words of ONE")
    assert statuses(filled, "--to", tmp_path / "out", code=3) == ["written", "failed", "written"]
    assert "damaged" in filled("export", "--to", tmp_path / "out", code=3).err
    assert len(names_in(tmp_path / "out")) == 2


def test_the_trash_and_what_does_not_exist(filled: Dam, tmp_path: Path) -> None:
    filled("rm", "1", "--yes")
    assert statuses(filled, "--to", tmp_path / "out") == ["written"] * 2
    assert statuses(filled, "-", "--to", tmp_path / "out", input=b"1\n2\n99\n", code=3) == [
        "failed",
        "present",
        "failed",
    ]
    assert statuses(filled, "tag:nothing", "--to", tmp_path / "none", code=1) == []


def test_a_dry_run_writes_nothing(filled: Dam, tmp_path: Path) -> None:
    assert statuses(filled, "--to", tmp_path / "out", "--bag", "--xmp", "--dry-run") == ["written"] * 3
    assert not (tmp_path / "out").exists()


def test_folders_that_must_not_be(filled: Dam, tmp_path: Path, fresh_dam: Dam) -> None:
    assert "store of the library" in filled("export", "--to", filled.store / "ab", code=2).err
    (tmp_path / "file").touch()
    assert "not a folder" in filled("export", "--to", tmp_path / "file", code=2).err
    assert "Not a directory" in filled("export", "--to", tmp_path / "file/out", code=5).err
    filled("export", "--to", tmp_path / "out")
    fresh_dam("setup-db")
    assert "another library" in fresh_dam("export", "--to", tmp_path / "out", code=2).err
    assert "stdin" in filled("export", "-", "sea", "--to", tmp_path / "out", code=2).err
