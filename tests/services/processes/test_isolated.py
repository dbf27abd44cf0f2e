"""A request in a process of its own: whatever becomes of it, this process goes on."""

import logging
import os
import resource
import signal
import subprocess
import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass

import pytest

from dam.core.errors import MissingExtraError
from dam.services.processes import isolated, limits, workers
from dam.services.processes.isolated import IsolatedRun, NotStartedError, run_isolated
from dam.services.processes.limits import Limits, time_limit
from dam.services.processes.request import Request

MEGABYTE = 1024 * 1024
LIMITS = Limits(seconds=3600, memory_bytes=3000 * MEGABYTE)


@dataclass(frozen=True)
class Obey(Request[object]):
    """Does what its path says."""

    def run(self) -> object:
        with time_limit():
            return self._obey()

    def _obey(self) -> object:  # noqa: C901, PLR0912  a line or two for each order
        match self.path:
            case "tell":
                return os.getpid()
            case "limit":
                return resource.getrlimit(resource.RLIMIT_AS)
            case "hang":
                signal.setitimer(signal.ITIMER_REAL, 0.001)  # the alarm of the limit, brought forward
                while True:
                    signal.pause()
            case "stop with its pipe held":  # as by a process in the kernel, which does not end when it is killed
                if os.fork() == 0:
                    signal.alarm(20)
                    while True:
                        signal.pause()
                os.kill(os.getpid(), signal.SIGSTOP)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "bloat":
                return len(bytearray(4000 * MEGABYTE))
            case "crash":
                os.kill(os.getpid(), signal.SIGTERM)  # SIGSEGV would have pytest dump its stacks
            case "leave":
                os._exit(7)
            case "stumble":
                raise LookupError("odd")
            case "lack":
                raise MissingExtraError("no library")
            case "complain":
                warnings.warn("an odd picture", stacklevel=1)
                os.write(2, b"More samples per pixel than can be decoded\n")
                print("and more", file=sys.stderr)  # noqa: T201  as libraries do
                return "done"
            case "chatter":
                while os.write(2, b"x" * 4096):
                    pass
        raise AssertionError

    def give_up(self, reason: str) -> object:
        return reason


def test_a_result_comes_back() -> None:
    assert run_isolated(Obey("tell", 0)) != os.getpid()


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("hang", "decoding took longer than 3600 s"),
        ("bloat", "decoding needs more memory than is available"),
        ("crash", "decoding crashed (SIGTERM)"),
        ("leave", "decoding crashed (exit code 7)"),
        ("stumble", "failed with LookupError: odd"),
        ("chatter", "failed with BlockingIOError: [Errno 11] Resource temporarily unavailable"),
    ],
)
def test_what_goes_wrong_is_a_reason(order: str, reason: str) -> None:
    assert run_isolated(Obey(order, 0), LIMITS) == reason


@pytest.mark.parametrize("order", ["stop", "stop with its pipe held"])
def test_a_worker_that_is_stopped_is_given_up_from_outside(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    monkeypatch.setattr(limits, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(workers, "HEARTBEAT_SECONDS", 0.1)
    reason = None
    while reason is None:
        with suppress(NotStartedError):  # it had no chance to begin: the machine is busy
            reason = run_isolated(Obey(order, 0), Limits(seconds=1, memory_bytes=3000 * MEGABYTE))
    assert reason == "decoding took longer than 1 s"


def test_a_lower_limit_of_the_user_is_kept() -> None:
    """As root could raise it: `ulimit -v`."""
    code = "from tests.services.processes.test_isolated import *; print(run_isolated(Obey('limit', 0), LIMITS))"
    limit = f'ulimit -v {2000 * 1024}; exec {sys.executable} -c "{code}"'
    done = subprocess.run(["bash", "-c", limit], capture_output=True, text=True, check=True)
    assert done.stdout == f"({2000 * MEGABYTE}, {2000 * MEGABYTE})\n"
    assert run_isolated(Obey("limit", 0), LIMITS) == (3000 * MEGABYTE, 3000 * MEGABYTE)


def test_an_error_of_ours_stays_what_it_is() -> None:
    with pytest.raises(MissingExtraError, match="no library"):
        run_isolated(Obey("lack", 0))


def end(_: Limits) -> None:
    os._exit(1)


def test_a_process_that_ends_before_it_does_anything_blames_no_file() -> None:
    with IsolatedRun(Obey("tell", 0), prepare=end) as ended, pytest.raises(NotStartedError, match="cannot be started"):
        ended.result()


def test_what_a_decoder_says_is_logged_with_the_name_of_the_file(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("dam"), "handlers", [])  # of another test, on streams that are closed
    monkeypatch.setattr(logging.getLogger("dam"), "propagate", True)
    with caplog.at_level(logging.DEBUG, "dam"):
        assert run_isolated(Obey("complain", 0), LIMITS) == "done"
    [record] = caplog.records
    assert record.levelno == logging.DEBUG
    for part in ("'complain'", "an odd picture", "More samples per pixel", "and more"):
        assert part in record.message
    assert capfd.readouterr() == ("", "")


def test_an_interruption_does_not_wait_for_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(isolated, "log_output", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_isolated(Obey("tell", 0))
