"""What the user writes about assets, and what holds of them."""

import pytest
from sqlalchemy import select

from dam.core.errors import UsageError
from dam.models import AnnotationComponent, AudioTagsComponent, DescriptionComponent
from dam.services.components import ecs
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.user_data.annotations import annotate
from dam.services.user_data.effective import Effective, effective
from tests.media.described import keywords_xmp
from tests.models.samples import sample_component
from tests.services.conftest import MakeImage, ingest_all


def written(library: Library) -> list[tuple[object, ...]]:
    table = AnnotationComponent
    with library.read() as session:
        columns = select(table.entity_id, table.rating, table.title, table.description, table.notes)
        return [tuple(row) for row in session.execute(columns.order_by(table.entity_id))]


def test_what_is_written_is_cleared_and_undone(each_library: Library) -> None:
    with each_library.write() as session:
        one, other = ecs.add_entities(session, 2)
        assert annotate(session, [one, other], {"rating": 4, "title": " Cafe\u0301 "}) == 2
    with each_library.write() as session:
        assert annotate(session, [one], {"rating": 4}) == 0
        assert annotate(session, [one], {"notes": "one\r\ntwo", "title": None}) == 1
    assert written(each_library) == [(one, 4, None, None, "one\ntwo"), (other, 4, "Café", None, None)]
    with each_library.write() as session:
        assert annotate(session, [one, other], {"rating": None, "title": None, "notes": None}) == 2
    assert written(each_library) == []
    with each_library.write() as session:
        assert annotate(session, [one], {"rating": None}) == 0
    for _ in range(2):
        undo(each_library)
    assert written(each_library) == [(one, 4, "Café", None, None), (other, 4, "Café", None, None)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("rating", value) for value in (6, -2, True, "4")),
        *(("title", value) for value in (" ", "a\nb", 4)),
        *(("notes", value) for value in ("a\0b", "\ud800", "x" * 100_001)),
        ("colour", "red"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_invalid_values_are_refused(library: Library, field: str, value: str | int) -> None:
    with pytest.raises(UsageError), library.write() as session:
        annotate(session, ecs.add_entities(session, 1), {field: value})


def test_the_user_goes_before_the_file(each_library: Library) -> None:
    with each_library.write() as session:
        one, other, none = ecs.add_entities(session, 3)
        for entity_id in (one, other):
            file = sample_component(DescriptionComponent, entity_id=entity_id, title="of the file", rating=2)
            file.description = None
            session.add(file)
        session.add(sample_component(AudioTagsComponent, entity_id=other, title="of the recording"))
        annotate(session, [one], {"title": "mine", "rating": 0, "notes": "n"})
    with each_library.read() as session:
        assert effective(session, [one, other, none]) == {
            one: Effective("mine", None, 0, "n"),
            other: Effective("of the file", None, 2, None),
        }


def test_a_newer_content_takes_it_over(library: Library, make_image: MakeImage) -> None:
    path = make_image("in/a.jpg", seed=1)
    [old] = ingest_all(library, path)
    with library.write() as session:
        annotate(session, [old.entity_id or 0], {"title": "mine"})
    make_image(str(path), seed=1, xmp=keywords_xmp("sea"))
    [new] = ingest_all(library, path)
    assert new.took_over
    with library.read() as session:
        assert effective(session, [new.entity_id or 0])[new.entity_id or 0].title == "mine"
