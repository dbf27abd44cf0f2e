"""A system that does what a file says, for workers. It imports little, for each of them imports it."""

import ctypes
import os
import signal
from functools import cache

from dam.core.errors import StoreError
from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.models.dimensions_component import DimensionsComponent
from dam.services.processes.limits import Limits, become_worker
from dam.systems import system as registry
from dam.systems.system import system

MEGABYTE = 2**20


@system(kinds={Kind.DOCUMENT}, produces=DimensionsComponent, version=1)
def obedient(sample: Sample) -> DimensionsComponent:
    """Do what the file says."""
    with sample.open_content() as stream:
        match stream.read(20).decode():
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "crash":
                ctypes.string_at(0)
            case "exit":
                os._exit(3)
            case "hang":
                signal.setitimer(signal.ITIMER_REAL, 0.001)  # the alarm of the limit, brought forward
                while True:
                    signal.pause()
            case "grow":
                bytearray(4000 * MEGABYTE)
            case "bug":
                raise KeyError("nothing")
            case "store":
                raise StoreError("the store is on fire")
            case text:
                return DimensionsComponent(width=len(text), height=os.getpid() % 2**31)
    raise AssertionError


def use_obedient(limits: Limits) -> None:
    """Begin a worker that has only this system."""
    become_worker(limits)
    registry.all_systems = cache(lambda: (obedient,))
