"""Queries in a library of a million assets with all common components, against the start of the program.

    python tests/bench/query.py [--assets N] [--folder FOLDER]

With --folder, a library that is there is used again. Prints for each query the milliseconds of CPU for its first page
in a warm process (the best of three), the number of statements, and whether that is within the limit: 100 ms, and
150 ms for the full text.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import event

from dam.core.database import make_engine, reading
from dam.services.full_text import rebuild
from dam.services.query.select import find_page
from tests.bench.synthetic import connected, set_up

QUERIES = (
    "", "kind:image", "kind:audio", "tag:sea", "tag:rare", "tag:place", "kind:image tag:sea -tag:rare",
    "tag:sea or tag:rare",
    "width>=5000 kind:image", "width>9000", "taken:2019-05", "taken:2019-05 tag:rare", "camera:X100*",
    "camera:Hasselblad",
    "size>49MB", "has:gps", "none:tag kind:image", "near:52.5,13.4,5km", "name:IMG_0012*", "name:IMG_0500000.jpg",
    "rating>=4", "rating>=4 taken:2019", "ext:pdf", "is:failed", "is:duplicate", "id:5000..5100",
    "added:-1d..", "iso:6400", "source:*/2019/*",
)  # fmt: skip
TEXTS = (
    "report",
    "annual report",
    '"annual report"',
    "ann*",
    "needle",
    "img",
    "report tag:sea",
    "img rare",
    "nothinglikeit",
)
SORTED = (("kind:image", "-taken"), ("", "-size"), ("", "name"), ("tag:rare", "-taken"), ("kind:image", "-width"))
MAX_MS, MAX_TEXT_MS = 100, 150
PAGE = 50

ROWS = """
entities: id, created_at | n, datetime('2026-01-01', '+' || n || ' seconds') | 1
component_content_hash_sha256: entity_id, hash_value | n, CAST(printf('%032d', n * 7919) AS BLOB) | 1
component_content_hash_md5: entity_id, hash_value | n, CAST(printf('%016d', n * 7919) AS BLOB) | 1
component_file_properties: entity_id, original_filename, file_size_bytes, media_type | n, printf('IMG_%07d.', n) || CASE n % 10 WHEN 8 THEN 'pdf' WHEN 9 THEN 'mp4' ELSE 'jpg' END, n * 7919 % 50000000, CASE n % 10 WHEN 8 THEN 'application/pdf' WHEN 9 THEN CASE n % 1000 WHEN 9 THEN 'audio/mpeg' ELSE 'video/mp4' END ELSE 'image/jpeg' END | 1
component_file_location: entity_id, file_identifier, storage_type | n, printf('%064d', n * 7919), 'local_content_addressable' | 1
component_source_path: entity_id, path, path_digest, folder_digest, path_display, filename, size, mtime_ns, inode, ctime_ns | n, CAST(printf('/photos/%d/%07d.jpg', 2000 + n % 25, n) AS BLOB), CAST(printf('%016d', n) AS BLOB), CAST(printf('%016d', n / 500) AS BLOB), printf('/photos/%d/IMG_%07d.jpg', 2000 + n % 25, n), printf('IMG_%07d.jpg', n), n, n * 1000000000, n, n | 1
component_dimensions: entity_id, width, height | n, 600 + n * 31 % 5500, 400 + n * 17 % 4000 | n % 10 < 8
component_capture: entity_id, local_time, iso, aperture, exposure_seconds | n, strftime('%Y-%m-%dT%H:%M:%S', 946684800 + n * 7919 % 788400000, 'unixepoch'), CASE n % 7 WHEN 0 THEN 6400 ELSE 100 * (1 + n % 16) END, 2.8, 0.004 | n % 10 < 7
component_camera: entity_id, make, model, lens | n, CASE n % 5 WHEN 0 THEN 'FUJIFILM' ELSE 'Canon' END, CASE n % 5 WHEN 0 THEN 'X100V' ELSE 'EOS ' || (n % 12) END, 'EF' | n % 10 < 7
component_gps: entity_id, latitude, longitude | n, 40 + n * 31 % 20000 / 1000.0, n * 17 % 30000 / 1000.0 | n % 10 < 3
component_tag: entity_id, tag, tag_key | n, 'sea', 'sea' | n % 3 = 0
component_tag: entity_id, tag, tag_key | n, 'place/' || (n % 500), 'place/' || (n % 500) | n % 2 = 0
component_tag: entity_id, tag, tag_key | n, 'rare', 'rare' | n % 20000 = 1
component_description: entity_id, title, description, rating | n, 'Title of ' || n, 'A day at the lake ' || (n % 1000), n % 6 | n % 10 = 1
component_annotation: entity_id, title, rating | n, 'Mine', n % 6 | n % 40 = 2
component_document: entity_id, pages, title, encrypted, has_text | n, n % 50, CASE n % 20 WHEN 8 THEN 'annual report ' ELSE 'letter ' END || n, 0, 1 | n % 10 = 8
component_document_text: entity_id, text, is_cut | n, 'The report of the year ' || (n % 30) || ' says, in many words, that the annual figures are as they are: ' || CASE n % 100000 WHEN 8 THEN 'needle' ELSE 'hay' END || n, 0 | n % 10 = 8
component_container: entity_id, format, duration, bit_rate, tags | n, 'mov', n % 6000, 8000000, '{}' | n % 10 = 9
component_system_failure: entity_id, system, version, reason | n, 'x', 1, 'y' | n % 5000 = 7
"""  # noqa: E501  one line a table: the columns, their values, and which assets have a row
INSERT = (
    "INSERT INTO {} ({}) WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) "
    "SELECT {} FROM s WHERE {}"
)


def fill(database: Path, count: int) -> None:
    """Write the rows without the full text, which is made after."""
    connection = connected(database)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("BEGIN")
    for line in ROWS.strip().splitlines():
        table, rest = line.split(": ", 1)
        columns, values, where = rest.rsplit(" | ", 2)
        connection.execute(INSERT.format(table, columns, count, values, where))
    connection.execute("COMMIT")
    connection.close()


def measure(engine: object, text: str, sort: str = "") -> tuple[float, int, int]:
    """Return milliseconds, statements, and assets on the first page."""
    statements: list[str] = []
    listen = lambda *arguments: statements.append(arguments[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listen)
    best, found = float("inf"), []
    for _ in range(3):
        statements.clear()
        with reading(engine)() as session:  # type: ignore[arg-type]
            began = time.process_time()
            found = find_page(session, text, sort, limit=PAGE)
            best = min(best, time.process_time() - began)
    event.remove(engine, "before_cursor_execute", listen)
    return best * 1000, len(statements), len(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="dam-bench-"))
    if not (folder / "dam.sqlite3").exists():
        fill(set_up(folder), given.assets)
        began = time.perf_counter()
        with make_engine(f"sqlite:///{folder / 'dam.sqlite3'}", 5).begin() as connection:
            rebuild(connection)
        print(f"full text of {given.assets:,} assets: {time.perf_counter() - began:.1f} s")
    engine, slow = make_engine(f"sqlite:///{folder / 'dam.sqlite3'}", 5), 0
    cases = [*((text, "", MAX_MS) for text in QUERIES), *((text, "", MAX_TEXT_MS) for text in TEXTS)]
    for text, sort, limit in [*cases, *((text, sort, MAX_MS) for text, sort in SORTED)]:
        ms, statements, found = measure(engine, text, sort)
        slow += ms > limit
        named = f"{text!r}{f' --sort {sort}' if sort else ''}"
        print(f"{ms:8.1f} ms  {statements:2} statements  {found:3} found  {'SLOW ' if ms > limit else '     '}{named}")
    print(f"{slow} of {len(cases) + len(SORTED)} queries above their limit")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
