"""Compute Chromaprint fingerprints with the shared library or the program fpcalc, which give equal results.

Chromaprint (L. Lalinsky, https://acoustid.org/chromaprint) computes a sub-fingerprint of 32 bits about every eighth
of a second: 2 bits for each of 16 filters over the chroma (the twelve pitch classes) and time. Its input is mono, at
11,025 samples per second.
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
"""Chromaprint's internal sample rate, in hertz."""
STEP_SECONDS = 1365 / RATE
"""Time between consecutive sub-fingerprints."""
SPAN_SECONDS = 22 * STEP_SECONDS
"""Length of audio that a sub-fingerprint covers: filters span 16 steps, and their input frames another six."""
MISSING = Obstacle(
    "fingerprints of audio need the library Chromaprint: apt install libchromaprint1, then dam-cli run-systems",
    "libchromaprint1",
)


@cache
def _library() -> ModuleType | None:
    """Return pyacoustid's binding; None if the binding or the shared library is missing."""
    try:
        return import_module("chromaprint")
    except (ImportError, AttributeError, OSError):  # AttributeError: a different package named chromaprint
        return None


@cache
def _fpcalc() -> str | None:
    return shutil.which("fpcalc")


def obstacle() -> Obstacle | None:
    """Return why nothing can be fingerprinted here, or None if it can."""
    return None if _library() or _fpcalc() else MISSING


def fingerprint(pcm: Iterable[bytes]) -> list[int]:
    """Return the sub-fingerprints, 32 bits each, of mono 16-bit samples at `RATE` samples per second.

    The list is empty if the audio is shorter than about 3 seconds.

    Raises:
        MissingExtraError: neither the library nor the program is installed.

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
    except library.FingerprintError:  # too short
        return []
    return list(values)


def _by_program(program: str, pcm: bytes) -> list[int]:
    """Pipe the samples to fpcalc as a WAV file. Its exit code is ignored: it is an error for every pipe."""
    import subprocess  # noqa: PLC0415  rarely needed

    fmt = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    size = struct.pack("<I", len(pcm))
    header = b"RIFF" + struct.pack("<I", len(pcm) + 36) + b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    if sys.byteorder == "big":
        swapped = array("h", pcm)
        swapped.byteswap()
        pcm = swapped.tobytes()
    command = [program, "-raw", "-length", "0", "-"]
    completed = subprocess.run(command, input=header + b"data" + size + pcm, capture_output=True, check=False)
    for line in completed.stdout.decode(errors="replace").splitlines():
        name, _, values = line.partition("=")
        if name == "FINGERPRINT":
            return [int(value) for value in values.split(",") if value]
    return []
