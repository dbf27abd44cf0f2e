"""An export on stdout or in a file, and what was imported."""

import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from dam.core.durable import flush
from dam.core.errors import UsageError
from dam.render.json_output import write_document
from dam.render.text import note, safe
from dam.services.transfer.importing import Imported


def export(lines: Iterable[bytes], name: str, *, as_json: bool) -> None:
    """Write the lines to stdout (`-`), or durably to a new file, which appears when it is complete."""
    if name == "-":
        for line in lines:
            sys.stdout.buffer.write(line)
        return
    path = Path(name)
    if path.exists():
        raise UsageError(f"{name} exists: give a new file")
    new = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        size = _write(new, lines)
        new.replace(path)
        flush(path.absolute().parent)
    except OSError as exc:
        raise UsageError(f"{name} cannot be written: {exc.strerror or exc}") from exc
    finally:
        new.unlink(missing_ok=True)
    if as_json:
        write_document(path=os.path.abspath(name), size=size)
    else:
        note(f"exported to {safe(name)}")


def _write(path: Path, lines: Iterable[bytes]) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(descriptor)
        return file.tell()


def imported(result: Imported, *, as_json: bool) -> None:
    """Write what was imported."""
    if as_json:
        write_document(**asdict(result))
    else:
        note(f"imported {result.rows:,} rows of library {result.library_id}")
