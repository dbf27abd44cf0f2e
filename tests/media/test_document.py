import io
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.core.errors import DecodeError
from dam.media.documents import pdf as pdf_reader
from dam.media.documents import zipped_xml
from dam.media.documents.document import MAX_TEXT_LENGTH, Document, obstacle
from dam.media.documents.pdf import pdf_date
from dam.media.documents.plain_text import strip_tags
from dam.media.files.media_type import media_type
from dam.media.sample import Sample
from tests.media.documents import DOCUMENTS, docx, made, pdf, zipped

CREATED = datetime(2024, 3, 5, 10, 20, 30, tzinfo=UTC)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"


def read(data: bytes, kind: str | None = None) -> Document:
    return Sample(lambda: io.BytesIO(data), kind or media_type(data, "")).document


@pytest.mark.parametrize(
    "name", ["rivers.docx", "rivers.odt", "rivers.rtf", "rivers.pdf", "rivers.epub", "rivers.html"]
)
def test_a_text_that_a_real_program_wrote(name: str) -> None:
    found = read(made(name), media_type(made(name), name))
    words = re.sub(r"\s+", " ", found.text or "").strip()
    assert words.startswith("Rivers The river rises in the hills above the town and runs")
    assert words.endswith("Zürich, Łódź and 東京 have rivers too.")
    assert (found.title, found.encrypted, found.is_truncated) == ("Notes on rivers", False, False)


@pytest.mark.parametrize("name", ["rivers.docx", "rivers.odt", "rivers.rtf"])
def test_what_a_text_says_of_itself(name: str) -> None:
    found = read(made(name))
    assert (found.author, found.subject) == ("Ada Example", "Water")
    assert found.created is not None
    assert found.created.replace(second=30) == CREATED  # RTF has no seconds
    assert found.modified is not None
    assert found.modified.replace(second=33) == datetime(2024, 4, 6, 11, 22, 33, tzinfo=UTC)


@pytest.mark.parametrize("name", ["lengths.ods", "lengths.xlsx", "lengths.xls"])
def test_a_workbook(name: str) -> None:
    found = read(made(name))
    assert " ".join((found.text or "").split()) == "City River Length Zürich Limmat 36 Łódź Ner 134 東京 Sumida 27"
    assert found.pages == 1


@pytest.mark.parametrize("name", ["slides.odp", "slides.pptx"])
def test_a_presentation(name: str) -> None:
    found = read(made(name))
    assert (found.text or "").split("\n")[:2] == ["Where rivers begin", "Where rivers end"]
    assert (found.pages, found.title, found.author) == (2, "Rivers in two slides", "Ada Example")


@pytest.mark.skipif(not shutil.which("pdfinfo"), reason="pdfinfo is not installed")
def test_properties_of_a_pdf_are_those_of_pdfinfo() -> None:
    done = subprocess.run(
        ["pdfinfo", "-isodates", DOCUMENTS / "restricted.pdf"], capture_output=True, text=True, check=True
    )
    told = dict(re.findall(r"^(.+?): +(.*)$", done.stdout, re.MULTILINE))
    found = read(made("restricted.pdf"))
    assert (found.title, found.author, found.subject) == (told["Title"], told["Author"], told["Subject"])
    assert found.pages == int(told["Pages"])
    assert found.encrypted
    assert told["Encrypted"].startswith("yes")
    assert found.created == datetime.fromisoformat(told["CreationDate"])


def test_a_pdf_that_needs_a_password_says_so() -> None:
    assert read(made("locked.pdf")) == Document(encrypted=True)
    restricted = read(made("restricted.pdf"))  # a password only to print it
    assert restricted.encrypted
    assert "mills, meadows" in (restricted.text or "")


def test_pages_of_a_pdf_follow_each_other() -> None:
    info = {"Title": "Two", "CreationDate": "D:20240305122030+02'00'", "ModDate": "D:2024"}
    found = read(pdf(["first page", "", "third page"], info))
    assert (found.text or "").split() == ["first", "page", "third", "page"]
    assert (found.pages, found.title, found.created) == (3, "Two", CREATED)
    assert found.modified == datetime(2024, 1, 1, tzinfo=UTC)


def test_half_a_surrogate_pair_in_a_title_costs_the_title_and_not_the_text() -> None:
    found = read(pdf(["the text"], {"Title": r"\376\377\330\000\000A", "Author": "Ana"}))
    assert ((found.text or "").strip(), found.title, found.author) == ("the text", None, "Ana")


def test_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_reader, "MAX_PAGES", 2)
    found = read(pdf(["one", "two", "three"]))
    assert ((found.text or "").split(), found.pages, found.is_truncated) == (["one", "two"], 3, True)


def test_a_pdf_date_has_its_offset() -> None:
    found = read(pdf(["a"], {"CreationDate": "D:20240305102030-03'30'", "ModDate": "D:20240305102030"}))
    assert (found.created, found.created_offset) == (datetime(2024, 3, 5, 13, 50, 30, tzinfo=UTC), -210)
    assert (found.modified, found.modified_offset) == (datetime(2024, 3, 5, 10, 20, 30, tzinfo=UTC), None)


def test_a_scan_has_pages_and_no_text() -> None:
    found = read(pdf(["", ""]))
    assert ((found.text or "").strip(), found.pages) == ("", 2)


def test_a_large_pdf_is_read_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_reader, "MAX_IN_MEMORY_BYTES", 100)
    assert (read(pdf(["from a stream"])).text or "").strip() == "from a stream"


@pytest.mark.parametrize("written", ["", "yesterday", "D:20241399", "D:20240101000000+99'00'", "D:99999999999999"])
def test_what_is_no_date(written: str) -> None:
    assert pdf_date(written) == (None, None)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("grün 東京".encode(), "grün 東京"),
        ("grün".encode("utf-8-sig"), "grün"),
        ("grün 東京".encode("utf-16"), "grün 東京"),
        ("\ufeffgrün 東京".encode("utf-16-be"), "grün 東京"),
        ("\ufeffgrün".encode("utf-32-le"), "grün"),
        ("grün, naïve".encode("latin-1"), "grün, naïve"),
        ("“quoted”".encode("cp1252"), "“quoted”"),
        (b"a\0b", "ab"),
    ],
)
def test_encodings(data: bytes, text: str) -> None:
    assert read(data, "text/plain").text == text


def test_a_long_text_is_truncated() -> None:
    found = read(b"ab " * MAX_TEXT_LENGTH, "text/plain")
    assert (len(found.text or ""), found.is_truncated) == (MAX_TEXT_LENGTH, True)
    assert not read(b"a" * MAX_TEXT_LENGTH, "text/plain").is_truncated


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>t<b>w</b>o &amp; three</p>", "one\ntwo & three"),
        ("a<script>if (1 < 2) {}</script>b<style>p {}</style>c", "a\nb\nc"),
        ("a<!-- <p>not this</p> -->b", "ab"),
        ("3 < 4 and 5 > 2", "3 < 4 and 5 > 2"),
        ("<p title='x'>said</p", "said"),
        ("a<script>never closed", "a"),
    ],
)
def test_text_of_html(html: str, text: str) -> None:
    assert strip_tags(html)[0] == text


@given(st.text(alphabet="<>/!-ab scriptle\"'&;", max_size=200))
def test_any_html_gives_text(html: str) -> None:
    text, _ = strip_tags(html)
    assert len(text) <= 2 * len(html)


def test_an_office_file_may_unpack_to_so_much_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped_xml, "MAX_BYTES", 200_000)
    bomb = read(docx(*["word"] * 100_000))
    assert bomb.is_truncated
    assert len(bomb.text or "") < 200_000


def test_text_of_an_office_file_is_truncated() -> None:
    found = read(docx("a" * 600_000, "b" * 600_000, "c" * 600_000))
    assert (len(found.text or ""), found.is_truncated) == (MAX_TEXT_LENGTH, True)


ENTITIES = '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]>'


HOSTILE = {
    "entities": (zipped({"word/document.xml": f"{ENTITIES}<a>&y;</a>"}), DOCX),
    "another file": (zipped({"word/document.xml": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'}), DOCX),
    "no XML": (zipped({"word/document.xml": "<a><b></a>"}), DOCX),
    "no text in docx": (zipped({"word/other.xml": "<a/>"}), DOCX),
    "no text in odt": (zipped({"meta.xml": "<a/>"}), ODT),
    "no container": (zipped({"mimetype": "application/epub+zip"}), "application/epub+zip"),
    "cut docx": (made("rivers.docx")[:3000], DOCX),
    "no directory": (made("rivers.docx").replace(b"PK\1\2", b"PK\1\3"), DOCX),
    "head of docx": (b"PK\3\4", DOCX),
    "head of pdf": (b"%PDF-1.7 and nothing", "application/pdf"),
    "cut pdf": (made("rivers.pdf")[:9000], "application/pdf"),
    "cut xls": (made("lengths.xls")[:2000], "application/vnd.ms-excel"),
}


@pytest.mark.parametrize(("data", "kind"), HOSTILE.values(), ids=HOSTILE)
def test_damaged_and_hostile_documents(data: bytes, kind: str) -> None:
    sample = Sample(lambda: io.BytesIO(data), kind)
    for _ in range(2):
        with pytest.raises(DecodeError):
            _ = sample.document


def test_an_encrypted_odt_says_so() -> None:
    manifest = '<m:manifest xmlns:m="urn:m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    assert read(zipped({"META-INF/manifest.xml": manifest, "content.xml": b"\1\2"}), ODT) == Document(encrypted=True)


def test_a_page_of_an_archive_that_is_damaged_in_its_middle() -> None:
    whole = docx("".join(str(number) for number in range(10_000)))
    [place] = [info.header_offset for info in zipfile.ZipFile(io.BytesIO(whole)).infolist() if "word" in info.filename]
    broken = whole[: place + 500] + b"\xff" * 200 + whole[place + 700 :]
    with pytest.raises(DecodeError, match=r"word/document\.xml"):
        read(broken, DOCX)


@pytest.mark.parametrize("kind", ["application/msword", "application/postscript"])
def test_what_no_library_reads(kind: str) -> None:
    assert str(obstacle(kind)) == f"there is no decoder for {kind}"


def test_text_needs_no_library_of_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.media.documents.document.installed", lambda: False)
    assert obstacle("text/plain") is None
    assert "the extra `documents`" in str(obstacle("application/pdf"))
