"""Workers that are killed at the worst moment, and messages that are larger than a pipe."""

import gc
import multiprocessing
import os
import signal
import struct
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError
from multiprocessing.connection import Connection
from pathlib import Path
from pickle import PicklingError

import pytest

from dam.services.processes.server import START_METHOD
from dam.services.processes.workers import MAX_TASKS, WorkerLostError, Workers

LARGE = bytes(500_000)


def nothing() -> None:
    pass


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers(2, multiprocessing.get_context(START_METHOD), nothing)
    yield workers
    workers.shutdown(cancel_futures=True)
    assert multiprocessing.active_children() == []


def two_at_work(workers: Workers, folder: Path) -> list[int]:
    fifos = [folder / "one", folder / "other"]
    for fifo in fifos:
        os.mkfifo(fifo)
    one = workers.submit(meet_first, *fifos)
    other = workers.submit(meet_second, *fifos)
    return [one.result(), other.result()]


def meet_first(one: Path, other: Path) -> int:
    one.write_text("here")
    other.read_text()
    return os.getpid()


def meet_second(one: Path, other: Path) -> int:
    one.read_text()
    other.write_text("here")
    return os.getpid()


def end_in_the_middle_of_a_message() -> None:
    for found in gc.get_objects():
        if isinstance(found, Connection) and found.writable and found.readable:
            os.write(found.fileno(), struct.pack("!i", 1000) + b"half")
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def unpicklable() -> object:
    return lambda: None


@pytest.mark.parametrize("victim", [0, 1])
def test_one_that_is_killed_while_it_waits_for_work_holds_nobody_up(
    workers: Workers, tmp_path: Path, victim: int
) -> None:
    pids = two_at_work(workers, tmp_path)
    assert len({*pids, os.getpid()}) == 3
    os.kill(pids[victim], signal.SIGKILL)
    workers.shutdown()


def test_one_that_is_killed_while_it_answers_is_not_waited_for(workers: Workers) -> None:
    lost = workers.submit(end_in_the_middle_of_a_message)
    with pytest.raises(BrokenExecutor, match="lost"):
        lost.result()
    with pytest.raises(BrokenExecutor, match="lost"):
        workers.submit(os.getpid)


def test_all_that_comes_after_a_loss_fails_too(workers: Workers) -> None:
    assert isinstance(workers.submit(os._exit, 3).exception(), BrokenExecutor)
    with pytest.raises(BrokenExecutor):
        workers.submit(os.getpid)


def test_messages_that_are_larger_than_a_pipe(workers: Workers) -> None:
    futures = [workers.submit(bytes.__add__, LARGE, bytes([number])) for number in range(40)]
    assert [future.result()[-1] for future in futures] == list(range(40))


def test_an_error_comes_back_with_where_it_was_raised(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        workers.submit(divmod, 1, 0).result()
    assert "in _reply" in caught.value.__notes__[0]
    assert workers.submit(divmod, 7, 2).result() == (3, 1)


def test_what_cannot_be_sent_is_an_error_of_its_own(workers: Workers) -> None:
    with pytest.raises((AttributeError, PicklingError), match="local object"):
        workers.submit(unpicklable).result()
    assert workers.submit(divmod, 7, 2).result() == (3, 1)


def test_what_waits_is_cancelled_and_what_is_under_way_is_done(workers: Workers, tmp_path: Path) -> None:
    holds = [tmp_path / "one", tmp_path / "other"]
    for hold in holds:
        os.mkfifo(hold)
    first = [workers.submit(hold.read_text) for hold in holds]
    with holds[0].open("w"), holds[1].open("w"):  # each worker reads one of them
        rest = [workers.submit(os.getpid) for _ in range(20)]
        workers.shutdown(wait=False, cancel_futures=True)
    assert [future.result() for future in first] == ["", ""]
    assert sum(future.cancelled() for future in rest) >= len(rest) - 2 * (MAX_TASKS - 1)
    with pytest.raises(CancelledError):
        rest[-1].result()


def test_one_that_is_stopped_is_missed_and_killed() -> None:
    workers = Workers(1, multiprocessing.get_context(START_METHOD), nothing, max_silence=2)
    lost = workers.submit(stop).exception()
    assert isinstance(lost, WorkerLostError)
    assert lost.exit_code == -signal.SIGALRM
    workers.shutdown()
    assert multiprocessing.active_children() == []


def test_those_that_nobody_waits_for_are_killed(tmp_path: Path) -> None:
    workers = Workers(2, multiprocessing.get_context(START_METHOD), nothing)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    stuck = workers.submit(fifo.read_text)
    with fifo.open("w"):  # it is at work
        workers.kill(after=0.01)
    assert isinstance(stuck.exception(), WorkerLostError)
    assert multiprocessing.active_children() == []
