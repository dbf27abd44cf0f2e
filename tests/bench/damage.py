"""Random damages of a library: each must be named by `verify --content`, and healed by `repair` or `rebuild-db`.

    python tests/bench/damage.py [--damages 1000] [--seed 1] [--kind flip-blob]

Each damage is done to a copy of a library whose sources are gone; a mirror and the manifest have what heals. Then
verify must name it, repair (or rebuild-db, after damage of the database that is beyond repair) must heal it, and verify
must be content. Blobs and all rows must be as before, but for the times when rows were written. A change of the
database that changes no row that matters (see UNIMPORTANT), and that SQLite does not mind, is of no effect. Prints a
table by kind, and each damage that was not named; false alarms on ten sound libraries, one in use, are counted before.
"""

import argparse
import difflib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PIL import ExifTags, Image

import dam
from dam.core.config import Settings, load_settings
from dam.core.errors import DamError
from dam.models.base_class import Base
from dam.services.components.derived_rows import derived_tables
from dam.services.ingest.run_systems import run_systems
from dam.services.library import open_library, open_unmarked
from dam.services.manifest.kept_tables import kept_models
from dam.services.processes.pool import open_pool
from dam.services.rebuild.rebuild import rebuild
from dam.services.repair.marker import repair_marker
from dam.services.repair.repair import repair
from dam.services.verify.findings import Finding
from dam.services.verify.verify import verify
from dam.storage.modes import Mode

FILES = 18
PICTURES = 6
NAMED, SILENT, VOID, HEALED, LEFT = "named", "silent", "no effect", "healed", "left"
UNIMPORTANT = ("blob_checks", "ingest_failures", "sqlite_sequence")
"""Tables that verification does not compare: when what was read, and failed; and the largest ids that were used."""
WORDS = "search_"
"""What the names of the indexes of words begin with: they are made again from the rows, by `repair` too."""
TIMES = ("created_at", "updated_at")
"""Columns of components that it does not compare."""
Damage = Callable[[Path, random.Random], None]


def settings_of(folder: Path) -> Settings:
    return load_settings(DATABASE_URL=f"sqlite:///{folder / 'dam.sqlite3'}", ASSET_STORAGE_PATH=folder / "store")


def make_library(folder: Path, mirror: Path | None = None, seed: int = 1) -> None:
    """Make a library of small files, tagged, whose sources are gone; some are pictures and texts."""
    chance = random.Random(seed)
    sources = folder / "sources"
    sources.mkdir(parents=True)
    for number in range(FILES):
        (sources / f"{number}.dat").write_bytes(chance.randbytes(chance.randrange(1, 20_000)))
    for number in range(PICTURES):
        exif = Image.Exif()
        exif[ExifTags.Base.Make] = f"Maker {number}"
        picture = Image.frombytes("L", (9, 8), chance.randbytes(72)).resize((90, 80))
        picture.save(sources / f"{number}.jpg", exif=exif)
        (sources / f"{number}.html").write_text(" ".join(chance.choices(("one", "two", "three", "four"), k=99)))
    with dam.open(f"sqlite:///{folder / 'dam.sqlite3'}", folder / "store") as library:
        list(library.add(sources, jobs=0, mode=Mode.MOVE, tags=["sea"]))
        library.tag(1, "lake")
        if mirror:
            from dam.services.mirrors.mirrors import add_mirror, open_mirror
            from dam.services.mirrors.sync import sync

            list(sync(library, open_mirror(library, add_mirror(library, "m", mirror))))


def replace(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(content)
    path.chmod(mode & 0o777)


def flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    replace(path, bytes(content))


def zeros(path: Path, chance: random.Random) -> None:
    """Lose a block of 4096 bytes, as disks do."""
    content = path.read_bytes()
    at = chance.randrange(0, len(content), 4096)
    block = content[at : at + 4096]
    lost = bytes(len(block)) if any(block) else b"\xff" * len(block)
    replace(path, content[:at] + lost + content[at + 4096 :])


def cut(path: Path, chance: random.Random) -> None:
    """Cut a file at a part of its size, so that one seed cuts files of nearly equal sizes at one place."""
    content = path.read_bytes()
    replace(path, content[: int(chance.random() * len(content))])


def blob(folder: Path, chance: random.Random) -> Path:
    return chance.choice(sorted((folder / "store").glob("??/??/*")))


def swap(folder: Path, chance: random.Random) -> None:
    one, other = chance.sample(sorted((folder / "store").glob("??/??/*")), 2)
    first, second = one.read_bytes(), other.read_bytes()
    replace(one, second)
    replace(other, first)


def link(folder: Path, chance: random.Random) -> None:
    path = blob(folder, chance)
    path.rename(folder / "elsewhere")
    path.symlink_to(folder / "elsewhere")


def pipe(folder: Path, chance: random.Random) -> None:
    path = blob(folder, chance)
    path.unlink()
    os.mkfifo(path)


def make_folder(folder: Path, chance: random.Random) -> None:
    path = blob(folder, chance)
    path.unlink()
    path.mkdir()


def misplace(folder: Path, chance: random.Random) -> None:
    path = blob(folder, chance)
    wrong = folder / "store" / chance.choice(["", "00", "00/11", path.name[2:4]]) / path.name
    wrong.parent.mkdir(parents=True, exist_ok=True)
    path.rename(wrong)


def on(relative: str, change: Callable[[Path, random.Random], None]) -> Damage:
    """Return a damage of one file, by its pattern."""
    return lambda folder, chance: change(chance.choice(sorted(folder.glob(relative))), chance)


BLOB, DATABASE, MANIFEST, MARKER = "store/??/??/*", "dam.sqlite3", "store/manifest/*.jsonl", "store/dam-library-id"

DAMAGES: dict[str, Damage] = {
    "flip-blob": on(BLOB, flip),
    "zeros-blob": on(BLOB, zeros),
    "cut-blob": on(BLOB, cut),
    "longer-blob": on(BLOB, lambda path, _: replace(path, path.read_bytes() + b"?")),
    "delete-blob": on(BLOB, lambda path, _: path.unlink()),
    "swap-blobs": swap,
    "link-blob": link,
    "pipe-blob": pipe,
    "folder-blob": make_folder,
    "misplace-blob": misplace,
    "writable-blob": on(BLOB, lambda path, _: path.chmod(0o644)),
    "hardlink-blob": on(BLOB, lambda path, _: os.link(path, path.parents[3] / "second-name")),
    "flip-database": on(DATABASE, flip),
    "zeros-database": on(DATABASE, zeros),
    "cut-database": on(DATABASE, cut),
    "delete-database": on(DATABASE, lambda path, _: path.unlink()),
    "flip-manifest": on(MANIFEST, flip),
    "zeros-manifest": on(MANIFEST, zeros),
    "cut-manifest": on(MANIFEST, cut),
    "delete-manifest": on(MANIFEST, lambda path, _: path.unlink()),
    "flip-marker": on(MARKER, flip),
    "cut-marker": on(MARKER, cut),
    "delete-marker": on(MARKER, lambda path, _: path.unlink()),
}


def findings(folder: Path) -> list[str]:
    """Return what `verify --content` calls damage."""
    try:
        with dam.open(f"sqlite:///{folder / 'dam.sqlite3'}", folder / "store", create=False) as library:
            found = [each for each in verify(library, content=True, threads=2) if isinstance(each, Finding)]
            return [f"{each.problem}: {each.detail}" for each in found if each.problem.is_damage]
    except DamError as exc:
        return [f"{type(exc).__name__}: {exc}"]


def rows(folder: Path) -> dict[str, list[tuple[object, ...]]] | None:
    """Return the rows of assets, without those of the journal; None if they cannot be read."""
    derived = [table.__tablename__ for table in derived_tables()]
    names = [*(name for name in kept_models() if not name.startswith("operation")), *derived]
    try:
        with closing(sqlite3.connect(folder / "dam.sqlite3")) as connection:
            return {
                name: sorted(connection.execute(f"SELECT {columns(name, is_derived=name in derived)} FROM {name}"))
                for name in names
            }
    except (sqlite3.Error, TypeError):
        return None


def columns(table: str, *, is_derived: bool) -> str:
    """Return the columns of a table, but for those of the times when a row was written, and ids of derived rows."""
    names = [column.name for column in Base.metadata.tables[table].columns]
    return ", ".join(f'"{name}"' for name in names if name not in (*TIMES, "id" if is_derived else ""))


def everything(folder: Path) -> str | None:
    """Return all of the database that matters as text; None if SQLite finds it damaged."""
    try:
        with closing(sqlite3.connect(folder / "dam.sqlite3")) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return None
            found = sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"), key=repr)
            found = [row for row in found if not row[1].startswith(WORDS)]
            names = [name for kind, name, *_ in found if kind == "table" and name not in UNIMPORTANT]
            for name in names:
                is_component = name.startswith("component_")
                about = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
                wanted = ", ".join(f'"{each}"' for each in about if not (is_component and each in TIMES))
                found += sorted(
                    ((name, *row) for row in connection.execute(f'SELECT {wanted} FROM "{name}"')), key=repr
                )
            return "\n".join(map(repr, found))
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def explain(number: int, name: str, before: str | None, now: str | None) -> None:
    """Print what a damage that was not named has changed."""
    lines = difflib.unified_diff((before or "").splitlines(), (now or "").splitlines(), lineterm="", n=0)
    print(f"{SILENT}: {name} {number}", *(line[:300] for line in lines), sep="\n  ", flush=True)


def blobs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "store").glob("??/??/*") if path.is_file()}


def heal(folder: Path) -> None:
    """Repair; where the database is beyond that, rebuild it from the manifest."""
    settings = settings_of(folder)
    try:
        with open_unmarked(settings) as library:
            list(repair_marker(library, dry_run=False))
            left = [each for each in repair(library, content=True, threads=2) if each.result == "left"]
        if not any(each.action == "database" for each in left):
            return
    except DamError:
        pass
    database = folder / "dam.sqlite3"
    if database.exists():
        database.rename(folder / "damaged.sqlite3")
    for companion in folder.glob("dam.sqlite3-*"):
        companion.unlink()
    list(rebuild(settings))
    with open_library(settings) as library, open_pool(0) as pool:
        list(run_systems(library, pool=pool))


def outcome(whole: Path, folder: Path, number: int, name: str, chance: random.Random) -> tuple[str, str]:
    """Damage a copy of a library; return whether that was named and healed."""
    DAMAGES[name](folder, chance)
    before, damaged = everything(whole), everything(folder)
    if not findings(folder):  # which writes when it has read what
        if damaged == before and blobs(folder) == blobs(whole):
            return VOID, VOID
        explain(number, name, before, damaged)
        return SILENT, LEFT
    try:
        heal(folder)
    except DamError as exc:
        return NAMED, f"{LEFT}: {exc}"
    if (after := findings(folder)) or blobs(folder) != blobs(whole):
        return NAMED, f"{LEFT}: {after[:1]}"
    wanted, now = rows(whole) or {}, rows(folder) or {}
    differing = [name for name in wanted if wanted[name] != now.get(name)]
    return NAMED, f"{LEFT}: rows of {', '.join(differing)} differ" if differing else HEALED


def run(damages: int, seed: int, kinds: list[str], scratch: Path) -> dict[str, Counter[str]]:
    """Do random damages; return the outcomes by kind."""
    whole, copy = scratch / "whole", scratch / "copy"
    make_library(whole, scratch / "mirror")
    results: dict[str, Counter[str]] = defaultdict(Counter)
    for number in range(damages):
        chance = random.Random(f"{seed} {number}")
        name = kinds[number % len(kinds)]
        shutil.copytree(whole, copy, symlinks=True)
        named, healed = outcome(whole, copy, number, name, chance)
        results[name].update({named: 1} if named == VOID else {named: 1, healed: 1})
        shutil.rmtree(copy)
    return results


def false_alarms(scratch: Path) -> list[str]:
    """Verify ten sound libraries, one of them while files come in; return what is called damage."""
    found = []
    for seed in range(9):
        make_library(scratch / str(seed), seed=seed)
        found += findings(scratch / str(seed))
    busy = scratch / "busy"
    (busy / "in").mkdir(parents=True)
    for number in range(3000):
        (busy / "in" / f"{number}.txt").write_text(f"file {number}")
    env = os.environ | {"DATABASE_URL": f"sqlite:///{busy / 'dam.sqlite3'}", "ASSET_STORAGE_PATH": str(busy / "store")}
    command = str(Path(sys.executable).with_name("dam-cli"))
    subprocess.run([command, "setup-db"], env=env, check=True, capture_output=True)
    with subprocess.Popen([command, "add-asset", "-q", "--tags", "busy", busy / "in"], env=env) as ingest:
        while ingest.poll() is None:
            found += findings(busy)
    return found + findings(busy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--damages", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=DAMAGES, action="append")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        alarms = false_alarms(Path(scratch, "sound"))
        print(f"false alarms on ten sound libraries, one in use: {len(alarms)}", *alarms[:5], sep="\n  ")
        results = run(options.damages, options.seed, options.kind or list(DAMAGES), Path(scratch))
    total: Counter[str] = Counter()
    for name, counts in results.items():
        total.update(counts)
        print(f"{name:16} " + ", ".join(f"{count} {what}" for what, count in counts.most_common()))
    print("all: " + ", ".join(f"{total[what]} {what}" for what in (NAMED, HEALED, SILENT, VOID)))


if __name__ == "__main__":
    main()
