"""find-file-by-hash, find-similar-images, show, tag: what they find, and what they refuse."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dam.models import (
    ContentHashMd5Component,
    ContentHashSha256Component,
    FileLocationComponent,
    FilePropertiesComponent,
)
from dam.services.components import ecs
from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from tests.conftest import PICTURES, Dam

MakeImage = Callable[..., Path]
DUNES = PICTURES / "dunes.tif"


@pytest.fixture
def filled(dam: Dam, library: Library) -> Dam:
    """The program on a library with the pictures of the test data, all one process cheaper."""
    list(ingest(library, [str(PICTURES)], ["picture"]))
    return dam


def found(dam: Dam, *words: str | Path) -> list[str]:
    return [match["names"][0] for match in dam("find-file-by-hash", *words, "--json").json["matches"]]


def test_by_hash_in_every_way_to_write_it(filled: Dam) -> None:
    sha256 = hashlib.sha256(DUNES.read_bytes()).hexdigest()
    md5 = hashlib.md5(DUNES.read_bytes()).hexdigest()
    for digits in (sha256, f" {sha256[:20].upper()}\n{sha256[20:]} ", sha256[:8], md5, md5[:9]):
        assert found(filled, digits) == ["dunes.tif"]
    assert found(filled, md5, "--hash-type", "md5") == ["dunes.tif"]
    assert found(filled, "--file", DUNES) == ["dunes.tif"]


def test_what_is_not_there(filled: Dam, make_image: MakeImage) -> None:
    sha256 = hashlib.sha256(DUNES.read_bytes()).hexdigest()
    for words in (["0" * 64], [sha256[:32], "--hash-type", "md5"], ["-f", make_image("new.png")]):
        assert filled("find-file-by-hash", *words, "--json", code=1).json["matches"] == []
    assert "No such file" in filled("find-file-by-hash", "-f", "missing", code=3).err


@pytest.mark.parametrize("word", ["../../etc/passwd", "abcdef0", "g" * 64, "a" * 65, "", "%", "0x12345678"])
def test_what_is_no_hash(dam: Dam, word: str) -> None:
    done = dam("find-file-by-hash", word, code=2)
    assert (done.out, "is not a hash" in done.err) == ("", True)


def test_an_md5_has_32_digits_at_most(dam: Dam) -> None:
    dam("find-file-by-hash", "a" * 33, "--hash-type", "md5", code=2)


def test_an_ambiguous_prefix_lists_all(dam: Dam, library: Library) -> None:
    with library.write() as session:
        for entity_id, tail in zip(ecs.add_entities(session, 2), "01", strict=True):
            sha256 = "ab" * 31 + f"0{tail}"
            session.add(ContentHashSha256Component(entity_id=entity_id, hash_value=sha256))
            session.add(ContentHashMd5Component(entity_id=entity_id, hash_value=f"{entity_id:032x}"))
            session.add(FileLocationComponent(entity_id=entity_id, file_identifier=sha256, storage_type="local"))
            session.add(
                FilePropertiesComponent(
                    entity_id=entity_id, original_filename=tail, file_size_bytes=1, media_type="text/plain"
                )
            )
    done = dam("find-file-by-hash", "abababab", "--json")
    assert [match["names"] for match in done.json["matches"]] == [["0"], ["1"]]
    assert "ambiguous" in done.err
    assert "1, 2" in dam("show", "abababab", code=2).err


def similar(dam: Dam, *words: str | Path, code: int = 0) -> list[Any]:
    return list(dam("find-similar-images", *words, "--json", code=code).json["matches"])


def test_a_resized_recompressed_copy_finds_its_original(filled: Dam, tmp_path: Path) -> None:
    with Image.open(PICTURES / "summer_clouds.webp") as image:
        image.convert("RGB").resize((200, 133)).save(tmp_path / "small.jpg", quality=40)
    [match] = similar(filled, tmp_path / "small.jpg")
    assert match["names"] == ["summer_clouds.webp"]
    assert match["identical"] is False


def test_the_nearest_comes_first_and_the_same_content_is_marked(filled: Dam) -> None:
    first, second = similar(filled, PICTURES / "lake_at_dawn.jpg")
    assert (first["names"][0], first["identical"]) == ("copy_of_lake.jpg", True)
    assert (second["names"][0], second["identical"]) == ("lake_at_dawn_small.jpg", False)


def test_thresholds(filled: Dam) -> None:
    off = ["--ahash-threshold", "-1", "--dhash-threshold", "-1"]
    [exact] = similar(filled, DUNES, "--phash-threshold", "0", *off)
    assert exact["distances"] == {"phash": 0, "ahash": 0, "dhash": 0}
    everything = similar(filled, DUNES, "--phash-threshold", "64", *off)
    distances = [match["distances"]["phash"] for match in everything]
    assert distances == sorted(distances)
    assert len(everything) == 8


@pytest.mark.parametrize(
    "words",
    [
        ["--phash-threshold", "65"],
        ["--ahash-threshold", "x"],
        ["--phash-threshold", "-1", "--ahash-threshold", "-1", "--dhash-threshold", "-1"],
    ],
    ids=" ".join,
)
def test_thresholds_that_make_no_sense(dam: Dam, words: list[str]) -> None:
    assert dam("find-similar-images", DUNES, *words, code=2).out == ""


def test_several_queries_are_answered_one_after_the_other(filled: Dam, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("dunes.tif", "lake_at_dawn.jpg"):
        (tmp_path / "in" / name).write_bytes((PICTURES / name).read_bytes())
    (tmp_path / "in" / "notes.txt").write_text("no image")
    (tmp_path / "cut.png").write_bytes((PICTURES / "spheres.png").read_bytes()[:2000])
    words: list[str | Path] = ["find-similar-images", tmp_path / "in", "--files-from", "-", "-0", "--limit", "1"]
    listed = os.fsencode(tmp_path / "cut.png") + b"\0"
    dunes, lake, cut = filled(*words, "--json", input=listed, code=3).json_lines
    assert [Path(each["path"]).name for each in (dunes, lake, cut)] == ["dunes.tif", "lake_at_dawn.jpg", "cut.png"]
    assert [len(each["matches"]) for each in (dunes, lake, cut)] == [1, 1, 0]
    assert (dunes["error"], "cut.png" in cut["error"]) == (None, True)
    told = filled(*words, input=listed, code=3)
    assert told.out.index("in/dunes.tif") < told.out.index("entity") < told.out.index("in/lake_at_dawn.jpg")
    assert "cut.png" in told.err
    done = filled("find-similar-images", tmp_path / "in", "--print0", "--limit", "1")
    paths = done.out.split("\0")
    assert [Path(path).read_bytes() for path in paths[:-1]] == [
        (PICTURES / name).read_bytes() for name in ("dunes.tif", "lake_at_dawn.jpg")
    ]
    assert paths[-1] == ""


def test_a_quarter_turn_is_named(filled: Dam, tmp_path: Path) -> None:
    with Image.open(PICTURES / "summer_clouds.webp") as image:
        image.convert("RGB").rotate(90, expand=True).save(tmp_path / "turned.png")
    [match] = similar(filled, tmp_path / "turned.png", "--transforms")
    assert (match["names"], match["transform"]) == (["summer_clouds.webp"], "rotated-90")
    assert similar(filled, tmp_path / "turned.png", "--match", "all", code=1) == []
    assert "rotated-90" in filled("find-similar-images", tmp_path / "turned.png", "--transforms").out


def test_nothing_alike(filled: Dam, make_image: MakeImage) -> None:
    assert similar(filled, make_image("noise.png", seed=7), code=1) == []


def test_a_query_that_is_no_image(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "words.jpg").write_text("words")
    (tmp_path / "cut.png").write_bytes((PICTURES / "spheres.png").read_bytes()[:2000])
    for path in (tmp_path / "words.jpg", tmp_path / "cut.png", tmp_path / "missing.jpg", tmp_path):
        assert str(path) in dam("find-similar-images", path, code=3).err


def test_show_by_id_hash_and_path(filled: Dam, tmp_path: Path) -> None:
    gone = tmp_path / "gone.txt"
    gone.write_text("will go")
    filled("add-asset", "-j0", gone)
    gone.unlink()
    sha256 = hashlib.sha256(DUNES.read_bytes()).hexdigest()
    shown = [filled("show", word, "--json").json for word in (sha256[:10], DUNES)]
    assert shown[0] == shown[1] == filled("show", str(shown[0]["entity_id"]), "--json").json
    components = shown[0]["components"]
    assert len(components["image_perceptual_hash_phash"][0]["hash_value"]) == 16
    assert components["content_hash_sha256"] == [{"hash_value": sha256}]
    assert filled("show", gone, "--json").json["components"]["source_path"][0]["filename"] == "gone.txt"


@pytest.mark.parametrize("word", ["999", "0" * 64, "9" * 30, "missing", "", "x" * 5000, "\x1b[31m\u202e", ".", "/"])
def test_show_of_what_is_not_there(dam: Dam, word: str) -> None:
    done = dam("show", word, code=1)
    assert done.out == ""
    assert not {"\x1b", "\u202e"} & set(done.err)


def test_tags_come_and_go(filled: Dam) -> None:
    assert filled("tag", "add", "1", "sea", "picture", "--json").json["tags"] == ["picture", "sea"]
    assert filled("tag", "rm", DUNES, "picture", "never", "--json").json["tags"] == []
    filled("tag", "ls", DUNES, code=1)
    assert filled("tag", "ls", "--json").json["tags"] == {"picture": 7, "sea": 1}
    filled("tag", "add", "999", "sea", code=1)
    filled("tag", "add", "1", "a\nb", code=2)


def test_no_tags_at_all(dam: Dam) -> None:
    assert dam("tag", "ls", "--json", code=1).json["tags"] == {}


def test_many_hashes_and_files_each_named_when_not_found(filled: Dam, make_image: MakeImage) -> None:
    sha256, sha1 = hashlib.sha256(DUNES.read_bytes()).hexdigest(), "a" * 40
    new = make_image("new.png", seed=9)
    done = filled("find-file-by-hash", sha256, sha1, DUNES, new, "--json")
    assert [bool(each["matches"]) for each in done.json_lines] == [True, False, True, False]
    assert [each["query"] for each in done.json_lines] == [sha256, sha1, str(DUNES), str(new)]
    assert "40 digits are a SHA-1" in done.err
    assert f"{new}: the library has no such file" in done.err
    assert "the library has no such file" in filled("find-file-by-hash", new, code=1).err
    listed = f"{sha256[:12]}\n{DUNES}\n".encode()
    assert len(filled("find-file-by-hash", "-", "--json", input=listed).json_lines) == 2
    several = filled("find-file-by-hash", "-f", DUNES, "-f", "missing", "--json", code=3)
    assert [bool(each["matches"]) for each in several.json_lines] == [True, False]
    assert "no such file" in filled("find-file-by-hash", "nonsense", code=2).err
