"""Small documents, made in memory, and where those are that real programs have made."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import TEST_DATA

DOCUMENTS = TEST_DATA / "documents"


def made(name: str) -> bytes:
    """The content of one that a real program has made."""
    return Path(DOCUMENTS, name).read_bytes()


def pdf(pages: Sequence[str], info: Mapping[str, str] = {}) -> bytes:
    """A PDF file with a line of ASCII text on each page; an empty one has none."""
    return pdf_of_lines([[text] if text else [] for text in pages], info)


def pdf_of_lines(pages: Sequence[Sequence[str]], info: Mapping[str, str] = {}) -> bytes:
    """A PDF file with lines of ASCII text on each page; without any, a black square."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    told = " ".join(f"/{name} ({value})" for name, value in info.items())
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    font = "/Resources << /Font << /F1 3 0 R >> >>"
    for number, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        content = f"BT /F1 12 Tf 20 600 Td {shown} ET" if lines else "0 0 100 100 re f"
        bodies += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 640] /Contents {5 + 2 * number} 0 R {font} >>",
            f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        ]
    bodies.append(f"<< {told} >>")
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"<< /Size {len(bodies) + 1} /Root 1 0 R /Info {len(bodies)} 0 R >>"
    count = len(bodies) + 1
    return (
        out + f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n{trailer}\nstartxref\n{len(out)}\n%%EOF".encode()
    )


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """An archive, its parts in order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, how)  # no time: the same again
    return out.getvalue()


def with_parts(document: bytes, parts: Mapping[str, bytes], replaced: Mapping[str, tuple[bytes, bytes]]) -> bytes:
    """A document that a program has made, with more parts, and with words in some parts replaced."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    for name, (old, new) in replaced.items():
        assert old in kept[name]
        kept[name] = kept[name].replace(old, new)
    return zipped({**kept, **parts})


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(*paragraphs: str) -> bytes:
    """A document with a run for each paragraph."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    document = f'<?xml version="1.0"?><w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": document})
