"""Recall and precision of the search for recordings: five codecs at three bit rates, and clips.

    python tests/bench/quality_audio.py [--recordings 30] [--seconds 60]

A library of original recordings (FLAC), computed music and, where espeak-ng is, speech: each is searched for by its
encodings, by clips of 5, 10 and 20 seconds in three codecs, and by recordings that are not in it. Needs ffmpeg.
Target: recall and precision 1 for encodings.
"""

import argparse
import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from dam.core.database import make_engine
from dam.media.files.media_type import media_type
from dam.media.sample import Sample
from dam.services.ingest.ingest import ingest
from dam.services.ingest.outcome import each_outcome
from dam.services.library import Library
from dam.services.setup import set_up
from dam.services.similar.methods.audio import find_similar, similar_pairs
from dam.storage.local import LocalBlobStore
from tests.bench import recordings
from tests.bench.recordings import BIT_RATES, CODECS, RATE, Signal

CLIPS = (5, 10, 20)


def recording(number: int, seconds: float) -> Signal:
    """Every third is speech, where somebody speaks."""
    speaks = number % 3 == 2 and recordings.can_speak()
    return recordings.speech(number, seconds) if speaks else recordings.music(number, seconds)


def queries(signal: Signal, random: np.random.Generator) -> Iterator[tuple[str, bytes, float]]:
    """Yield encodings and clips: what they are called, their content, and where they begin."""
    for codec in CODECS:
        for bit_rate in BIT_RATES:
            yield f"{codec} {bit_rate}", recordings.encode(signal, codec, bit_rate), 0
    for seconds in CLIPS:
        for codec in ("mp3", "opus", "aac"):
            begin = random.uniform(0, len(signal) / RATE - seconds)
            part = signal[int(begin * RATE) : int((begin + seconds) * RATE)]
            yield f"clip of {seconds:2} s", recordings.encode(part, codec, 96), begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    tried, found, wrong, misplaced = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as scratch:
        engine = make_engine(f"sqlite:///{scratch}/dam.sqlite3", 5)
        store = LocalBlobStore(Path(scratch, "store"))
        library = Library(engine, store, set_up(engine, store).library_id)
        for number in range(options.recordings):
            content = recordings.encode(recording(number, options.seconds), "flac", BIT_RATES[-1])
            Path(scratch, f"{number}.flac").write_bytes(content)
        paths = [f"{scratch}/{number}.flac" for number in range(options.recordings)]
        ids = [outcome.entity_id for outcome in each_outcome(library, ingest(library, paths, []))]
        for number in range(options.recordings + options.recordings // 2):  # the last third is not in the library
            wanted = ids[number] if number < len(ids) else None
            for name, content, begin in queries(recording(number, options.seconds), random):
                kind = name if wanted else "not in the library"
                with library.read() as session:
                    sample = Sample(partial(io.BytesIO, content), media_type(content, ""))
                    matches = {match.entity_id: match for match in find_similar(session, sample)}
                tried[kind] += 1
                found[kind] += wanted in matches
                wrong[kind] += len(matches.keys() - {wanted})
                if wanted in matches:
                    details = matches[wanted].details
                    offset = details["match_seconds"][0] - details["query_seconds"][0]
                    misplaced[kind] += abs(offset - begin) > 0.5
        with library.read() as session:
            print(f"pairs among {len(ids)} different recordings: {len(list(similar_pairs(session)))}")
        store.close()
    print(f"{'query':20} {'tried':>6} {'recall':>7} {'precision':>9} {'elsewhere':>9}")
    for name, count in tried.items():
        hits = found[name] + wrong[name]
        precision = f"{found[name] / hits:9.3f}" if hits else "        –"
        recall = f"{found[name] / count:7.3f}" if name != "not in the library" else "      –"
        print(f"{name:20} {count:6} {recall} {precision} {misplaced[name]:9}")
    print(f"wrong matches: {wrong.total()} of {tried.total()} searches")


if __name__ == "__main__":
    main()
