"""`dam-cli show`: an asset for people, and what is true of its sources now."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from dam.models.annotation_component import AnnotationComponent
from dam.models.collection_component import CollectionComponent
from dam.services.library import Library
from tests.conftest import PICTURES, Dam

HOSTILE = "wi\x1b[2Jth\u202egpj.\n日本.jpg"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph with what cameras write."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X100V"
    inner = exif.get_ifd(0x8769)
    inner[0x9003], inner[0x9011] = "2024:05:03 14:22:10", "+02:00"
    inner[0x829A], inner[0x829D], inner[0x8827], inner[0x920A] = 1 / 250, 2.8, 200, 23.0
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "S", (33.0, 51.0, 30.0), "E", (151.0, 12.0, 36.0)
    path = tmp_path / "photo.jpg"
    with Image.open(PICTURES / "lake_at_dawn.jpg") as picture:
        picture.save(path, exif=exif)
    return path


def test_a_photograph_for_people(dam: Dam, photo: Path) -> None:
    dam("add-asset", photo, "--tags", "sea,lake")
    told = dam("show", "1").out
    assert told.startswith("entity 1  photo.jpg\n  what        JPEG, 640×427 (0.3 MP), ")
    assert "\n  taken       2024-05-03 14:22:10 +02:00\n" in told
    assert "\n  where       33.85833° S, 151.21000° E\n" in told
    assert "\n  camera      FUJIFILM X100V\n" in told
    assert "\n  exposure    1/250 s, f/2.8, ISO 200, 23 mm\n" in told
    assert "\n  tags        lake, sea\n" in told or "\n  tags        sea, lake\n" in told
    assert f"\n  from        {photo}\n  stored      yes\n" in told
    assert "  capture: local_time=2024-05-03T14:22:10" in dam("show", "1", "--all").out


def test_the_places_it_came_from_are_looked_at(dam: Dam, photo: Path) -> None:
    copy, other = photo.with_name("copy.jpg"), photo.with_name("other.jpg")
    for path in (copy, other):
        path.write_bytes(photo.read_bytes())
    dam("add-asset", photo, copy, other)
    copy.unlink()
    other.write_bytes(b"changed")
    told = dam("show", "1").out
    assert f"  from        {photo}\n{'':14}{copy} (gone)\n{'':14}{other} (changed since)\n" in told
    found = dam("show", "1", "--json").json
    assert [(source["path"], source["state"]) for source in found["sources"]] == [
        (str(photo), "there"),
        (str(copy), "gone"),
        (str(other), "changed"),
    ]
    assert found["content"] == "stored"
    [match] = dam("find-similar-images", photo).out.splitlines()[2:3]
    assert match == f"  from    {photo}, and 2 more (1 gone)"
    photo.unlink()
    assert f"{photo} (gone)" in dam("find-similar", "1").out


@pytest.mark.local_store
def test_a_blob_that_is_missing_or_damaged_is_told(dam: Dam, photo: Path) -> None:
    dam("add-asset", photo)
    [blob] = dam.store.glob("??/??/*")
    blob.chmod(0o600)
    blob.write_bytes(b"short")
    assert dam("show", "1", "--json").json["content"] == "damaged"
    assert "DAMAGED" in dam("show", "1").out
    blob.unlink()
    assert dam("show", "1", "--json").json["content"] == "missing"
    assert "MISSING" in dam("show", "1").out


def test_a_referenced_asset(dam: Dam, photo: Path) -> None:
    dam("add-asset", photo, "--mode", "reference")
    assert dam("show", "1", "--json").json["content"] == "referenced"
    assert "only the places above" in dam("show", "1").out


def test_several_assets_and_stdin(dam: Dam, make_image: Callable[..., Path]) -> None:
    dam("add-asset", make_image("a.png"), make_image("b.png", seed=2))
    assert [found["entity_id"] for found in dam("show", "2", "1", "--json").json_lines] == [2, 1]
    assert [found["entity_id"] for found in dam("show", "-", "--json", input=b"1\n2\n").json_lines] == [1, 2]
    some = dam("show", "1", "99", "2", code=1)
    assert [line for line in some.out.splitlines() if line.startswith("entity")] == [
        "entity 1  a.png",
        "entity 2  b.png",
    ]
    assert some.err == "dam-cli: the library has no asset '99'\n"
    assert dam("show", "99", code=1).err == some.err


def test_times_in_json_survive_readers_that_round(dam: Dam, make_image: Callable[..., Path]) -> None:
    path = make_image("a.png")
    os.utime(path, ns=(0, 1_234_567_890_123_456_789))
    dam("add-asset", path)
    [source] = dam("show", "1", "--json").json["components"]["source_path"]
    assert source["mtime_ns"] == 1_234_567_890_123_456_789
    assert source["mtime"] == "2009-02-13T23:31:30.123456789+00:00"
    assert datetime.fromisoformat(source["mtime"][:26]).year == 2009
    os.utime(path, ns=(0, -1))
    dam("add-asset", path)
    assert dam("show", "1", "--json").json["components"]["source_path"][0]["mtime"] == (
        "1969-12-31T23:59:59.999999999+00:00"
    )


def test_names_that_act_on_terminals(dam: Dam, photo: Path) -> None:
    hostile = photo.with_name(HOSTILE)
    photo.rename(hostile)
    dam("add-asset", hostile, "--tags", "a\u202eb")
    for words in (["show", "1"], ["find-similar", "1"], ["find-similar-images", hostile], ["explain", "1", hostile]):
        told = dam(*words, env={"NO_COLOR": "1", "COLUMNS": "40"}).out
        assert not {"\x1b", "\u202e"} & set(told)
        assert r"wi\x1b[2Jth\u202egpj.\n日本.jpg" in told


def test_what_one_chooses_by_is_in_every_search(dam: Dam, photo: Path) -> None:
    small = photo.with_name("small.png")
    with Image.open(photo) as picture:
        picture.resize((320, 214)).save(small)
    dam("add-asset", photo, small)
    [one, other] = dam("find-similar", "1", "--json").json["matches"]
    assert (one["facts"]["width"], one["facts"]["height"], one["facts"]["taken"]) == (640, 427, "2024-05-03T14:22:10")
    assert (other["facts"]["width"], other["facts"]["taken"]) == (320, None)
    for command in (["find-similar", "1"], ["find-similar-images", photo], ["find-duplicates"], ["explain", "1", "2"]):
        told = dam(*command).out
        assert "JPEG  640×427" in told
        assert "2024-05-03 14:22" in told
        assert str(dam.store) not in told
        assert "of 64 bits" in told or "Hamming distance" in told


def test_what_the_user_says_stands_before_what_the_file_says(dam: Dam, library: Library, photo: Path) -> None:
    described = photo.with_name("described.jpg")
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "the file's words", "Ada"
    with Image.open(photo) as picture:
        picture.save(described, exif=exif)
    dam("add-asset", described)
    assert "  description the file's words\n" in dam("show", "1").out
    with library.write() as session:
        session.add(AnnotationComponent(entity_id=1, title="Dawn", description="mine", notes="a note", rating=4))
        session.add(CollectionComponent(entity_id=1, name="Best of", position=1))
    told = dam("show", "1").out
    for said in ("title       Dawn", "rating      4 of 5", "description mine", "notes       a note", "by          Ada"):
        assert f"  {said}\n" in told
    assert "  collections Best of\n" in told
    assert "the file's words" not in told
