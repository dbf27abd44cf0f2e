"""What is asked of worker processes: something about one file, with a typed answer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from dam.core.errors import DamError

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Request(ABC, Generic[R_co]):
    """Something to find out about a file. Requests and their results cross between processes: both are picklable."""

    path: str
    size: int
    """Bytes of the file. Requests for small files travel together."""

    @abstractmethod
    def run(self) -> R_co:
        """Return the result: called in a worker process, or in this one where that is wanted.

        What decodes stands in `with in_time():`. Damage of the file belongs to the result.

        Raises:
            DamError: the program or its store cannot go on.

        """

    @abstractmethod
    def give_up(self, reason: str) -> R_co:
        """Return the result for a file that took its worker down, timed out or outgrew its memory. Decodes nothing."""


def run_request(request: Request[R_co]) -> R_co:
    """Run a request in this process. What is no error of ours is the fault of the file: decoders raise anything."""
    try:
        return request.run()
    except (DamError, MemoryError):
        raise
    except Exception as exc:  # noqa: BLE001  see above
        return request.give_up(f"failed with {type(exc).__name__}: {exc}")
