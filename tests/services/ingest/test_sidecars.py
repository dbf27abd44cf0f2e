"""Sidecars beside the sources of images, and keywords as tags."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dam.media.files.selection import Selection
from dam.models.description_component import DescriptionComponent
from dam.models.system_record import SystemSet
from dam.models.tag_component import TagComponent
from dam.models.xmp_sidecar_component import XmpSidecarComponent
from dam.services.catalogue.lookup import find_one_asset
from dam.services.components import ecs
from dam.services.ingest.ingest import Options, Outcome, Unchanged, each_outcome, ingest
from dam.services.ingest.run_systems import run_systems
from dam.services.library import Library
from dam.services.processes.limits import Limits
from dam.services.processes.pool import Pool
from dam.services.tags.tags import get_tags_for_entity
from tests.media.described import bag, keywords_xmp, xmp_block

MakeImage = Callable[..., Path]


def add(library: Library, paths: Iterable[str | Path], **options: Any) -> dict[str, Outcome]:
    outcomes = each_outcome(library, ingest(library, map(str, paths), (), Options(**options)))
    return {Path(outcome.path).name: outcome for outcome in outcomes}


def keywords(library: Library, path: Path) -> Sequence[str] | None:
    with library.read() as session:
        found = ecs.get_component(session, find_one_asset(session, str(path)), DescriptionComponent)
        return found.keywords if found else None


def tags(library: Library, path: Path) -> list[str]:
    with library.read() as session:
        return get_tags_for_entity(session, find_one_asset(session, str(path)))


@pytest.mark.parametrize("name", ["a.png.xmp", "a.xmp", "a.XMP"])
def test_a_sidecar_is_read_with_its_image_and_is_an_asset(library: Library, make_image: MakeImage, name: str) -> None:
    picture = make_image("in/a.png")
    picture.with_name(name).write_bytes(keywords_xmp("sea", "sun"))
    outcomes = add(library, [picture.parent])
    assert outcomes[name].media_type == "application/rdf+xml"
    assert keywords(library, picture) == ["sea", "sun"]


def test_the_sidecar_with_the_full_name_comes_first(library: Library, make_image: MakeImage) -> None:
    pictures = [make_image("in/a.png"), make_image("in/a.jpg", seed=2), make_image("in/b.png", seed=3)]
    (pictures[0].with_name("a.xmp")).write_bytes(keywords_xmp("both"))
    (pictures[0].with_name("a.png.xmp")).write_bytes(keywords_xmp("one"))
    add(library, pictures)
    assert [keywords(library, path) for path in pictures] == [["one"], ["both"], None]


def test_a_sidecar_that_comes_later_or_changes(library: Library, make_image: MakeImage) -> None:
    picture, other = make_image("in/a.png"), make_image("in/ab.png", seed=2)
    sidecar = picture.with_name("a.xmp")
    add(library, [picture.parent])
    for words in (["sea"], ["sea", "sun"]):
        sidecar.write_bytes(keywords_xmp(*words))
        outcomes = add(library, [picture.parent], import_keywords=True)
        assert outcomes["a.xmp"].status in ("added", "linked")
        assert keywords(library, picture) == words
        assert tags(library, picture) == words
        assert keywords(library, other) is None
    with library.read() as session:
        assert len(session.scalars(select(XmpSidecarComponent.id)).all()) == 1


@pytest.mark.usefixtures("later")
def test_a_sidecar_that_is_deleted(library: Library, make_image: MakeImage) -> None:
    picture = make_image("in/a.jpg", xmp=keywords_xmp("own"))
    make_image("in/b.png", seed=2)
    sidecar = picture.with_name("a.xmp")
    sidecar.write_bytes(keywords_xmp("sea"))
    add(library, [picture.parent])
    assert keywords(library, picture) == ["sea"]
    sidecar.unlink()
    outcome = add(library, [picture.parent])["a.jpg"]
    assert (outcome.status, outcome.error) == ("unchanged", None)
    assert keywords(library, picture) == ["own"]
    with library.read() as session:
        assert session.scalars(select(XmpSidecarComponent.id)).all() == []
    again = ingest(library, [str(picture.parent)], ())
    assert [isinstance(item, Unchanged) and item.count for item in again] == [2]  # nothing is read again


def test_a_sidecar_beside_another_copy_stays(library: Library, make_image: MakeImage) -> None:
    picture = make_image("in/a.png")
    copy = picture.parent.parent / "copy" / "a.png"
    copy.parent.mkdir()
    shutil.copy(picture, copy)
    sidecar = picture.with_name("a.xmp")
    sidecar.write_bytes(keywords_xmp("sea"))
    add(library, [picture, copy])
    add(library, [copy])
    assert keywords(library, copy) == ["sea"]
    away = picture.parent.rename(picture.parent.with_name("away"))  # as on a disk that is not mounted
    add(library, [copy])
    assert keywords(library, copy) == ["sea"]
    away.rename(picture.parent)
    sidecar.unlink()
    add(library, [copy])
    assert keywords(library, copy) is None


def test_run_systems_reads_the_sidecar_again(library: Library, make_image: MakeImage) -> None:
    picture = make_image("a.png")
    sidecar = picture.with_name("a.xmp")
    sidecar.write_bytes(keywords_xmp("sea"))
    add(library, [picture])
    sidecar.unlink()
    with library.write() as session:
        for known in session.scalars(select(SystemSet)):
            known.systems = "image: image_ahash@0"
        for described in session.scalars(select(DescriptionComponent)):
            session.delete(described)
    [update] = run_systems(library)
    assert "description" in update.ran
    assert keywords(library, picture) == ["sea"]


def test_workers_read_sidecars_too(library: Library, make_image: MakeImage) -> None:
    picture = make_image("a.png")
    picture.with_name("a.xmp").write_bytes(keywords_xmp("sea"))
    pool = Pool(1, Limits(60, 4096 * 1024 * 1024))
    list(ingest(library, [str(picture)], pool=pool))
    pool.close()
    assert keywords(library, picture) == ["sea"]


@pytest.mark.parametrize("content", [b"", b"<x:xmpmeta", b"x" * 2_000_000], ids=["empty", "broken", "huge"])
def test_a_sidecar_that_is_no_good_costs_only_itself(library: Library, make_image: MakeImage, content: bytes) -> None:
    picture = make_image("in/a.png")
    picture.with_name("a.xmp").write_bytes(content)
    outcomes = add(library, [picture.parent])
    assert [outcome.error for outcome in outcomes.values()] == [None, None]
    assert keywords(library, picture) is None


def test_keywords_become_tags_when_asked_for(library: Library, make_image: MakeImage) -> None:
    words = ["sea", "Paris, France", "x" * 300, " sun ", "sea"]
    picture = make_image("a.jpg", xmp=keywords_xmp(*words))
    add(library, [picture])
    assert tags(library, picture) == []
    add(library, [picture], import_keywords=True)
    assert tags(library, picture) == ["Paris France", "sea", "sun"]


def test_rating_and_title_stand_in_columns(library: Library, make_image: MakeImage) -> None:
    picture = make_image("a.jpg", xmp=xmp_block(bag("dc:title", "Sea", kind="Alt"), xmp_Rating="5"))
    add(library, [picture])
    with library.read() as session:
        [found] = session.scalars(select(DescriptionComponent).where(DescriptionComponent.rating >= 5)).all()
        assert found.title == "Sea"


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize("later", [False, True])
def test_a_sidecar_that_is_a_link(library: Library, make_image: MakeImage, follow: bool, later: bool) -> None:  # noqa: FBT001
    picture = make_image("in/a.png")
    other = picture.parent.parent / "not for the library"
    other.write_bytes(keywords_xmp("secret"))
    if later:
        add(library, [picture])
    picture.with_name("a.xmp").symlink_to(other)
    add(library, [picture.parent], selection=Selection(follow_links=follow))
    assert keywords(library, picture) == (["secret"] if follow else None)


def test_hierarchical_keywords_become_tags(library: Library, make_image: MakeImage) -> None:
    picture = make_image("a.png")
    said = bag("dc:subject", "place", "italy", "sea") + bag("lr:hierarchicalSubject", "place|italy", "person|Ada")
    packet = xmp_block(said).replace(b"xmlns:my=", b'xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:my=')
    picture.with_name("a.xmp").write_bytes(packet)
    list(ingest(library, [str(picture)], (), Options(import_keywords=True)))
    with library.read() as session:
        assert sorted(session.scalars(select(TagComponent.tag))) == ["person/Ada", "place/italy", "sea"]
