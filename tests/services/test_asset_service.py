import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError, UnreadableFileError, UsageError
from dam.models import DimensionsComponent, FileLocationComponent, FilePropertiesComponent, SourcePathComponent
from dam.services.asset_service import add_asset_file, add_tag_to_entity, get_tags_for_entity
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.tags.counts import count_tags
from dam.services.tags.names import checked_tag, checked_tags
from dam.services.tags.tags import remove_tag_from_entity
from tests.services.conftest import MakeImage, spoil


def test_a_new_file_is_stored_and_described(library: Library, db_session: Session, make_image: MakeImage) -> None:
    photo = make_image("photo.png", size=(30, 20))
    entity, is_new = add_asset_file(db_session, photo, store=library.store)
    assert is_new
    size = ecs.get_component(db_session, entity.id, DimensionsComponent)
    assert size is not None
    assert (size.width, size.height) == (30, 20)
    properties = ecs.get_component(db_session, entity.id, FilePropertiesComponent)
    assert properties is not None
    assert (properties.original_filename, properties.media_type) == ("photo.png", "image/png")
    location = ecs.get_component(db_session, entity.id, FileLocationComponent)
    assert location is not None
    assert location.storage_type == library.store.storage_type
    with library.store.open(location.file_identifier) as blob:
        assert blob.read() == photo.read_bytes()


def test_the_same_file_again_is_the_same_entity(library: Library, db_session: Session, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    first, _ = add_asset_file(db_session, tmp_path / "a.txt", store=library.store)
    again, is_new = add_asset_file(db_session, tmp_path / "a.txt", store=library.store)
    assert (again.id, is_new) == (first.id, False)
    assert len(ecs.get_components(db_session, first.id, SourcePathComponent)) == 1


def test_the_same_content_elsewhere_is_linked(library: Library, db_session: Session, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("a")
    first, _ = add_asset_file(db_session, tmp_path / "a.txt", store=library.store)
    again, is_new = add_asset_file(db_session, tmp_path / "b.txt", "other name.txt", store=library.store)
    assert (again.id, is_new) == (first.id, False)
    sources = ecs.get_components(db_session, first.id, SourcePathComponent)
    assert [source.filename for source in sources] == ["a.txt", "other name.txt"]


def test_the_name_can_be_given(library: Library, db_session: Session, tmp_path: Path) -> None:
    (tmp_path / "upload.tmp").write_text("a")
    entity, _ = add_asset_file(db_session, tmp_path / "upload.tmp", "letter.txt", store=library.store)
    [properties] = ecs.get_components(db_session, entity.id, FilePropertiesComponent)
    assert properties.original_filename == "letter.txt"


def test_a_relative_path_is_kept_as_an_absolute_one(
    library: Library, db_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("a")
    entity, _ = add_asset_file(db_session, Path("a.txt"), store=library.store)
    [source] = ecs.get_components(db_session, entity.id, SourcePathComponent)
    assert source.path_display == str(tmp_path / "a.txt")


def test_content_that_the_store_lost_is_stored_again(library: Library, db_session: Session, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    entity, _ = add_asset_file(db_session, tmp_path / "a.txt", store=library.store)
    sha256 = hashlib.sha256(b"a").hexdigest()
    spoil(library, sha256)
    assert add_asset_file(db_session, tmp_path / "a.txt", store=library.store) == (entity, False)
    with library.store.open(sha256) as blob:
        assert blob.read() == b"a"


@pytest.mark.parametrize("name", ["no such file", "."])
def test_an_unreadable_file_is_named(library: Library, db_session: Session, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        add_asset_file(db_session, tmp_path / name, store=library.store)
    assert str(tmp_path / name) in str(caught.value)


def test_tags_are_put_on_and_taken_off(db_session: Session) -> None:
    one, other = ecs.add_entities(db_session, 2)
    assert add_tag_to_entity(db_session, one, "sea")
    assert add_tag_to_entity(db_session, one, " holiday ")
    assert add_tag_to_entity(db_session, other, "sea")
    assert not add_tag_to_entity(db_session, one, "sea ")
    assert get_tags_for_entity(db_session, one) == ["holiday", "sea"]
    assert count_tags(db_session) == {"holiday": 1, "sea": 2}
    assert remove_tag_from_entity(db_session, one, "sea")
    assert not remove_tag_from_entity(db_session, one, "sea")
    assert get_tags_for_entity(db_session, one) == ["holiday"]
    assert get_tags_for_entity(db_session, other) == ["sea"]


def test_letters_that_look_the_same_are_one_tag(db_session: Session) -> None:
    [entity_id] = ecs.add_entities(db_session, 1)
    assert add_tag_to_entity(db_session, entity_id, "caf\u00e9")
    assert not add_tag_to_entity(db_session, entity_id, "cafe\u0301")


def test_an_entity_that_is_not_there_gets_no_tag(db_session: Session) -> None:
    with pytest.raises(NotFoundError, match="99"):
        add_tag_to_entity(db_session, 99, "x")
    assert get_tags_for_entity(db_session, 99) == []


@pytest.mark.parametrize("wrong", ["", "  ", "a,b", "a\nb", "a\0b", "\x1b[31m", "x" * 256, "\udcff"])
def test_what_is_no_tag(db_session: Session, wrong: str) -> None:
    [entity_id] = ecs.add_entities(db_session, 1)
    with pytest.raises(UsageError, match="tag"):
        add_tag_to_entity(db_session, entity_id, wrong)
    with pytest.raises(UsageError, match="tag"):
        remove_tag_from_entity(db_session, entity_id, wrong)


@given(text=st.text())
def test_a_checked_tag_stays_as_it_is(text: str) -> None:
    try:
        tag = checked_tag(text)
    except UsageError:
        return
    assert checked_tag(tag) == tag
    assert tag == tag.strip()
    assert 0 < len(tag) <= 255


def test_checked_tags_keep_their_order() -> None:
    assert checked_tags(["b", " a", "b "]) == ["b", "a"]
