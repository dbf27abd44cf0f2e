"""What workers need: imported once, by the server that they are forked from (`dam.services.processes.server`)."""

import gc
from contextlib import suppress
from importlib import import_module

MODULES = (
    "dam.services.ingest.examine",
    "dam.services.processes.workers",
    "dam.services.similar.features",
    "dam.media.images.perceptual_hash",
    "PIL.JpegImagePlugin",
)

gc.disable()  # imports create many objects and drop none: collections would take a third of the time
for module in MODULES:
    with suppress(ImportError):  # of the image extra: without it, workers do without
        import_module(module)
import_module("dam.systems.system").all_systems()
import_module("sqlalchemy.orm").configure_mappers()
gc.freeze()  # no worker traverses, and so copies, the memory that it shares with the server
gc.enable()
