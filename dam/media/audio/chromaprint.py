"""Chromaprint, the fingerprint of sound, by its shared library or by its program fpcalc. Both say the same.

L. Lalinsky, https://acoustid.org/chromaprint: for about every eighth of a second, 32 bits that say how 16 filters
over the twelve notes of the scale and the time around respond. The sound goes in as mono at 11,025 samples a second.
"""

import shutil
import struct
import sys
from array import array
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from types import ModuleType

from dam.core.errors import MissingExtraError
from dam.media.obstacle import Obstacle

RATE = 11_025
"""Samples a second that Chromaprint works with, whatever it is given."""
STEP_SECONDS = 1365 / RATE
"""From one sub-fingerprint to the next."""
SPAN_SECONDS = 22 * STEP_SECONDS
"""The sound that one sub-fingerprint is about: its filters reach over sixteen steps, what they see over six more."""
MISSING = Obstacle(
    "fingerprints of audio need the library Chromaprint: apt install libchromaprint1, then dam-cli run-systems",
    "libchromaprint1",
)


@cache
def _library() -> ModuleType | None:
    """Return pyacoustid's binding; None where that or the shared library is missing."""
    try:
        return import_module("chromaprint")
    except (ImportError, AttributeError, OSError):  # AttributeError: another package of this name
        return None


@cache
def _fpcalc() -> str | None:
    return shutil.which("fpcalc")


def obstacle() -> Obstacle | None:
    """Return why nothing can be fingerprinted here, or None if it can."""
    return None if _library() or _fpcalc() else MISSING


def fingerprint(pcm: Iterable[bytes]) -> list[int]:
    """Return the sub-fingerprints, 32 bits each, of sound in 16-bit samples, mono, `RATE` a second.

    There are none where the sound is shorter than about 3 seconds. MissingExtraError when there is neither the library
    nor the program.
    """
    if library := _library():
        return _by_library(library, pcm)
    if program := _fpcalc():
        return _by_program(program, b"".join(pcm))
    raise MissingExtraError(MISSING.text)


def _by_library(library: ModuleType, pcm: Iterable[bytes]) -> list[int]:
    printer = library.Fingerprinter()
    printer.start(RATE, 1)
    for samples in pcm:
        printer.feed(samples)
    try:
        values, _ = library.decode_fingerprint(printer.finish())
    except library.FingerprintError:  # of too little
        return []
    return list(values)


def _by_program(program: str, pcm: bytes) -> list[int]:
    """Give fpcalc the sound as a WAV file; its exit code says that the end came unexpectedly, as with any pipe."""
    import subprocess  # noqa: PLC0415  seldom needed

    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    size = struct.pack("<I", len(pcm))
    head = b"RIFF" + struct.pack("<I", len(pcm) + 36) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
    if sys.byteorder == "big":
        swapped = array("h", pcm)
        swapped.byteswap()
        pcm = swapped.tobytes()
    command = [program, "-raw", "-length", "0", "-"]
    done = subprocess.run(command, input=head + b"data" + size + pcm, capture_output=True, check=False)
    for line in done.stdout.decode(errors="replace").splitlines():
        name, _, values = line.partition("=")
        if name == "FINGERPRINT":
            return [int(value) for value in values.split(",") if value]
    return []
