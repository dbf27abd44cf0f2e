"""Libraries of made-up pictures as large as wanted, with hashes as skewed as those of real ones.

A picture is a sum of 16 × 16 cosines with random weights that fall with frequency as in photographs. All that the
library knows of it follows from the weights by matrix products, so that ten million take minutes.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SIDE = 16
FALL = 1.15
"""Amplitudes are 1 / frequency to this power: then bands of hashes are as skewed as measured on photographs."""
BLOCK = 50_000
KINDS = ("phash", "ahash", "dhash")
DAM = str(Path(sys.executable).with_name("dam-cli"))


def cosines(cells: int) -> np.ndarray:
    """The mean of each cosine in each of some cells, shape (cells, 16)."""
    places = (np.arange(cells * 8) + 0.5) / (cells * 8)
    waves = np.cos(np.pi * np.outer(places, np.arange(SIDE)))
    return np.asarray(waves.reshape(cells, 8, SIDE).mean(axis=1), np.float32)


def weights(block: int, count: int = BLOCK) -> np.ndarray:
    """The weights of a block of pictures, shape (count, 16, 16)."""
    down, across = np.ogrid[:SIDE, :SIDE]
    fall = np.maximum(np.hypot(down, across), 1).astype(np.float32) ** -FALL
    fall[0, 0] = 0
    random = np.random.default_rng(block)
    weighted: np.ndarray = random.standard_normal((BLOCK, SIDE, SIDE), dtype=np.float32)[:count] * fall
    return weighted


def packed(bits: np.ndarray) -> np.ndarray:
    return np.packbits(bits.reshape(len(bits), 64), axis=1).view(np.dtype(">u8")).ravel().astype(np.uint64)


def hashes(weights: np.ndarray) -> dict[str, np.ndarray]:
    low = weights[:, :8, :8].reshape(len(weights), 64).copy()
    low[:, 0] = np.inf  # the mean of a picture is above the median
    half = cosines(8) @ weights
    small, wide = (half @ cosines(8).T).reshape(len(weights), 64), half @ cosines(9).T
    return {
        "phash": packed(low > np.median(low, axis=1, keepdims=True)),
        "ahash": packed(small > small.mean(axis=1, keepdims=True)),
        "dhash": packed(wide[:, :, 1:] > wide[:, :, :-1]),
    }


def pictures(weights: np.ndarray, side: int) -> np.ndarray:
    """The pictures themselves, shape (count, side, side)."""
    planes = cosines(side) @ weights @ cosines(side).T
    return np.asarray((planes * 30 + 128).clip(0, 255), np.uint8)


def blocks(count: int) -> Iterator[tuple[int, np.ndarray]]:
    """The first entity id of each block, and the weights of its pictures."""
    for number in range(-(-count // BLOCK)):
        yield number * BLOCK + 1, weights(number, min(BLOCK, count - number * BLOCK))


def all_hashes(count: int) -> dict[str, np.ndarray]:
    parts = [hashes(some) for _, some in blocks(count)]
    return {kind: np.concatenate([part[kind] for part in parts]) for kind in KINDS}


def environment(folder: Path, database: str | None = None) -> dict[str, str]:
    """How a command finds a library in a folder, with SQLite's database there or another one."""
    url = database or f"sqlite:///{folder / 'dam.sqlite3'}"
    return os.environ | {"DATABASE_URL": url, "ASSET_STORAGE_PATH": str(folder / "store")}


def set_up(folder: Path) -> Path:
    """Make an empty library; return its database."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([DAM, "setup-db"], env=environment(folder), check=True, stdout=subprocess.DEVNULL)
    return folder / "dam.sqlite3"


def connected(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None)
    for setting in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -1000000"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def band_indexes(connection: sqlite3.Connection) -> dict[str, str]:
    """How each index on a band is made, by name."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name LIKE '%_band_%'")
    return dict(rows.fetchall())


def fill(database: Path, count: int, *, bulk: bool) -> float:
    """Put pictures into an empty library; `bulk`: make the indexes at the end. Return the seconds it took."""
    began = time.perf_counter()
    connection = connected(database)
    indexes = band_indexes(connection) if bulk else {}
    for name in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("BEGIN")
    for first, some in blocks(count):
        add_block(connection, first, some)
    for statement in indexes.values():
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.close()
    return time.perf_counter() - began


def add_block(connection: sqlite3.Connection, first: int, some: np.ndarray) -> None:
    for table, rows in rows_of(first, some).items():
        marks = ", ".join("?" * (table.count(",") + 1))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def rows_of(first: int, some: np.ndarray) -> dict[str, Iterator[tuple[object, ...]]]:
    """What the library knows of a block of pictures, by table with its columns."""
    ids = range(first, first + len(some))
    names = [f"{entity_id:064x}" for entity_id in ids]
    lumas = pictures(some, SIDE).reshape(len(some), -1)
    columns = {
        "content_hash_sha256 (entity_id, hash_value)": ((bytes.fromhex(name),) for name in names),
        "content_hash_md5 (entity_id, hash_value)": ((bytes.fromhex(name[32:]),) for name in names),
        "file_properties (entity_id, original_filename, file_size_bytes, media_type)": (
            (f"{name[-8:]}.jpg", 100_000, "image/jpeg") for name in names
        ),
        "file_location (entity_id, file_identifier, storage_type)": (
            (name, "local_content_addressable") for name in names
        ),
        "image_luma (entity_id, luma)": ((luma.tobytes(),) for luma in lumas),
    }
    for kind, values in hashes(some).items():
        columns[f"image_perceptual_hash_{kind} (entity_id, hash_value)"] = (
            (value,) for value in values.view(np.int64).tolist()
        )
    found: dict[str, Iterator[tuple[object, ...]]] = {"entities (id)": ((entity_id,) for entity_id in ids)}
    for table, rows in columns.items():
        found[f"component_{table}"] = ((entity_id, *row) for entity_id, row in zip(ids, rows, strict=True))
    return found
