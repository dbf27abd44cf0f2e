"""Files that another program has changed: what the user said of the old content holds for the new one."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dam.models import (
    ImagePixelDigestComponent,
    OperationChange,
    ReplacedComponent,
    component_classes,
)
from dam.services.catalogue.assets import summarise
from dam.services.catalogue.description import describe
from dam.services.catalogue.pairs import put_verdict, verdicts
from dam.services.catalogue.succession import user_said
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.duplicates.decider import DuplicateOptions
from dam.services.duplicates.groups import find_duplicates
from dam.services.duplicates.rules import Level
from dam.services.ingest.ingest import Options, Outcome, each_outcome, ingest
from dam.services.journal.undo import undo
from dam.services.library import Library
from dam.services.tags.tags import get_tags_for_entity
from dam.systems.system import all_systems, tables_by_system
from tests.media.described import keywords_xmp
from tests.services.conftest import MakeImage, ingest_all

LIBRARY_SAYS = {
    "ContentHashMd5Component",
    "ContentHashSha256Component",
    "FileLocationComponent",
    "FilePropertiesComponent",
    "ImagePixelDigestComponent",
    "ReplacedComponent",
    "SimilarPairComponent",
    "SourcePathComponent",
    "SystemFailureComponent",
    "TrashedComponent",
}
"""Components that neither a system nor the user says."""


def edit(make_image: MakeImage, path: Path, title: str) -> None:
    """Give a picture other metadata, as a program for photos does: the file is written anew."""
    make_image(str(path), seed=1, xmp=keywords_xmp(title))


def tags(library: Library, outcome: Outcome) -> list[str]:
    with library.read() as session:
        return get_tags_for_entity(session, outcome.entity_id or 0)


def replaced(library: Library) -> list[tuple[int, int]]:
    with library.read() as session:
        rows = session.execute(select(ReplacedComponent.entity_id, ReplacedComponent.by_entity_id))
        return [(old, new) for old, new in rows]


def follow(library: Library, *paths: Path) -> list[Outcome]:
    return list(each_outcome(library, ingest(library, map(str, paths), (), Options(follow=True))))


@pytest.fixture
def photo(make_image: MakeImage) -> Path:
    return make_image("in/a.jpg")


def test_every_component_is_of_a_system_of_the_library_or_of_the_user() -> None:
    """A new component that the user says is marked as such, and so is taken over by newer contents."""
    by_systems = {table for system in all_systems() for table in tables_by_system()[system.name]}
    rest = {kind for kind in component_classes() if kind not in by_systems}
    assert {kind.__name__ for kind in rest} - LIBRARY_SAYS == {kind.__name__ for kind in user_said()}


def test_edited_metadata_keep_tags_and_verdicts(each_library: Library, photo: Path, make_image: MakeImage) -> None:
    make_image("in/b.jpg", seed=2)
    old, other = ingest_all(each_library, photo.parent, tags=["holiday"])
    assert old.entity_id
    assert other.entity_id
    with each_library.write() as session:
        put_verdict(session, (old.entity_id, other.entity_id), Verdict.ALTERNATE)
    edit(make_image, photo, "sea")
    [new, _] = ingest_all(each_library, photo.parent)
    assert (new.status, new.replaces, new.took_over) == ("added", old.entity_id, True)
    assert new.entity_id
    assert tags(each_library, new) == ["holiday"]
    with each_library.read() as session:
        assert verdicts(session, [new.entity_id]) == {(other.entity_id, new.entity_id): Verdict.ALTERNATE}
        [summary] = summarise(session, each_library.store, [old.entity_id])
        assert summary.replaced_by == new.entity_id
        assert describe(session, str(new.entity_id)).replaces == [old.entity_id]
    assert tags(each_library, old) == ["holiday"]  # nothing is deleted


def test_another_picture_takes_over_nothing_unless_it_is_to_follow(
    library: Library, photo: Path, make_image: MakeImage
) -> None:
    ingest_all(library, photo, tags=["holiday"])
    make_image(str(photo), seed=2)
    [other] = ingest_all(library, photo)
    assert (other.took_over, tags(library, other), replaced(library)) == (False, [], [])
    ingest_all(library, photo, tags=["sea"])
    make_image(str(photo), seed=3)
    [followed] = follow(library, photo)
    assert (followed.took_over, tags(library, followed)) == (True, ["sea"])
    assert replaced(library) == [(other.entity_id, followed.entity_id)]


def test_equal_pixels_are_enough(library: Library, make_image: MakeImage) -> None:
    png = make_image("in/a.png", compress_level=1)
    [old] = ingest_all(library, png, tags=["holiday"])
    make_image("in/a.png", compress_level=9)
    copy = make_image("copy.png", compress_level=9)
    [new] = ingest_all(library, copy)
    with library.write() as session:
        for each in (old, new):
            row = {"entity_id": each.entity_id, "digest": "00" * 32}
            ecs.put_rows(session, ImagePixelDigestComponent, [row])
    [again] = ingest_all(library, png)
    assert (again.status, again.took_over, tags(library, again)) == ("linked", True, ["holiday"])


def test_what_another_source_still_has_is_not_replaced(library: Library, photo: Path, make_image: MakeImage) -> None:
    copy = make_image("copy/a.jpg")
    ingest_all(library, photo, copy, tags=["holiday"])
    edit(make_image, photo, "sea")
    [new] = ingest_all(library, photo)
    assert (new.took_over, tags(library, new), replaced(library)) == (False, [], [])
    edit(make_image, copy, "sea")
    [last] = ingest_all(library, copy)
    assert (last.entity_id, last.took_over, tags(library, last)) == (new.entity_id, True, ["holiday"])


def test_a_copy_that_is_gone_holds_nothing(library: Library, photo: Path, make_image: MakeImage) -> None:
    """As after the folder was renamed, and its photos were edited then."""
    ingest_all(library, photo, tags=["holiday"])
    moved = photo.parent.rename(photo.parent.with_name("moved")) / photo.name
    ingest_all(library, moved)
    edit(make_image, moved, "sea")
    [new] = ingest_all(library, moved)
    assert (new.took_over, tags(library, new)) == (True, ["holiday"])


def test_both_of_a_pair_are_edited_at_once(library: Library, photo: Path, make_image: MakeImage) -> None:
    other = make_image("in/b.jpg", seed=2)
    outcomes = ingest_all(library, photo.parent)
    first, second = (outcome.entity_id or 0 for outcome in outcomes)
    with library.write() as session:
        put_verdict(session, (first, second), Verdict.UNRELATED)
    edit(make_image, photo, "sea")
    make_image(str(other), seed=2, xmp=keywords_xmp("sun"))
    third, fourth = (outcome.entity_id or 0 for outcome in ingest_all(library, photo.parent))
    with library.read() as session:
        assert verdicts(session, [third])[third, fourth] is Verdict.UNRELATED


def test_a_content_that_comes_back_is_no_longer_replaced(library: Library, photo: Path, make_image: MakeImage) -> None:
    before = photo.read_bytes()
    [old] = ingest_all(library, photo)
    edit(make_image, photo, "sea")
    [new] = ingest_all(library, photo, tags=["sea"])
    assert replaced(library) == [(old.entity_id, new.entity_id)]
    photo.write_bytes(before)
    [back] = ingest_all(library, photo)
    assert (back.entity_id, back.replaces, tags(library, back)) == (old.entity_id, new.entity_id, ["sea"])
    assert replaced(library) == [(new.entity_id, old.entity_id)]


def test_it_is_one_operation_of_the_journal(library: Library, photo: Path, make_image: MakeImage) -> None:
    ingest_all(library, photo, tags=["holiday"])
    edit(make_image, photo, "sea")
    ingest_all(library, photo)
    with library.read() as session:
        changes: list[Any] = list(session.execute(select(OperationChange.operation_id, OperationChange.table_name)))
    assert [table for _, table in changes[-2:]] == ["component_tag", "component_replaced"]
    assert len({operation for operation, _ in changes[-2:]}) == 1


def test_what_was_replaced_is_no_duplicate_to_review(library: Library, photo: Path, make_image: MakeImage) -> None:
    ingest_all(library, photo)
    edit(make_image, photo, "sea")
    [new] = ingest_all(library, photo)
    copy = make_image("in/copy.jpg", xmp=keywords_xmp("a copy"))
    [other] = ingest_all(library, copy)
    for level in Level:
        [group] = find_duplicates(library, DuplicateOptions(level)).groups
        ids = {group.keeper.entity_id, *(member.asset.entity_id for member in group.members)}
        assert ids == {new.entity_id, other.entity_id}


def test_an_undo_takes_it_back(library: Library, photo: Path, make_image: MakeImage) -> None:
    ingest_all(library, photo, tags=["holiday"])
    edit(make_image, photo, "sea")
    [new] = ingest_all(library, photo)
    done = undo(library)
    assert (done.undone.kind, tags(library, new), replaced(library)) == ("replace", [], [])
    undo(library, done.operation_id)
    assert tags(library, new) == ["holiday"]
