"""Worker processes that share nothing: each has a pipe of its own.

With queues that all workers share, as those of `concurrent.futures.ProcessPoolExecutor`, a worker that is killed while
it waits for work holds the lock that the others wait for, and one that is killed while it sends leaves half a message
that is waited for to be whole. Here the end of a worker is the end of its pipe, whatever it was doing.
"""

import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any, ParamSpec, TypeVar

AHEAD = 2
"""Tasks that a worker has at a time: it goes on with the next while this process takes the result of the last."""

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True)
class _Task:
    future: Future[Any]
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Workers(Executor):
    """Up to `count` processes of a multiprocessing context, each prepared by a call, started as work comes.

    The context spawns them or has a server of its own: a fork of this process would hold the pipes of the others open.
    What a worker had that is lost fails with BrokenExecutor, and so does all that comes later. What is submitted, is
    returned and is raised must be picklable.
    """

    def __init__(self, count: int, context: Any, prepare: Callable[[], None]) -> None:
        self._count = count
        self._context = context
        self._prepare = prepare
        self._waiting: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[Thread] = []
        self._broken = Event()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker call a function.

        Raises:
            BrokenExecutor: a worker has been lost.
            OSError, EOFError, NotImplementedError: a worker cannot be started.

        """
        if self._broken.is_set():
            raise BrokenExecutor("a worker has been lost")
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
            for thread in self._threads:
                thread.join()

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        with theirs:
            process = self._context.Process(target=_work, args=(theirs, self._prepare), daemon=True)
            process.start()
        self._threads.append(Thread(target=self._attend, args=(process, ours), daemon=True))
        self._threads[-1].start()

    def _attend(self, process: Any, pipe: Connection) -> None:
        """Give a worker its tasks and take its results, until there are no more."""
        under_way: deque[_Task] = deque()
        try:
            with pipe:
                while self._send_some(pipe, under_way):
                    _take_result(pipe, under_way)
        except Exception as exc:  # noqa: BLE001  its pipe has ended, or what comes out of it is nothing of ours
            self._broken.set()
            for task in under_way:
                task.future.set_exception(BrokenExecutor(f"a worker has been lost: {exc!r}"))
            self._fail_waiting()
        process.join()

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
                task.future.set_exception(BrokenExecutor("a worker has been lost"))
        self._waiting.put(None)  # nothing comes any more


def _take_result(pipe: Connection, under_way: deque[_Task]) -> None:
    result, error = pipe.recv()
    future = under_way.popleft().future
    if error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _work(pipe: Connection, prepare: Callable[[], None]) -> None:
    """Do what comes through a pipe, until its end."""
    prepare()
    calls: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_receive, args=(pipe, calls), daemon=True).start()
    while call := calls.get():
        pipe.send_bytes(_answer(*call))


def _answer(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what `recv` makes a result of, and an error or None."""
    try:
        return ForkingPickler.dumps((function(*args, **kwargs), None))
    except Exception as exc:  # noqa: BLE001  whoever submitted it gets it
        exc.add_note(traceback.format_exc())
        return ForkingPickler.dumps((None, exc))


def _receive(pipe: Connection, calls: "SimpleQueue[Any]") -> None:
    """Take calls as they come, whatever the worker is doing: nobody can be stuck who sends it one."""
    with suppress(Exception):  # its end, or what cannot be read: without a call to answer, the worker ends
        while True:
            calls.put(pipe.recv())
    calls.put(None)
