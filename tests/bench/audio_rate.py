"""Ingest of recordings beside the bare decoder with Chromaprint, and the search in a large library beside an empty one.

    python tests/bench/audio_rate.py [--files 24] [--runs 3] [--library 100000]

The bare loop decodes each file with PyAV and fingerprints it, as does the ingest, which also stores it: target at most
1.3 times the processor time. The search is a whole process that looks for a recording of three minutes, in a
library of as many made-up fingerprints as `--library` says: target at most 1.5 times the same in an empty library.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dam.core.database import make_engine
from dam.media.audio import match as audio_match
from dam.models import AudioAnchor, AudioFingerprintComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.setup import set_up
from dam.storage.local import LocalBlobStore
from tests.bench import recordings
from tests.bench.ingest_cpu import cpu_of

BARE = """
import sys
from pathlib import Path
from dam.media.audio import decoding as audio
from dam.media.audio import chromaprint as chromaprint_library
for path in sorted(Path(sys.argv[1]).iterdir()):
    with path.open("rb") as stream:
        chromaprint_library.fingerprint(audio.pcm(stream, chromaprint_library.RATE))
"""
SEARCH = """
import sys
from pathlib import Path
from dam.core.database import default_engine, reading
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.sample import Sample
from dam.services.similar.methods.audio import find_similar
path = Path(sys.argv[1])
with path.open("rb") as stream:
    found = media_type(stream.read(HEAD_BYTES), path.name)
with reading(default_engine())() as session:
    print(len(find_similar(session, Sample(lambda: path.open("rb"), found))))
"""
STEPS = 1900
"""Sub-fingerprints of a made-up recording: about four minutes."""
BATCH = 1000


def ingest_ratio(folder: Path, scratch: str, runs: int) -> None:
    dam_cli = str(Path(sys.executable).with_name("dam-cli"))
    ratios = []
    for run in range(runs):
        env = os.environ | {"DATABASE_URL": f"sqlite:///{scratch}/ingest{run}/dam.sqlite3"}
        subprocess.run([dam_cli, "setup-db"], env=env, check=True, capture_output=True)
        bare = cpu_of([sys.executable, "-c", BARE, str(folder)], env)
        dam = cpu_of([dam_cli, "add-asset", "-q", "-j0", str(folder)], env)
        ratios.append(dam / bare)
        print(f"bare {bare:6.2f} s   dam-cli add-asset {dam:6.2f} s   {ratios[-1]:.2f} times")
    print(f"ingest: median {statistics.median(ratios):.2f} times the processor time of the bare loop")


def fill(library: Library, count: int) -> None:
    """Add made-up recordings: fingerprints by lot, each step a few bits from the one before, as in real ones."""
    random = np.random.default_rng(1)
    for _ in range(0, count, BATCH):
        flips = random.integers(0, 2**32, (5, BATCH, STEPS), dtype=np.uint32)
        changes = flips[0] & flips[1] & (flips[2] | flips[3] & flips[4])
        changes[:, 0] = flips[0][:, 0]
        with library.write() as session:
            ids = ecs.add_entities(session, BATCH)
            rows, index = [], []
            for entity_id, fingerprint in zip(ids, np.bitwise_xor.accumulate(changes, axis=1), strict=True):
                rows.append({"entity_id": entity_id, "fingerprint": audio_match.to_bytes(fingerprint)})
                index += [
                    {"entity_id": entity_id, "position": position, "key": key}
                    for position, key in audio_match.anchors(fingerprint)
                ]
            ecs.put_rows(session, AudioFingerprintComponent, rows)
            ecs.put_rows(session, AudioAnchor, index)


def search_ratio(query: Path, scratch: str, runs: int, count: int) -> None:
    environments = {}
    for name, number in (("empty", 0), ("full", count)):
        url = f"sqlite:///{scratch}/{name}.sqlite3"
        engine, store = make_engine(url, 30), LocalBlobStore(Path(scratch, name))
        fill(Library(engine, store, set_up(engine, store).library_id), number)
        engine.dispose()
        store.close()
        environments[name] = os.environ | {"DATABASE_URL": url}
    ratios = []
    for run in range(runs + 1):
        took = {}
        for name, env in environments.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", SEARCH, str(query)], env=env, check=True, stdout=subprocess.DEVNULL)
            took[name] = time.perf_counter() - began
        if run:  # the first warms up
            ratios.append(took["full"] / took["empty"])
            print(f"empty {took['empty']:5.2f} s   {count} recordings {took['full']:5.2f} s   {ratios[-1]:.2f} times")
    print(f"search: median {statistics.median(ratios):.2f} times the same in an empty library")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--library", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "recordings")
        folder.mkdir()
        minute = [recordings.music(number, 60) for number in range(3)]
        for number in range(options.files):
            codec = list(recordings.CODECS)[number % len(recordings.CODECS)]
            signal = np.concatenate([np.roll(part, 5000 * number) for part in minute])
            (folder / f"{number:03}.{codec}").write_bytes(recordings.encode(signal, codec, 192))
        ingest_ratio(folder, scratch, options.runs)
        search_ratio(folder / "000.mp3", scratch, options.runs * 3, options.library)


if __name__ == "__main__":
    main()
