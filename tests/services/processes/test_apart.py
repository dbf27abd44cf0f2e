"""Work in a process of its own: whatever becomes of it, this process goes on."""

import os
import signal
import time

import pytest

from dam.core.errors import DecodeError, MissingExtraError
from dam.services.processes.apart import SampleApart, run_apart
from dam.services.processes.limits import Limits
from tests.conftest import PICTURES

MEGABYTE = 1024 * 1024
LIMITS = Limits(seconds=1, memory_bytes=3000 * MEGABYTE)


def hang() -> None:
    while True:
        time.sleep(60)


def bloat() -> int:
    return len(bytearray(4000 * MEGABYTE))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGTERM)  # SIGSEGV would have pytest dump its stacks


def leave() -> None:
    os._exit(7)


def stumble() -> None:
    raise LookupError("odd")


def lack() -> None:
    raise MissingExtraError("no library")


def test_a_result_comes_back() -> None:
    assert run_apart(divmod, 7, 2) == (3, 1)
    assert run_apart(os.getpid) != os.getpid()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (hang, "longer than 1 s"),
        (bloat, "more memory"),
        (crash, "SIGTERM"),
        (leave, "exit code 7"),
        (stumble, "LookupError: odd"),
    ],
)
def test_what_goes_wrong_is_an_error(function: object, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        run_apart(function, limits=LIMITS)  # type: ignore[arg-type]


def test_an_error_of_ours_stays_what_it_is() -> None:
    with pytest.raises(MissingExtraError, match="no library"):
        run_apart(lack)


def test_a_sample_is_decoded_elsewhere() -> None:
    sample = SampleApart(str(PICTURES / "dunes.tif"), "image/tiff")
    assert sample.kind.value == "image"
    assert set(sample.looks.hashes) == {"phash", "ahash", "dhash"}
    assert sample.looks is sample.looks
    with pytest.raises(DecodeError, match="cannot be decoded"):
        _ = SampleApart(str(PICTURES / "dunes.tif"), "image/png").looks
