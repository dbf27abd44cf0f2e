"""All groups of near hashes, against reading them from the database with a plain cursor and against faiss, in one run.

    python tests/bench/all_pairs.py [--counts 1000000 10000000] [--hash phash] [--threshold 4] [--queries 5000]

A database gets made-up hashes as skewed as those of pictures (see synthetic.py), of which a tenth are copies with up to
`threshold` bits changed, and a thousandth are equal to one another. A process of its own then reads them with a plain
cursor, and again for all groups around the asset of the lowest id. With faiss installed (a peer), its exact flat search
for some of the hashes is timed and multiplied. Targets at threshold 4: at a million at most 5 times the plain cursor
and at least 50 times faster than faiss; at ten million close to ten times that, in less than 2 GB.

The plain cursor's figure is the best of three reads, the other one of a single run: on a machine that has other work,
trust the ratio of CPU time. At last it is told how much more CPU each further count takes than the first one, and how
many more pairs there are: among unrelated pictures they grow with the square. doc/similarity.md has the figures.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tests.bench.synthetic import blocks, connected, hashes, set_up

MEASURE = """
import json, sqlite3, sys, time
from pathlib import Path
database, name, threshold = sys.argv[1], sys.argv[2], int(sys.argv[3])
query = f"SELECT entity_id, hash_value FROM component_image_perceptual_hash_{name}"
connection = sqlite3.connect(database)
plain, plain_cpu = [], []
for _ in range(3):
    began, began_cpu = time.perf_counter(), time.process_time()
    for _row in connection.execute(query):
        pass
    plain.append(time.perf_counter() - began)
    plain_cpu.append(time.process_time() - began_cpu)
import numpy as np
from dam.core.database import make_engine, reading
from dam.services.duplicates.star_clustering import group, hash_key
from dam.services.hamming.arrays import load_hashes
began, began_cpu = time.perf_counter(), time.process_time()
with reading(make_engine(f"sqlite:///{database}", 5))() as session:
    ids, hashes = load_hashes(session, name)
loaded = time.perf_counter() - began
key = hash_key(hashes, np.ones(len(ids), bool), threshold)
paired = time.perf_counter() - began
candidates = np.flatnonzero(key.has_any())
keepers = group(len(candidates), [key.of(candidates)], lambda pairs: np.ones(len(pairs.keepers), bool))
members = int((keepers != np.arange(len(candidates))).sum())
# not ru_maxrss: that of a new process begins with what its parent had
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({
    "plain": min(plain), "plain_cpu": min(plain_cpu),
    "loaded": loaded, "paired": paired, "seconds": time.perf_counter() - began,
    "cpu": time.process_time() - began_cpu, "members": members,
    "pairs": (len(key.near.items) - len(key.near.starts)) // 2,
    "megabytes": int(peak.split()[1]) // 1024,
}))
"""

FAISS = """
import json, sys, time
import faiss, numpy as np
values = np.load(sys.argv[1]).view(np.uint8).reshape(-1, 8)
queries = int(sys.argv[3])
faiss.omp_set_num_threads(1)
index = faiss.IndexBinaryFlat(64)
index.add(values)
began = time.perf_counter()
index.range_search(values[:queries], int(sys.argv[2]) + 1)
print(json.dumps((time.perf_counter() - began) * len(values) / queries))
"""


def fill(database: Path, name: str, count: int, threshold: int) -> None:
    """Write `count` hashes, and nothing else of their assets."""
    connection = connected(database)
    indexes = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name LIKE '%perceptual%'"
    ).fetchall()
    for (index,) in indexes:  # the scan does not use them
        connection.execute(f"DROP INDEX {index}")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    for first, some in blocks(count):
        values = with_copies(hashes(some)[name], threshold, first)
        rows = zip(range(first, first + len(values)), values.view(np.int64).tolist(), strict=True)
        connection.executemany(
            f"INSERT INTO component_image_perceptual_hash_{name} (entity_id, hash_value) VALUES (?, ?)", rows
        )
    connection.execute("COMMIT")
    connection.close()


def with_copies(values: np.ndarray, threshold: int, seed: int) -> np.ndarray:
    """Replace the last tenth by near copies of the first, and a thousandth by one value."""
    chance = np.random.default_rng(seed)
    copies = len(values) // 10
    near = values[:copies].copy()
    for changes in (chance.integers(0, 64, copies, dtype=np.uint64) for _ in range(threshold)):
        near = np.where(chance.random(copies) < 0.5, near ^ (np.uint64(1) << changes), near)
    values = np.concatenate([values[:-copies], near])
    values[chance.integers(0, len(values), len(values) // 1000)] = 0xF0F0_3C3C_0FF0_A5A5
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--hash", default="phash", choices=["phash", "dhash", "ahash"])
    parser.add_argument("--threshold", type=int, default=4)
    parser.add_argument("--queries", type=int, default=5000)
    options = parser.parse_args()
    results: list[dict[str, float]] = []
    for count in options.counts:
        with tempfile.TemporaryDirectory() as scratch:
            database = set_up(Path(scratch))
            fill(database, options.hash, count, options.threshold)
            words = [sys.executable, "-c", MEASURE, str(database), options.hash, str(options.threshold)]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout)
            tell(count, options, found)
            results.append(found)
            if len(results) == 1:
                against_faiss(database, options, found["paired"] - found["loaded"], scratch)
    for count, found in zip(options.counts[1:], results[1:], strict=True):
        print(
            f"{count / options.counts[0]:g} times the hashes: {found['cpu'] / results[0]['cpu']:.1f} times the CPU, "
            f"{found['pairs'] / results[0]['pairs']:.1f} times the pairs of values"
        )


def tell(count: int, options: argparse.Namespace, found: dict[str, float]) -> None:
    times, cpu = found["seconds"] / found["plain"], found["cpu"] / found["plain_cpu"]
    print(
        f"{count:,} of {options.hash} within {options.threshold}: plain cursor {found['plain']:.2f} s; "
        f"all groups {found['seconds']:.2f} s, {times:.1f} times (read by {found['loaded']:.2f}, paired by "
        f"{found['paired']:.2f}; CPU {found['cpu']:.2f}, {cpu:.1f} times); {found['pairs']:,} pairs of values, "
        f"{found['members']:,} duplicates; {found['megabytes']} MB",
        flush=True,
    )


def against_faiss(database: Path, options: argparse.Namespace, seconds: float, scratch: str) -> None:
    if not find_spec("faiss"):
        print("faiss: not installed")
        return
    table = f"component_image_perceptual_hash_{options.hash}"
    with sqlite3.connect(database) as connection:
        rows = connection.execute(f"SELECT hash_value FROM {table} ORDER BY random()").fetchall()
    connection.close()
    file = Path(scratch, "hashes.npy")
    np.save(file, np.array(rows, np.int64).ravel())
    words = [sys.executable, "-c", FAISS, str(file), str(options.threshold), str(options.queries)]
    flat = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    times = flat / seconds
    print(f"faiss flat, one thread too, from {options.queries:,} queries: {flat:.0f} s, {times:.0f} times all pairs")


if __name__ == "__main__":
    main()
