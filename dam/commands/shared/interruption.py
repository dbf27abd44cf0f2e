"""The summary of a command that is interrupted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def summary_when_interrupted(finish: Callable[[], None]) -> Iterator[None]:
    """Write the summary, too, where Ctrl-C or SIGTERM ends the block."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        finish()
        raise
