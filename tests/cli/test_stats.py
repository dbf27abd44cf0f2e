"""Statistics of a library."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Engine, event, update

from dam.models.entity import Entity
from dam.render.stats import bar
from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from dam.services.processes.limits import NO_LIMITS
from dam.services.processes.pool import Pool
from dam.services.stats import Surplus, statistics
from tests.conftest import Dam
from tests.media.described import described_jpeg, exif_block, keywords_xmp

SVG = "{http://www.w3.org/2000/svg}"
POOL = Pool(0, NO_LIMITS)


def fill(dam: Dam, folder: Path) -> None:
    (folder / "a.jpg").write_bytes(described_jpeg())
    (folder / "b.jpg").write_bytes(described_jpeg(xmp=keywords_xmp("sea")))  # the same picture
    (folder / "c.txt").write_text("a text")
    dam("add-asset", *(folder / name for name in ("a.jpg", "b.jpg", "c.txt")))
    dam("tag", "add", "1", "place/rome")


def test_of_a_library(each_dam: Dam, tmp_path: Path) -> None:
    fill(each_dam, tmp_path)
    a, b, c = (os.path.getsize(tmp_path / name) for name in ("a.jpg", "b.jpg", "c.txt"))
    found = each_dam("stats", "--json").json
    assert (found["assets"], found["bytes"]) == (3, a + b + c)
    assert found["kinds"] == [
        {"name": "image", "assets": 2, "bytes": a + b},
        {"name": "document", "assets": 1, "bytes": c},
    ]
    assert [share["name"] for share in found["formats"]] == ["image/jpeg", "text/plain"]
    assert found["taken"] == [{"name": "2026-05", "assets": 2, "bytes": a + b}]
    assert found["cameras"] == [{"name": "Makers Model 1", "assets": 2, "bytes": a + b}]
    assert found["tags"] == [{"name": "place/rome", "assets": 1, "bytes": a}]
    [month] = found["months"]
    assert month["total_bytes"] == month["bytes"] == a + b + c
    assert month["kinds"] == {"image": a + b, "document": c}
    assert found["content"] == {"groups": 1, "assets": 1, "bytes": min(a, b)}
    assert found["pixels"]["groups"] == 0


def test_of_what_matches_a_query(dam: Dam, tmp_path: Path) -> None:
    fill(dam, tmp_path)
    assert dam("stats", "kind:image", "--json").json["assets"] == 2
    assert dam("stats", "kind:image", "-tag:place", "--json").json["assets"] == 1
    nothing = dam("stats", "tag:none", "--json").json
    assert (nothing["assets"], nothing["months"], nothing["content"]["bytes"]) == (0, [], 0)
    dam("rm", "1", "--yes")
    assert dam("stats", "--json").json["assets"] == 2
    dam("stats", "(kind:image", code=2)


def test_for_people(dam: Dam, tmp_path: Path) -> None:
    fill(dam, tmp_path)
    out = dam("stats").out
    assert out.startswith("3 assets, ")
    assert "Makers Model 1" in out
    assert "█" in out
    assert "equal images with other metadata: 1 group, 1 asset too many" in out
    assert dam("stats", "tag:none").out == "0 assets, 0 B\n"


def test_names_from_files_cannot_act_on_the_terminal(dam: Dam, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(described_jpeg(exif=exif_block({272: "\u202eevil".encode() + b"x" * 90})))
    dam("add-asset", tmp_path / "a.jpg")
    out = dam("stats").out
    assert "evilx" in out
    assert "\u202e" not in out


def test_a_drawing(dam: Dam, tmp_path: Path) -> None:
    fill(dam, tmp_path)
    drawing = tmp_path / "growth.svg"
    dam("stats", "--svg", drawing)
    titles = [each.text or "" for each in ET.fromstring(drawing.read_text()).iter(f"{SVG}title")]
    assert [title.split()[1] for title in titles] == ["image:", "document:"]
    assert "--force" in dam("stats", "--svg", drawing, code=2).err
    dam("stats", "tag:none", "--svg", drawing, "--force")
    assert not list(ET.fromstring(drawing.read_text()).iter(f"{SVG}title"))


def test_growth_is_by_month(each_library: Library, tmp_path: Path) -> None:
    assert statistics(each_library).months == ()
    paths = [tmp_path / f"{number}.txt" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_text("x" * (number + 1))
    list(ingest(each_library, map(str, paths), pool=POOL))
    days = ("2025-12-31T23:59+00:00", "2026-01-01T00:00+00:00", "2026-03-01T00:00+00:00")
    with each_library.write() as session:
        for number, day in enumerate(days, 1):
            session.execute(update(Entity).where(Entity.id == number).values(created_at=datetime.fromisoformat(day)))
    found = statistics(each_library)
    assert [(month.month, month.assets, month.bytes, month.total_bytes) for month in found.months] == [
        ("2025-12", 1, 1, 1),
        ("2026-01", 1, 2, 3),
        ("2026-03", 1, 3, 6),
    ]


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_statements_do_not_grow_with_the_library(library: Library, tmp_path: Path) -> None:
    numbers = []
    for count in (1, 40):
        for number in range(count):
            (tmp_path / f"{number}.txt").write_text(f"text {number}")
        list(ingest(library, [str(path) for path in tmp_path.glob("*.txt")], pool=POOL))
        with counting(library.engine) as seen:
            assert statistics(library).pixels == Surplus(0, 0, 0)
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] <= 12


@pytest.mark.parametrize(("fraction", "text"), [(0, ""), (1, "████"), (0.5, "██"), (1 / 32, "▏")])
def test_bars(fraction: float, text: str) -> None:
    assert bar(fraction, 4) in (text, "#" * round(fraction * 4))
