"""The statements of the page on SQL views run, on both databases, and give what they say."""

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from dam.core.database import make_engine
from tests.conftest import PROJECT, Dam

PAGE = PROJECT / "doc/sql_views.md"
STATEMENTS = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def engine(each_dam: Dam) -> Iterator[Engine]:
    """A library with three files in one state each: tagged, without a tag, in the trash."""
    for name in ("tagged", "plain", "removed"):
        (each_dam.folder / f"{name}.txt").write_text(name)
        each_dam("add-asset", "-j0", "-q", f"{name}.txt")
    each_dam("tag", "add", "tagged.txt", "sea")
    each_dam("rm", "removed.txt", "--yes")
    engine = make_engine(each_dam.env["DATABASE_URL"], 5)
    yield engine
    engine.dispose()


def test_the_statements_of_the_page(engine: Engine) -> None:
    assert len(STATEMENTS) == 4
    with engine.connect() as connection:
        largest, cameras, untagged, by_tag = (connection.execute(text(each)).all() for each in STATEMENTS)
    assert [tuple(row) for row in largest] == [(1, "tagged.txt", 6), (2, "plain.txt", 5)]
    assert cameras == []
    assert [(asset, path.rpartition("/")[2]) for asset, path in untagged] == [(2, "plain.txt")]
    assert [tuple(row) for row in by_tag] == [("sea", 1, 6)]


def test_every_view_of_the_page_can_be_read(engine: Engine) -> None:
    documented = dict(re.findall(r"^\| `(view_\w+)` \| (.*) \|$", PAGE.read_text(), re.MULTILINE))
    assert len(documented) == 5
    with engine.connect() as connection:
        for view, columns in documented.items():
            found = connection.execute(text(f"SELECT * FROM {view}"))
            assert list(found.keys()) == re.findall(r"`(\w+)`", columns), view
