"""What workers need: imported once, by the server that they are forked from (`dam.services.processes.server`)."""

from contextlib import suppress

from sqlalchemy.orm import configure_mappers

from dam.systems.system import all_systems

with suppress(ImportError):  # without the image extra, workers do without
    pass

all_systems()
configure_mappers()
