"""Workers that do not run the script of their parent again, unless a request needs something that it defines.

By default, each worker imports the main module of its parent, which then must guard its code with
`if __name__ == "__main__"`.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import spawn
from multiprocessing.reduction import ForkingPickler
from types import ModuleType
from typing import Any

MAIN = "__main__"


@contextmanager
def hidden_main() -> Iterator[None]:
    """Hide the main module from processes that are started; `main_module` tells of it."""
    main = sys.modules[MAIN]
    sys.modules[MAIN] = ModuleType(MAIN)
    try:
        yield
    finally:
        sys.modules[MAIN] = main


def main_module() -> dict[str, Any]:
    """Return how `load` finds the main module of this process."""
    return {name: value for name, value in spawn.get_preparation_data(MAIN).items() if name.startswith("init_main")}


def load(pickled: bytes, main: Mapping[str, Any]) -> Any:
    """Unpickle what the parent has sent; first import its main module if something is defined there."""
    try:
        return ForkingPickler.loads(pickled)
    except AttributeError:
        if not main:
            raise
        spawn.prepare(dict(main))
        return ForkingPickler.loads(pickled)
