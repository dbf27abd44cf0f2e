"""What an open library promises about interruptions."""

import os
import signal
from collections.abc import Iterator

import pytest

from dam.core.interrupts import handle_interrupts, stop_watching
from dam.services.library import Library


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("dam.core.interrupts.GRACE_SECONDS", 3600)  # this process is not to end
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handle_interrupts()
    yield
    stop_watching()
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_an_interruption_is_heard_while_the_library_is_read(library: Library) -> None:
    went_on = []

    def read() -> None:
        with library.read():
            os.kill(os.getpid(), signal.SIGINT)
            went_on.append("after the interruption")

    with pytest.raises(KeyboardInterrupt):
        read()
    assert went_on == []
