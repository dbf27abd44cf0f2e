from pathlib import Path

from tests.conftest import Dam
from tests.media.documents import pdf


def test_show_tells_of_a_scan_and_cuts_long_texts(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(["", ""], {"Title": "A scan"}))
    (tmp_path / "b.txt").write_text("word " * 1000)
    dam("add-asset", "-j0", tmp_path)
    shown = dam("show", "1").out
    assert "title       A scan\n  what        PDF, 2 pages" in shown
    assert "no text: the pages are images, as in a scan" in shown
    text = dam("show", "2", "--all").out
    assert "… (5,000 characters)" in text
    assert len(text) < 2000
    assert dam("show", "2", "--json").json["components"]["document_text"] == [{"text": "word " * 1000, "is_cut": False}]
