"""Import the modules that workers need, in the server from which they are forked."""

import gc
import sys
from contextlib import suppress
from importlib import import_module

MODULES = (
    "dam.services.ingest.examine",
    "dam.services.processes.workers",
    "dam.services.similar.features",
    "dam.media.images.perceptual_hash",
    "PIL.JpegImagePlugin",
)

if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    sys.excepthook = lambda *_: None  # where it can fork no more, the pool says so

gc.disable()  # imports create many objects and free none: collections would take a third of the time
with suppress(MemoryError):  # the workers will report that
    for module in MODULES:
        with suppress(ImportError):  # the image extra may be missing
            import_module(module)
    import_module("dam.systems.system").all_systems()
    import_module("sqlalchemy.orm").configure_mappers()
gc.freeze()  # a collection in a worker would copy the memory shared with the server
gc.enable()
