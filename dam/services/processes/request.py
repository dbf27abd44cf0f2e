"""Requests to worker processes: each concerns one file, and has a typed result."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from dam.core.errors import TOO_MUCH_MEMORY, DamError, is_out_of_memory

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Request(ABC, Generic[R_co]):
    """A request concerning one file. Requests and results must be picklable."""

    path: str
    size: int
    """Size of the file in bytes. Requests for small files are sent together."""

    @abstractmethod
    def run(self) -> R_co:
        """Return the result. Called in a worker process, or in this one without workers.

        Code that decodes must be inside `with time_limit():`. Errors of the file are part of the result.

        Raises:
            DamError: an error that ends the program, such as a failure of the store.

        """

    @abstractmethod
    def give_up(self, reason: str) -> R_co:
        """Return the result for a file that exceeded a limit or crashed its worker. Must not decode."""


def run_request(request: Request[R_co]) -> R_co:
    """Run a request in this process. An unexpected exception becomes a failure: decoders can raise any exception."""
    try:
        return request.run()
    except (DamError, MemoryError):
        raise
    except Exception as exc:  # noqa: BLE001  see above
        reason = TOO_MUCH_MEMORY if is_out_of_memory(exc) else f"failed with {type(exc).__name__}: {exc}"
        return request.give_up(reason)
