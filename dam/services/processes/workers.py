"""An executor whose worker processes share nothing: each has its own pipe.

The workers of `concurrent.futures.ProcessPoolExecutor` share queues. If one is killed while it waits for work, it holds
a lock that the others need; if one is killed while it sends, the reader waits for the rest of the message. Here, when
a worker ends, its pipe ends. Each worker sends a heartbeat every second, so that stopped or stuck workers are detected.
"""

import errno
import logging
import os
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, ParamSpec, TypeVar

from dam.services.processes.decoder_output import take_output
from dam.services.processes.main_module import hidden_main, load, main_module
from dam.services.processes.request import Request, run_request

MAX_TASKS = 2
"""Maximum number of tasks sent to a worker, so that it need not wait while a result is received."""
HEARTBEAT_SECONDS = 1.0
"""Interval between the heartbeats of a worker."""
HEARTBEAT = None
KILL_SECONDS = 1.0
"""Maximum time to wait for all workers that were killed."""
JOIN_SECONDS = 5
"""Maximum time to wait for the end of a worker: a process in uninterruptible sleep does not end when killed."""

logger = logging.getLogger(__name__)

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")


class WorkerLostError(BrokenExecutor):
    """A worker ended, or was killed because it was stuck, before it returned its result."""

    def __init__(self, exit_code: int = 0, *, has_begun: bool = True) -> None:
        super().__init__("a worker has been lost")
        self.exit_code = exit_code
        self.has_begun = has_begun
        """Whether the worker had been prepared."""


def run_requests(requests: Sequence[Request[R]]) -> list[tuple[R, str]]:
    """Run requests in this worker process; return each result with the output of its decoder."""
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
    """Number of missed heartbeats."""
    is_stuck: bool = False

    def give_up(self) -> None:
        """Kill the process, and end its pipe from this side: it ends by itself only with a process that ends."""
        self.process.kill()
        if sys.platform != "win32":
            with suppress(OSError), socket.socket(fileno=os.dup(self.pipe.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)

    def end(self) -> WorkerLostError:
        """Wait for the end of the process; return the error with its exit code."""
        self.process.join(JOIN_SECONDS)
        exit_code = -signal.SIGALRM if self.is_stuck or self.process.exitcode is None else self.process.exitcode
        return WorkerLostError(exit_code, has_begun=self.has_begun)


class Workers(Executor):
    """An executor with up to `count` processes, started as needed. Each first calls `prepare`.

    With more than one worker, the start method must not be fork: a fork would keep the pipes of the others open. If a
    worker is lost, its tasks and all later ones fail with WorkerLostError. A worker that has tasks and sends no
    heartbeat for `max_silence` seconds is killed. Tasks, results and exceptions must be picklable.
    """

    def __init__(self, count: int, context: Any, prepare: Callable[[], None], max_silence: float | None = None) -> None:
        self._count = count
        self._context = context
        self._prepare = prepare
        self._patience = max_silence
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._threads: list[Thread] = []
        self._broken = Event()
        self._ended = Event()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function in a worker.

        Raises:
            WorkerLostError: a worker has been lost.
            OSError, EOFError, NotImplementedError: a worker cannot be started.

        """
        if self._broken.is_set():
            raise WorkerLostError
        if len(self._threads) < self._count:
            self._start_if_possible()
        future: Future[T] = Future()
        self._waiting.put(_Task(future, (function, args, kwargs)))
        if self._broken.is_set():  # set meanwhile: perhaps no worker is left to take the task
            self._fail_waiting()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  as declared
        """End the workers when they have finished; waiting tasks are run first, or cancelled."""
        if cancel_futures:
            for task in self._take_waiting():
                task.future.cancel()
        self._waiting.put(None)
        if wait:
            self._join()

    def kill(self, after: float = 0.0) -> None:
        """Cancel the waiting tasks, and kill the workers that do not finish within `after` seconds."""
        self.shutdown(wait=False, cancel_futures=True)
        if after:
            self._join(after)
        for worker in self._workers:
            worker.give_up()
        self._join(KILL_SECONDS)

    def _join(self, seconds: float | None = None) -> None:
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._ended.set()

    def _start_if_possible(self) -> None:
        """Start another worker, or go on with those that there are."""
        try:
            self._start()
        except OSError as exc:
            if not self._threads:
                raise
            logger.warning("%d of %d worker processes run: no more can be started (%s)", *self._counts, exc)
            self._count = len(self._threads)

    @property
    def _counts(self) -> tuple[int, int]:
        return len(self._threads), self._count

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        with theirs:
            is_fork = self._context.get_start_method() == "fork"  # which has the main module
            main = {} if is_fork else main_module()
            process = self._context.Process(target=_work, args=(theirs, self._prepare, main), daemon=True)
            with nullcontext() if is_fork else hidden_main():
                process.start()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        attending = Thread(target=self._attend, args=(worker,), daemon=True)
        try:
            attending.start()
            self._threads.append(attending)
            if self._patience is not None and len(self._threads) == 1:
                Thread(target=self._watch, args=(self._patience,), daemon=True).start()
        except RuntimeError as exc:  # no more threads: they count as processes
            process.kill()
            raise OSError(errno.EAGAIN, str(exc)) from exc

    def _attend(self, worker: _Worker) -> None:
        """Send a worker its tasks and receive its results, until there are no more."""
        try:
            with worker.pipe as pipe:
                while self._send_some(pipe, worker.under_way):
                    _take_result(worker)
        except Exception:  # noqa: BLE001  the pipe has ended, or its content is invalid
            self._broken.set()
            lost = worker.end()
            for task in worker.under_way:
                task.future.set_exception(lost)
            self._fail_waiting()
        worker.process.join(JOIN_SECONDS)

    def _watch(self, max_silence: float) -> None:
        """Kill workers without heartbeats. Counts turns, not time, because this process may be stopped itself."""
        while any(thread.is_alive() for thread in self._threads) and not self._ended.wait(HEARTBEAT_SECONDS):
            for worker in self._workers:
                worker.silent = worker.silent + 1 if worker.under_way else 0
                if worker.silent * HEARTBEAT_SECONDS > max_silence:
                    worker.is_stuck = True
                    worker.give_up()

    def _send_some(self, pipe: Connection, under_way: deque[_Task]) -> bool:
        """Send a worker up to `MAX_TASKS` tasks; return whether it has any."""
        while not under_way or (
            len(under_way) < MAX_TASKS and self._waiting.qsize() >= self._count
        ):  # leave tasks for the others
            try:
                task = self._waiting.get(block=not under_way)
            except Empty:
                break
            if task is None:
                self._waiting.put(None)  # for the other workers
                break
            if task.future.set_running_or_notify_cancel() and (call := _pickled(task)):
                under_way.append(task)
                pipe.send_bytes(call)
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
        self._waiting.put(None)  # no more tasks


def _pickled(task: _Task) -> Any:
    """Return the call of a task as bytes; None if that failed, such as for a store on a read-only file system."""
    try:
        return ForkingPickler.dumps(task.call)
    except Exception as exc:  # noqa: BLE001  raised by the future
        task.future.set_exception(exc)
        return None


def _take_result(worker: _Worker) -> None:
    while (message := worker.pipe.recv()) is HEARTBEAT:
        worker.has_begun, worker.silent = True, 0
    worker.has_begun, worker.silent = True, 0
    result, error = message
    future = worker.under_way.popleft().future
    if error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _work(pipe: Connection, prepare: Callable[[], None], main: Mapping[str, Any]) -> None:
    """Run the calls that arrive through a pipe, until it ends; `main` is the parent's main module."""
    prepare()
    pipe.send(HEARTBEAT)  # the worker is prepared: from here on, a task is the cause if it ends
    calls: SimpleQueue[Any] = SimpleQueue()
    sending = Lock()
    Thread(target=_receive, args=(pipe, calls, sending, main), daemon=True).start()
    while call := calls.get():
        reply = _reply(*call)
        with sending:
            pipe.send_bytes(reply)


def _reply(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function; return its pickled result and error."""
    try:
        return ForkingPickler.dumps((function(*args, **kwargs), None))
    except Exception as exc:  # noqa: BLE001  raised by the future
        exc.add_note(traceback.format_exc())
        return ForkingPickler.dumps((None, exc))


def _receive(pipe: Connection, calls: "SimpleQueue[Any]", sending: Lock, main: Mapping[str, Any]) -> None:
    """Receive calls, and send heartbeats while the worker is busy."""
    with suppress(Exception):  # the pipe has ended, or its content is invalid: then the worker ends
        while True:
            if pipe.poll(HEARTBEAT_SECONDS):
                calls.put(load(pipe.recv_bytes(), main))
            else:
                with sending:
                    pipe.send(HEARTBEAT)
    calls.put(None)
