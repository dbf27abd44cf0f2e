"""What an open library promises about interruptions."""

import os
import signal

import pytest

from dam.services.library import Library

pytestmark = pytest.mark.usefixtures("handlers")


def test_an_interruption_is_heard_while_the_library_is_read(library: Library) -> None:
    went_on = []

    def read() -> None:
        with library.read():
            os.kill(os.getpid(), signal.SIGINT)
            went_on.append("after the interruption")

    with pytest.raises(KeyboardInterrupt):
        read()
    assert went_on == []
