"""XMP sidecars beside exported files."""

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import BinaryIO

from dam.core.errors import UnreadableFileError
from dam.media.files.media_type import XMP
from dam.media.metadata.xmp_writer import is_own_packet, xmp_packet
from dam.services.export.facts import Facts
from dam.services.export.names import GivenNames
from dam.services.export.outcome import SidecarName
from dam.services.export.target import Target

ENDING = ".xmp"


def packet_of(facts: Facts) -> bytes | None:
    """Return the sidecar of an asset; None for one that is a sidecar itself."""
    if facts.media_type == XMP:
        return None
    said = facts.said
    return xmp_packet(title=said.title, description=said.description, rating=said.rating, tags=facts.tags)


def sidecar_path(path: str, style: SidecarName) -> str:
    """Return the path of the sidecar of a file."""
    return (path if style is SidecarName.FULL else os.path.splitext(path)[0]) + ENDING


def put_sidecar(target: Target, given: GivenNames, path: str, packet: bytes, *, dry_run: bool) -> None:
    """Write a sidecar, also in place of one that an export has written earlier.

    Raises:
        UnreadableFileError: something else has its name, or it cannot be written.

    """
    if not given.claim(path):
        raise UnreadableFileError(
            f"{target.root / path}: another file has the name of its sidecar: use --xmp-name full"
        )
    digest = hashlib.sha256(packet).hexdigest()
    there = target.state(path, len(packet), digest)
    if there or dry_run:
        return
    if there is None:
        target.put(path, digest, partial(_write, packet))
    elif _is_own(target.root / path):
        target.replace(path, partial(_write_to, packet))
    else:
        raise UnreadableFileError(f"{target.root / path} is there, and not written by dam-cli export: it is left alone")


def _is_own(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return is_own_packet(file.read(1024))


def _write(packet: bytes, path: Path) -> None:
    with path.open("xb") as file:
        file.write(packet)
        file.flush()
        os.fsync(file.fileno())


def _write_to(packet: bytes, file: BinaryIO) -> None:
    file.write(packet)
