"""Small things that stood in the way of whoever used the program."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dam.core.errors import DecodeError
from dam.media.container import probe
from dam.media.images.decoding import decode
from tests.conftest import PICTURES, Dam


def test_a_path_that_does_not_exist_makes_no_library(fresh_dam: Dam, make_image: Callable[..., Path]) -> None:
    told = fresh_dam("add-asset", "typo", code=3)
    assert "typo: there is no such file or folder" in told.out
    assert list(fresh_dam.folder.rglob("*.sqlite3")) == []
    [outcome, summary] = fresh_dam("add-asset", "typo", "--json", code=3).json_lines
    assert (outcome["path"], outcome["status"]) == (str(fresh_dam.folder / "typo"), "failed")
    assert summary["summary"]["failed"] == 1
    found = fresh_dam("add-asset", "typo", make_image("a.png"), "--json", code=3).json_lines
    assert [each["status"] for each in found[:2]] == ["failed", "added"]
    assert fresh_dam("failures", code=1).out == ""


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("DAM_DECODE_SECONDS=soon", "DAM_DECODE_SECONDS: 'soon' is not a whole number"),
        ("DAM_DECODE_SECONDS=0", "DAM_DECODE_SECONDS: 0 is too small: the minimum is 1"),
        ("DAM_LOCK_TIMEOUT=x", "DAM_LOCK_TIMEOUT: 'x' is not a number"),
        ("DAM_BACKUPS=9999", "DAM_BACKUPS: 9999 is too large: the maximum is 1000"),
        ("DAM_UMASK=9", "DAM_UMASK: '9' is not the octal umask"),
    ],
)
def test_a_refused_setting_in_plain_words(dam: Dam, setting: str, told: str) -> None:
    name, _, value = setting.partition("=")
    assert told in dam("info", env={name: value}, code=2).err


def test_a_refused_file_in_plain_words() -> None:
    with pytest.raises(DecodeError, match="image/jpeg: it is damaged at its beginning, or of another format"):
        decode(io.BytesIO(b"\xff\xd8\xff\xdb"), "image/jpeg")
    pytest.importorskip("av")
    for content, reason in (
        (b"junk" * 50, "it is damaged, or of another format"),
        (b"OggS" + bytes(100), "is cut off"),
    ):
        with pytest.raises(DecodeError, match=f"FFmpeg cannot read it: .*{reason}"):
            probe(io.BytesIO(content))


def test_sidecars_are_a_kind_of_their_own(dam: Dam, make_image: Callable[..., Path]) -> None:
    picture = make_image("in/a.jpg")
    packet = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>"
    picture.with_suffix(".xmp").write_text(f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{packet}</x:xmpmeta>")
    (picture.parent / "alone.xmp").write_text(packet)
    summary = dam("add-asset", picture.parent, "--json").json_lines[-1]["summary"]
    assert summary["kinds"] == {"image": 1, "sidecar": 2}
    told = dam("show", picture.with_suffix(".xmp"))
    assert "XMP sidecar" in told.out
    assert "belongs to  entity 1  a.jpg" in told.out
    assert dam("show", picture.parent / "alone.xmp", "--json").json["subjects"] == []


def test_find_similar_images_takes_an_asset(dam: Dam, make_image: Callable[..., Path]) -> None:
    picture = make_image("a.png")
    dam("add-asset", picture)
    [found] = dam("find-similar-images", "1", "--json").json_lines
    assert [match["entity_id"] for match in found["matches"]] == [1]
    picture.unlink()
    assert dam("find-similar-images", found["matches"][0]["sha256"][:12], "--json").json["matches"]
    assert "7: " in dam("find-similar-images", "7", code=3).err


def test_errors_are_json_where_json_is_asked_for(dam: Dam) -> None:
    for words, code in ((["show", "99"], 1), (["show", "--bad"], 2), (["find-similar", "a\x1b[2J\n"], 3)):
        told = dam(*words, "--json", code=code)
        [line] = told.err.splitlines()
        error = json.loads(line)
        assert (error["schema_version"], error["exit_code"]) == (1, code)
        assert error["error"]
        assert told.out == ""
        assert "\x1b" not in told.err
    assert dam("show", "--", "--json", code=1).err.startswith("dam-cli: ")


@pytest.mark.parametrize(("word", "meant"), [("add", "add-asset"), ("ADD", "add-asset"), ("fsck", "verify")])
def test_near_words_suggest_a_command(dam: Dam, word: str, meant: str) -> None:
    assert f"did you mean dam-cli {meant}?" in dam(word, "x", code=2).err


def test_no_summary_of_a_command_is_cut(dam: Dam) -> None:
    for words in ([], ["trash"], ["store"], ["tag"]):
        told = dam(*words, "--help").out
        assert "..." not in told.partition("Commands:")[2]


def test_every_json_document_has_one_form(dam: Dam) -> None:
    told = dam("add-asset", PICTURES / "dunes.tif", "--json").out + dam("info", "--json").out
    assert all(line == json.dumps(json.loads(line)) for line in told.splitlines())
