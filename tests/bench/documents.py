"""Documents: what ingest and search cost.

    python tests/bench/documents.py ingest [--count 1000] [--runs 5]
    python tests/bench/documents.py search [--count 100000] [--runs 15]

`ingest` compares the CPU of the whole command in one process with that of bare loops over the same files, which read
each, compute SHA-256 and MD5, extract the text (PDFium, or the XML of the archive), and write the copy: one without a
fingerprint, and one that computes the MinHash too, as the loops for images and recordings do. Target: 1.3 times. With
few files the start of the command counts most: hence their number.

`search` compares whole processes that look for one text in an empty library, and in one with that many fingerprints.
Each fingerprint shares one key in twenty with some hundred others. Target: 1.5 times.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.bench.ingest_cpu import cpu_of
from tests.bench.texts import Writer, written

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.media.documents import docx, pdf_of_lines

BARE = """
import hashlib, io, sys, zipfile
from pathlib import Path
from xml.etree import ElementTree
import pypdfium2
from dam.media.documents.minhash import fingerprint

def text_of(content, ending):
    if ending == ".pdf":
        pdf = pypdfium2.PdfDocument(content)
        pdf.get_metadata_dict()
        return "\\n".join(page.get_textpage().get_text_bounded() for page in pdf)
    if ending == ".docx":
        root = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml"))
        return "".join(element.text or "" for element in root.iter() if element.tag.endswith("}t"))
    return content.decode()

out = Path(sys.argv[2])
for path in sorted(Path(sys.argv[1]).rglob("*")):
    content = path.read_bytes()
    name = hashlib.sha256(content).hexdigest()
    hashlib.md5(content).hexdigest()
    text = text_of(content, path.suffix)
    if sys.argv[3] == "fingerprint":
        fingerprint(text)
    (out / name).write_bytes(content)
"""

SEARCH = """
import io, sys
from dam.core.database import make_engine
from dam.media.sample import Sample
from dam.services.similar.methods.document import find_similar
from sqlalchemy.orm import Session
text = open(sys.argv[2], "rb").read()
with Session(make_engine(f"sqlite:///{sys.argv[1]}", 5)) as session:
    print(len(find_similar(session, Sample(lambda: io.BytesIO(text), "text/plain"))))
"""


def contents(kind: str, writer: Writer, count: int) -> Iterator[bytes]:
    for _ in range(count):
        words = [word for paragraph in writer.text(100) for word in paragraph]
        if kind == "pdf":  # 20 pages of 40 lines of 9 words
            lines = [" ".join(words[start : start + 9]) for start in range(0, 7200, 9)]
            yield pdf_of_lines([lines[start : start + 40] for start in range(0, 800, 40)])
        elif kind == "docx":
            yield docx(*(" ".join(words[start : start + 60]) for start in range(0, 7200, 60)))
        else:
            yield written([words])[:10_240].encode()


def ingest(scratch: str, count: int, runs: int) -> None:
    dam = str(Path(sys.executable).with_name("dam-cli"))
    for kind, number in {"pdf": count // 5, "docx": count, "txt": 5 * count}.items():
        folder = Path(scratch, kind)
        folder.mkdir()
        for place, content in enumerate(contents(kind, Writer(), number)):
            (folder / f"{place:05}.{kind}").write_bytes(content)
        costs = []
        for run in range(runs):
            copies = Path(scratch, f"{kind}-{run}-copies")
            copies.mkdir()
            bare = [
                cpu_of([sys.executable, "-c", BARE, str(folder), str(copies), how], dict(os.environ))
                for how in ("decode", "fingerprint")
            ]
            env = os.environ | {"DATABASE_URL": f"sqlite:///{scratch}/{kind}-{run}/dam.sqlite3"}
            costs.append((cpu_of([dam, "add-asset", "-q", "-j", "0", str(folder)], env), *bare))
            shutil.rmtree(copies)
        mine, decoding, whole = (statistics.median(some) * 1000 / number for some in zip(*costs, strict=True))
        print(
            f"{kind:5} {number} files: dam {mine:.2f} ms a file, {mine / whole:.2f} times decoding with fingerprint "
            f"({whole:.2f} ms), {mine / decoding:.2f} times decoding alone ({decoding:.2f} ms)",
            flush=True,
        )


def fill(path: str, count: int) -> None:
    """Write fingerprints and their index as fast as can be."""
    import sqlite3

    random = np.random.default_rng(1)
    prints = random.integers(0, 1 << 16, (count, 128), np.uint16)
    common = random.integers(0, 16, prints.shape, np.uint16)
    prints = np.where(random.random(prints.shape) < 0.05, common, prints).astype("<u2")
    keys = prints[:, :24].astype(np.int64) + (np.arange(24) << 16)
    with sqlite3.connect(path) as connection:
        connection.executemany("INSERT INTO entities (id) VALUES (?)", ((number,) for number in range(1, count + 1)))
        connection.executemany(
            "INSERT INTO component_document_fingerprint (entity_id, minhash) VALUES (?, ?)",
            ((number, one.tobytes()) for number, one in enumerate(prints, 1)),
        )
        connection.executemany(
            "INSERT INTO document_index (entity_id, key) VALUES (?, ?)",
            ((number, key) for number, row in enumerate(keys.tolist(), 1) for key in row),
        )
    connection.close()


def search(scratch: str, count: int, runs: int) -> None:
    query = Path(scratch, "query.txt")
    query.write_text(written(Writer().text()))
    databases = {}
    for name, size in {"empty": 0, "full": count}.items():
        databases[name] = f"{scratch}/{name}/dam.sqlite3"
        env = os.environ | {"DATABASE_URL": f"sqlite:///{databases[name]}"}
        dam = str(Path(sys.executable).with_name("dam-cli"))
        subprocess.run([dam, "setup-db"], env=env, check=True, capture_output=True)
        fill(databases[name], size)
    subprocess.run([dam, "add-asset", "-q", str(query)], env=env, check=True, capture_output=True)
    times: dict[str, list[float]] = {name: [] for name in databases}
    for run in range(runs + 1):
        for name, database in databases.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", SEARCH, database, str(query)], check=True, capture_output=True)
            if run:
                times[name].append(time.perf_counter() - began)
    ratio = statistics.median(full / empty for full, empty in zip(times["full"], times["empty"], strict=True))
    each = "   ".join(f"{name} {statistics.median(taken) * 1000:.0f} ms" for name, taken in times.items())
    print(f"search among {count}: {each}   {ratio:.2f} times   {os.path.getsize(databases['full']) / count:.0f} B each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ingest", "search"])
    parser.add_argument("--count", type=int)
    parser.add_argument("--runs", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.what == "ingest":
            ingest(scratch, options.count or 1000, options.runs or 5)
        else:
            search(scratch, options.count or 100_000, options.runs or 15)


if __name__ == "__main__":
    main()
