"""Words in pictures, from the command line."""

import os
from pathlib import Path

import pytest

from tests.conftest import Dam
from tests.media.pages import LINES, page, scan


def test_a_query_needs_ocr(dam: Dam) -> None:
    failed = dam("run-systems", "kind:image", code=2)
    assert "a query chooses the assets for --ocr" in failed.err


def test_a_mistake_in_the_query_comes_first(dam: Dam) -> None:
    dam("setup-db")
    assert "(" in dam("run-systems", "--ocr", "(kind:image", code=2).err


@pytest.mark.sweep
def test_words_are_read_and_found(dam: Dam, tmp_path: Path) -> None:
    page(LINES).save(tmp_path / "sign.png")
    (tmp_path / "scan.pdf").write_bytes(scan(LINES[:2]))
    page(()).save(tmp_path / "plain.png")
    dam("add-asset", *sorted(tmp_path.glob("*.p*")))
    assert dam("run-systems", "--json").json_lines[-1]["summary"]["updated"] == 0
    some = dam("run-systems", "--ocr", "name:sign.png", "--json").json_lines
    assert [document["ran"] for document in some[:-1]] == [["ocr", "ocr_language"]]
    rest = dam("run-systems", "--ocr", "--json").json_lines
    assert rest[-1]["summary"] == {"updated": 2, "failed": 0, "obstacles": {}}
    assert dam("run-systems", "--ocr", "--json").json_lines[-1]["summary"]["updated"] == 0
    [shown] = dam("show", tmp_path / "sign.png", "--json").json_lines
    [found] = shown["components"]["ocr"]
    assert found["text"] == "\n".join(LINES)
    assert shown["components"]["language"][0]["code"] == "en"


@pytest.mark.sweep
def test_what_takes_too_long_is_a_failure(dam: Dam, tmp_path: Path) -> None:
    picture = tmp_path / "sign.png"
    page(LINES * 20, (2000, 3000)).save(picture)
    dam("add-asset", picture)
    failed = dam("run-systems", "--ocr", "--json", env={"DAM_OCR_SECONDS": "1"}, code=3).json_lines
    assert failed[-1]["summary"]["failed"] == 1
    assert "took longer than 1 s" in dam("failures").out
    assert dam("run-systems", "--ocr", "--json").json_lines[-1]["summary"]["updated"] == 0
    assert os.path.exists(picture)
