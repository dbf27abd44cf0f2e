"""The targets of the fuzzer: functions from any bytes, each with the files it begins with.

A target raises what it must not: any exception other than an error that dam reports.
"""

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dam.core.config import Settings, load_settings
from dam.core.errors import DamError
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.kinds import Kind, kind_of
from dam.media.sample import Sample
from tests.fuzz.arguments import run_arguments
from tests.fuzz.libraries import backup, export, manifest

DATA = Path(__file__).parent.parent / "test_data"
MAX_SEED_BYTES = 100_000
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
xmlns:exif="http://ns.adobe.com/exif/1.0/" xmp:Rating="3" xmp:CreateDate="2020-02-30T10:00:00.5+02:00"
exif:GPSLatitude="52,30.5N"><dc:subject><rdf:Bag><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>
</x:xmpmeta>"""
IPTC = b"\x1c\x01\x5a\x00\x03\x1b%G\x1c\x02\x05\x00\x02ab\x1c\x02\x19\x00\x03sea\x1c\x02\x37\x00\x0820200101"
EXIF = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0abc\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
HTML = b"<html><head><title>A</title></head><body><p>one two &amp; three<br></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5" height="5"/></svg>'


class UnexpectedError(Exception):
    """A decoder failed in a way that it does not declare."""


@dataclass(frozen=True)
class Target:
    """A function to call with any bytes, what it begins with, and whether coverage guides the fuzzer."""

    call: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]
    is_guided: bool = True


def _files(*folders: str) -> Iterator[bytes]:
    for folder in folders:
        for path in sorted((DATA / folder).iterdir()):
            if path.stat().st_size <= MAX_SEED_BYTES:
                yield path.read_bytes()


def _texts(*texts: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter(texts)


def metadata(data: bytes) -> None:
    from dam.media.metadata.metadata import read_metadata

    found = media_type(data[:HEAD_BYTES], "a.jpg")
    if kind_of(found) is Kind.IMAGE:
        _check_table(read_metadata(io.BytesIO(data), found).everything)


def _check_table(table: Any) -> None:
    """Any database must take it, as JSON."""
    assert "\\u0000" not in json.dumps(table, allow_nan=False)
    json.dumps(table, ensure_ascii=False).encode()


def sidecar(data: bytes) -> None:
    from dam.media.metadata.metadata import read_metadata

    _check_table(read_metadata(io.BytesIO(b""), "image/png", data).everything)


def exif(data: bytes) -> None:
    from dam.media.metadata import exif as module

    try:
        table = module.table(data)
    except Exception:  # noqa: BLE001  Pillow may raise any
        return
    module.fields(table)
    _check_table(table)


def iptc(data: bytes) -> None:
    from dam.media.metadata import iptc as module

    table = module.table(data)
    module.fields(table)
    _check_table(table)


def picture(data: bytes) -> None:
    from dam.media.images.animation import read_animation
    from dam.media.images.image_data import image_data_digest

    found = media_type(data[:HEAD_BYTES], "a")
    if kind_of(found) is Kind.IMAGE:
        image_data_digest(io.BytesIO(data), found)
        with suppress(DamError):
            read_animation(io.BytesIO(data), found)


def document(data: bytes) -> None:
    from dam.media.documents.document import decode

    for name in ("a", "a.html", "a.csv"):
        found = media_type(data[:HEAD_BYTES], name)
        if kind_of(found) is Kind.DOCUMENT:
            with suppress(DamError):
                decode(io.BytesIO(data), found)


def systems(data: bytes) -> None:
    """All systems for the content, in this process."""
    from dam.services.ingest.analysis import analyse

    found = media_type(data[:HEAD_BYTES], "a")
    analysis = analyse(Sample(lambda: io.BytesIO(data), found))
    _check(found, [failure.reason for failure in analysis.failures])


def worker(data: bytes) -> None:
    """A file on its way into a library: staged and analysed by a worker process."""
    from dam.services.ingest.examine import ExamineRequest
    from dam.services.processes.isolated import run_isolated
    from dam.services.processes.limits import Limits
    from dam.storage.local import LocalBlobStore

    with tempfile.TemporaryDirectory() as folder:
        path, store = Path(folder) / "file", LocalBlobStore(Path(folder) / "store")
        path.write_bytes(data)
        examined = run_isolated(ExamineRequest(str(path), len(data), store=store), Limits(20, 2 * 2**30))
        store.close()
    if examined.analysis is None or examined.file is None:
        raise UnexpectedError(f"not analysed: {examined.error}")
    _check(examined.file.media_type, [failure.reason for failure in examined.analysis.failures])


def _check(found: str, reasons: list[str]) -> None:
    if undeclared := [reason for reason in reasons if reason.startswith("failed with")]:
        raise UnexpectedError(f"{found}: {undeclared[0]}")


def settings(data: bytes) -> None:
    """A `.env` file."""
    here = Path.cwd()
    before = {name: os.environ.pop(name) for name in Settings.model_fields if name in os.environ}
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            Path(".env").write_bytes(data)
            with suppress(DamError):
                load_settings()
        finally:
            os.chdir(here)
            os.environ.update(before)


def hashes(data: bytes) -> None:
    from dam.services.catalogue.lookup import checked_hash

    for hash_type in (None, "md5", "sha256"):
        with suppress(DamError):
            checked_hash(os.fsdecode(data), hash_type)


def names(data: bytes) -> None:
    """A source path of any bytes, as it is recorded and shown."""
    from dam.media.files.selection import Selection
    from dam.render.json_output import path_keys
    from dam.render.text import safe
    from dam.services.sources.source_paths import displayed, path_digest, storable

    path = os.fsdecode(data)
    displayed(data).encode()
    storable(path).encode()
    path_digest(data)
    assert not {"\x1b", "\n", "\u202e"} & set(safe(path))
    keys = json.loads(json.dumps(path_keys(path)))
    assert "path_hex" in keys or keys["path"].encode() == data
    with suppress(DamError):
        Selection(include=path.split("\n")).takes_file("folder/name.jpg", "name.jpg")


def path_list(data: bytes) -> None:
    """What `--files-from` reads."""
    from dam.commands.shared.path_list import read_paths

    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        for end in (b"\n", b"\0"):
            paths = [path for paths in read_paths(file.name, end) for path in paths]
            assert all(path and end not in os.fsencode(path) for path in paths)


TARGETS: dict[str, Target] = {
    "metadata": Target(metadata, lambda: _files("images")),
    "sidecar": Target(sidecar, _texts(XMP)),
    "exif": Target(exif, _texts(EXIF, EXIF[6:])),
    "iptc": Target(iptc, _texts(IPTC)),
    "picture": Target(picture, lambda: _files("images")),
    "document": Target(document, lambda: iter([*_files("documents"), HTML])),
    "systems": Target(systems, lambda: iter([*_files("images", "documents", "audio"), SVG])),
    "worker": Target(worker, lambda: iter([*_files("images", "documents", "audio"), SVG]), is_guided=False),
    "settings": Target(settings, _texts(b"DAM_LOG_LEVEL=INFO\nDATABASE_URL='sqlite:///a'\nexport DAM_LOCK_TIMEOUT=3")),
    "hashes": Target(hashes, _texts(b"9f86d081", b"d41d8cd98f00b204e9800998ecf8427e")),
    "names": Target(names, _texts("é/a\u202eb".encode(), b"a/\xff", b"*.jpg\n!b")),
    "path-list": Target(path_list, _texts(b"a\nb\r\n\0c")),
    "manifest": Target(manifest, _texts(bytes(64)), is_guided=False),
    "export": Target(export, _texts(bytes(64)), is_guided=False),
    "backup": Target(backup, _texts(bytes(64)), is_guided=False),
    "arguments": Target(run_arguments, _texts(b"", bytes(64), bytes(range(256))), is_guided=False),
}
