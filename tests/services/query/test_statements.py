"""How many statements a page of results takes."""

import pytest
from sqlalchemy import event

from dam.models import (
    ContentHashMd5Component,
    ContentHashSha256Component,
    DescriptionComponent,
    FileLocationComponent,
    FilePropertiesComponent,
    SourcePathComponent,
    TagComponent,
)
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.query.results import Shown, search
from tests.models.samples import sample_component

KINDS = (
    ContentHashMd5Component,
    ContentHashSha256Component,
    DescriptionComponent,
    FileLocationComponent,
    FilePropertiesComponent,
    SourcePathComponent,
)
SHOWN = Shown(["id", "name", "taken", "tag", "title"], snippets=True)


def statements(library: Library, text: str, sort: str, size: int) -> int:
    """Return the number of statements of the first page."""
    noted: list[str] = []

    def note(*arguments: object) -> None:
        noted.append(str(arguments[2]))

    event.listen(library.engine, "before_cursor_execute", note)
    assert len(next(search(library, text, SHOWN, sort=sort, limit=size))) == size
    event.remove(library.engine, "before_cursor_execute", note)
    return len(noted)


@pytest.mark.parametrize("text", ["", "sea", "tag:sea", "has:description name:*", "id:1.. -tag:river"])
@pytest.mark.parametrize("sort", ["", "name"])
def test_as_many_whatever_its_size(library: Library, text: str, sort: str) -> None:
    with library.write() as session:
        for each in ecs.add_entities(session, 110):
            session.add_all(sample_component(kind, number=each, entity_id=each) for kind in KINDS)
            session.add(TagComponent(entity_id=each, tag="sea"))
    assert statements(library, text, sort, 10) == statements(library, text, sort, 100) < 30
