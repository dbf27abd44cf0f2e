"""Work on one file in a process of its own, within limits: a hostile file ends that process, and nothing else."""

import multiprocessing
import sys
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from dam.core.errors import DamError, DecodeError
from dam.media.kinds import Kind, kind_of
from dam.media.sample import Sample
from dam.services.processes.limits import (
    TOO_MUCH_MEMORY,
    Limits,
    become_worker,
    configured_limits,
    in_time,
    reason_of_end,
)

T = TypeVar("T")

# A fork starts in a few milliseconds, and has imported already what this process has. It touches no connection of the
# database. Elsewhere than on Linux, libraries of the system do not bear it.
START_METHOD = "fork" if sys.platform == "linux" else "spawn"


def run_apart(function: Callable[..., T], *arguments: Any, limits: Limits | None = None) -> T:
    """Call a function in another process; what it takes, returns and raises must be picklable.

    Raises:
        DecodeError: it took more than the limits (those of the settings), or crashed.
        DamError: what the function raised.

    """
    limits = limits or configured_limits()
    context: Any = multiprocessing.get_context(START_METHOD)  # the stubs know no Process on it
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run_and_send, args=(theirs, limits, function, arguments))
    with warnings.catch_warnings():  # Python 3.12 warns of forks beside threads: those of numpy are made for it
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    try:
        outcome = ours.recv()
    except EOFError:
        outcome = None
    finally:
        if sys.exc_info()[0] not in (None, EOFError):  # interrupted
            process.kill()
        process.join()
        ours.close()
    if outcome is None:
        raise DecodeError(reason_of_end(process.exitcode or 0, limits))
    value, error = outcome
    if error is not None:
        raise error
    result: T = value
    return result


def _run_and_send(pipe: Connection, limits: Limits, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    become_worker(limits)
    outcome: tuple[Any, DamError | None]
    try:
        with in_time():
            outcome = function(*arguments), None
    except MemoryError:
        outcome = None, DecodeError(TOO_MUCH_MEMORY)
    except DamError as exc:
        outcome = None, exc
    except Exception as exc:  # noqa: BLE001  decoders of hostile content raise anything
        outcome = None, DecodeError(f"failed with {type(exc).__name__}: {exc}")
    pipe.send(outcome)


class SampleApart:
    """A sample that decodes elsewhere: each of its members is made in a process of its own, and kept here."""

    def __init__(self, path: str, media_type: str, limits: Limits | None = None) -> None:
        self.path = path
        self.media_type = media_type
        self._limits = limits

    @property
    def kind(self) -> Kind:
        """The kind of the content."""
        return kind_of(self.media_type)

    def __getattr__(self, name: str) -> Any:
        """Return a member of the sample; what decoding it raises is raised."""
        if name.startswith("_"):
            raise AttributeError(name)
        value = run_apart(_member, self.path, self.media_type, name, limits=self._limits)
        setattr(self, name, value)
        return value


def _member(path: str, media_type: str, name: str) -> Any:
    return getattr(Sample(lambda: Path(path).open("rb"), media_type), name)
