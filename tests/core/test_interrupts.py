"""Interruptions between two steps, and never inside one."""

import os
import signal
import threading

import pytest

from dam.core.interrupts import deferred

pytestmark = pytest.mark.usefixtures("handlers")


def interrupt(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_at_once_or_at_the_end_of_the_step(number: int, error: type[BaseException]) -> None:
    with pytest.raises(error):
        interrupt(number)
    done = []

    @deferred()
    def step() -> None:
        interrupt(number)
        done.append("the rest of the step")

    with pytest.raises(error) as caught:
        step()
    assert done
    assert error is KeyboardInterrupt or caught.value.code == 143  # type: ignore[attr-defined]


def test_steps_inside_steps_end_with_the_outermost() -> None:
    done = []

    @deferred()
    def step() -> None:
        with deferred():
            interrupt()
        done.append("still inside")

    with pytest.raises(KeyboardInterrupt):
        step()
    assert done


@pytest.mark.parametrize(("second", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_the_second_one_comes_through(second: int, error: type[BaseException]) -> None:
    done = []

    @deferred()
    def step() -> None:
        interrupt()
        done.append("after the first")
        interrupt(second)
        done.append("after the second")

    with pytest.raises(error):
        step()
    assert done == ["after the first"]


def test_nothing_is_left_over_for_the_next_step() -> None:
    @deferred()
    def twice() -> None:
        interrupt()
        interrupt()

    with pytest.raises(KeyboardInterrupt):
        twice()
    with deferred():
        pass
    with pytest.raises(KeyboardInterrupt), deferred():
        interrupt()


def test_an_error_of_the_step_and_an_interruption() -> None:
    @deferred()
    def step() -> None:
        interrupt()
        raise ValueError

    with pytest.raises(KeyboardInterrupt):
        step()
    with pytest.raises(ValueError, match="alone"), deferred():
        raise ValueError("alone")


def test_threads_neither_defer_nor_are_interrupted() -> None:
    inside, go = threading.Event(), threading.Event()

    def work() -> None:
        with deferred():
            inside.set()
            go.wait()

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    go.set()
    thread.join()
