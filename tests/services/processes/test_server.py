"""The server that workers are forked from: started early, and with everything that a worker needs."""

import subprocess
import sys

import pytest

from dam.services.processes.server import START_METHOD

PROBE = """
import multiprocessing, sys
from dam.services.processes.server import START_METHOD, start_server
start_server()
assert "sqlalchemy" not in sys.modules
in_worker = "import gc, sys; sys.exit(not (gc.isenabled() and gc.get_freeze_count() and {name!r} in sys.modules))"
worker = multiprocessing.get_context(START_METHOD).Process(target=exec, args=(in_worker.format(name=sys.argv[1]),))
worker.start()
worker.join()
sys.exit(worker.exitcode)
"""


@pytest.mark.skipif(START_METHOD != "forkserver", reason="there is no server here")
@pytest.mark.parametrize("module", ["dam.systems.image_phash", "PIL.JpegImagePlugin"])
def test_a_worker_has_what_it_needs_when_it_is_forked(module: str) -> None:
    subprocess.run([sys.executable, "-c", PROBE, module], check=True)
