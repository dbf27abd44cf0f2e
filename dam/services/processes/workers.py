"""Worker processes that share nothing: each has a pipe of its own.

With queues that all workers share, as those of `concurrent.futures.ProcessPoolExecutor`, a worker that is killed while
it waits for work holds the lock that the others wait for, and one that is killed while it sends leaves half a message
that is waited for to be whole. Here the end of a worker is the end of its pipe, whatever it was doing. A worker sends a
sign of life every second, so that one that is stopped or stuck is missed.
"""

import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, ParamSpec, TypeVar

from dam.services.processes.decoder_output import take_output
from dam.services.processes.request import Request, run_request

AHEAD = 2
"""Tasks that a worker has at a time: it goes on with the next while this process takes the result of the last."""
BEAT_SECONDS = 1.0
"""From one sign of life of a worker to the next."""
SIGN_OF_LIFE = None
JOIN_SECONDS = 5
"""How long a worker whose pipe has ended is waited for: what the system holds may not end even when killed."""

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")


class WorkerLostError(BrokenExecutor):
    """A worker ended, or was ended for its silence, before it gave its result."""

    def __init__(self, exit_code: int = 0, *, has_begun: bool = True) -> None:
        super().__init__("a worker has been lost")
        self.exit_code = exit_code
        self.has_begun = has_begun
        """Whether it had got so far as to do anything."""


def run_requests(requests: Sequence[Request[R]]) -> list[tuple[R, str]]:
    """Run requests in this process, a worker, and return their results, each with what its decoder said."""
    return [(run_request(request), take_output()) for request in requests]


@dataclass(frozen=True)
class _Task:
    future: Future[Any]
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    under_way: deque[_Task] = field(default_factory=deque)
    has_begun: bool = False
    silent: int = 0
    """Signs of life that are missing."""
    is_stuck: bool = False

    def end(self) -> WorkerLostError:
        """Wait for the end of the process, and say what it was."""
        self.process.join(JOIN_SECONDS)
        exit_code = -signal.SIGALRM if self.is_stuck or self.process.exitcode is None else self.process.exitcode
        return WorkerLostError(exit_code, has_begun=self.has_begun)


class Workers(Executor):
    """Up to `count` processes of a multiprocessing context, each prepared by a call, started as work comes.

    The context spawns them or has a server of its own, unless there is one worker only: a fork of this process would
    hold the pipes of the others open. What a worker had that is lost fails with WorkerLostError, and so does all that
    comes later. One that has work and gives no sign of life for `patience` seconds is killed. What is submitted, is
    returned and is raised must be picklable.
    """

    def __init__(self, count: int, context: Any, prepare: Callable[[], None], patience: float | None = None) -> None:
        self._count = count
        self._context = context
        self._prepare = prepare
        self._patience = patience
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._threads: list[Thread] = []
        self._broken = Event()
        self._ended = Event()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a function.

        Raises:
            WorkerLostError: a worker has been lost.
            OSError, EOFError, NotImplementedError: a worker cannot be started.

        """
        if self._broken.is_set():
            raise WorkerLostError
        if len(self._threads) < self._count:
            self._start()
        future: Future[T] = Future()
        self._waiting.put(_Task(future, (function, args, kwargs)))
        if self._broken.is_set():  # by now: perhaps nobody takes it any more
            self._fail_waiting()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as declared
        """End the workers once they have done what they have; what is still waiting is done first or cancelled."""
        if cancel_futures:
            for task in self._take_waiting():
                task.future.cancel()
        self._waiting.put(None)
        if wait:
            self._join()

    def kill(self, after: float = 0.0) -> None:
        """Cancel what is waiting, and kill the workers that are not done with what they have after some seconds."""
        self.shutdown(wait=False, cancel_futures=True)
        if after:
            self._join(after)
        for worker in self._workers:
            worker.process.kill()
        self._join()

    def _join(self, seconds: float | None = None) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._ended.set()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        with theirs:
            process = self._context.Process(target=_work, args=(theirs, self._prepare), daemon=True)
            process.start()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        self._threads.append(Thread(target=self._attend, args=(worker,), daemon=True))
        self._threads[-1].start()
        if self._patience is not None and len(self._workers) == 1:
            Thread(target=self._watch, args=(self._patience,), daemon=True).start()

    def _attend(self, worker: _Worker) -> None:
        """Give a worker its tasks and take its results, until there are no more."""
        try:
            with worker.pipe as pipe:
                while self._send_some(pipe, worker.under_way):
                    _take_result(worker)
        except Exception:  # noqa: BLE001  its pipe has ended, or what comes out of it is nothing of ours
            self._broken.set()
            lost = worker.end()
            for task in worker.under_way:
                task.future.set_exception(lost)
            self._fail_waiting()
        worker.process.join(JOIN_SECONDS)

    def _watch(self, patience: float) -> None:
        """Kill workers that are silent for too long. Turns are counted, for this process may be stopped itself."""
        while any(thread.is_alive() for thread in self._threads) and not self._ended.wait(BEAT_SECONDS):
            for worker in self._workers:
                worker.silent = worker.silent + 1 if worker.under_way else 0
                if worker.silent * BEAT_SECONDS > patience:
                    worker.is_stuck = True
                    worker.process.kill()

    def _send_some(self, pipe: Connection, under_way: deque[_Task]) -> bool:
        """Send a worker what it may have ahead; tell whether it has anything."""
        while not under_way or (len(under_way) < AHEAD and self._waiting.qsize() >= self._count):  # others get theirs
            try:
                task = self._waiting.get(block=not under_way)
            except Empty:
                break
            if task is None:
                self._waiting.put(None)  # for the other workers
                break
            if task.future.set_running_or_notify_cancel():
                under_way.append(task)
                pipe.send(task.call)
        return bool(under_way)

    def _take_waiting(self) -> list[_Task]:
        tasks = []
        with suppress(Empty):
            while True:
                tasks.append(self._waiting.get_nowait())
        return [task for task in tasks if task]

    def _fail_waiting(self) -> None:
        for task in self._take_waiting():
            if task.future.set_running_or_notify_cancel():
                task.future.set_exception(WorkerLostError())
        self._waiting.put(None)  # nothing comes any more


def _take_result(worker: _Worker) -> None:
    while (message := worker.pipe.recv()) is SIGN_OF_LIFE:
        worker.has_begun, worker.silent = True, 0
    worker.has_begun, worker.silent = True, 0
    result, error = message
    future = worker.under_way.popleft().future
    if error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _work(pipe: Connection, prepare: Callable[[], None]) -> None:
    """Do what comes through a pipe, until its end."""
    prepare()
    pipe.send(SIGN_OF_LIFE)  # it has begun: what ends it from here on is its work
    calls: SimpleQueue[Any] = SimpleQueue()
    sending = Lock()
    Thread(target=_receive, args=(pipe, calls, sending), daemon=True).start()
    while call := calls.get():
        answer = _answer(*call)
        with sending:
            pipe.send_bytes(answer)


def _answer(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what `recv` makes a result of, and an error or None."""
    try:
        return ForkingPickler.dumps((function(*args, **kwargs), None))
    except Exception as exc:  # noqa: BLE001  whoever submitted it gets it
        exc.add_note(traceback.format_exc())
        return ForkingPickler.dumps((None, exc))


def _receive(pipe: Connection, calls: "SimpleQueue[Any]", sending: Lock) -> None:
    """Take calls as they come, and give signs of life, whatever the worker is doing: nobody is stuck who sends one."""
    with suppress(Exception):  # its end, or what cannot be read: without a call to answer, the worker ends
        while True:
            if pipe.poll(BEAT_SECONDS):
                calls.put(pipe.recv())
            else:
                with sending:
                    pipe.send(SIGN_OF_LIFE)
    calls.put(None)
