"""find_duplicates: groups around keepers, at every level, whatever the order of the rows."""

import os
import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dam.core.errors import NotFoundError, UsageError
from dam.media.images.transforms import Transform, transform_image
from dam.models import DimensionsComponent, ImagePixelDigestComponent
from dam.services.catalogue.pairs import put_verdict
from dam.services.catalogue.selection import select_assets
from dam.services.catalogue.verdict import Verdict
from dam.services.components import ecs
from dam.services.duplicates.decider import DuplicateOptions
from dam.services.duplicates.groups import Duplicates, find_duplicates
from dam.services.duplicates.keepers import read_rules
from dam.services.duplicates.removable import removable_paths
from dam.services.duplicates.rules import Level, Reason, Rule
from dam.services.hamming.arrays import TABLES
from dam.services.library import Library
from dam.services.similar.options import Agreement, ImageOptions
from tests.services.conftest import MakeImage, ingest_all, spoil

Groups = dict[str, list[tuple[str, str]]]


def found(library: Library, level: Level = Level.SIMILAR, **more: Any) -> Groups:
    """The names of keepers, and the names of their duplicates with the reasons."""
    return named(find_duplicates(library, DuplicateOptions(level, **more)))


def named(duplicates: Duplicates) -> Groups:
    assert duplicates.unread == {}
    return {
        group.keeper.names[0]: [(member.asset.names[0], member.match.reason.value) for member in group.members]
        for group in duplicates.groups
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def exif(orientation: int = 1) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    return made


def test_levels(each_library: Library, folder: Path, make_image: MakeImage) -> None:
    with Image.open(make_image("original.png", seed=1)) as picture:
        picture.save(folder / "a.png")
        picture.save(folder / "a_described.png", dpi=(300, 300))
        picture.save(folder / "a_fast.png", compress_level=1)
        picture.save(folder / "a.bmp")
        picture.save(folder / "a.webp", lossless=True)
        picture.save(folder / "a.tiff", compression="tiff_lzw")
        picture.resize((160, 120)).save(folder / "a_small.png")
        picture.save(folder / "b.jpg", quality=70)
        picture.save(folder / "b_described.jpg", quality=70, exif=exif())
        picture.save(folder / "b_turned.jpg", quality=70, exif=exif(3), comment="other")
    make_image("in/other.png", seed=2)
    ingest_all(each_library, folder)
    contents = {("b.jpg", "content"), ("a.png", "content")} | {
        (name, "content") for name in ("a_described.png", "b_described.jpg", "b_turned.jpg")
    }
    by_content = found(each_library, Level.CONTENT)
    assert sorted(len(members) for members in by_content.values()) == [1, 2]
    assert {member for members in by_content.values() for member in members} < contents

    by_pixels = found(each_library, Level.PIXELS)
    pixels = {"a.png", "a_described.png", "a_fast.png", "a.bmp", "a.webp", "a.tiff"}
    [(keeper, members)] = [(keeper, members) for keeper, members in by_pixels.items() if keeper.startswith("a")]
    assert {keeper, *(name for name, _ in members)} == pixels
    assert keeper == max(pixels, key=lambda name: (folder / name).stat().st_size)
    with each_library.read() as session:
        digests = session.query(ImagePixelDigestComponent.digest).distinct().all()
    assert len(digests) == 2

    similar = found(each_library)
    assert len(similar) == 1
    assert dict(similar[keeper])["a_small.png"] == "similar"
    assert {"b.jpg", "b_described.jpg"} < dict(similar[keeper]).keys()


def test_an_orientation_is_metadata(library: Library, folder: Path, make_image: MakeImage) -> None:
    with Image.open(make_image("original.png")) as picture:
        for orientation in (1, 6):
            picture.save(folder / f"{orientation}.jpg", exif=exif(orientation))
    ingest_all(library, folder)
    assert len(found(library, Level.CONTENT)) == 1
    [[member]] = found(library).values()
    assert member[1] == Reason.CONTENT


def test_plain_pictures_match_by_their_pixels_alone(library: Library, folder: Path) -> None:
    for name, colour in (("white.png", "white"), ("white.bmp", "white"), ("grey.png", "#eee"), ("black.png", "black")):
        Image.new("RGB", (90, 60), colour).save(folder / name)
    Image.new("RGB", (60, 60), "white").save(folder / "smaller.png")
    ingest_all(library, folder)
    assert found(library) == {"white.bmp": [("white.png", "pixels")]}
    assert found(library) == {"white.bmp": [("white.png", "pixels")]}  # by the digests that were kept


def test_an_animation_is_not_its_first_frame(library: Library, folder: Path, make_image: MakeImage) -> None:
    frames = [Image.open(make_image(f"{seed}.png", seed=seed, mode="P")) for seed in (1, 2)]
    frames[0].save(folder / "still.gif")
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    ingest_all(library, folder)
    assert found(library, Level.PIXELS) == {}
    with library.read() as session:
        assert session.query(ImagePixelDigestComponent).filter_by(digest=None).count() == 1


def test_what_cannot_be_read_is_told(library: Library, folder: Path, make_image: MakeImage) -> None:
    with Image.open(make_image("original.png")) as picture:
        picture.save(folder / "a.png")
        picture.save(folder / "a.bmp")
    [bitmap, _] = ingest_all(library, folder)
    spoil(library, bitmap.sha256)
    duplicates = find_duplicates(library, DuplicateOptions(Level.PIXELS))
    assert duplicates.groups == []
    assert list(duplicates.unread) == [bitmap.entity_id]


@pytest.mark.parametrize("transform", [transform for transform in Transform if transform is not Transform.NONE])
def test_turned_and_mirrored(library: Library, folder: Path, make_image: MakeImage, transform: Transform) -> None:
    with Image.open(make_image("original.png", seed=5)) as picture:
        picture.save(folder / "a.png")
        transform_image(picture, transform).resize((200, 200)).save(folder / "b.jpg")
    ingest_all(library, folder)
    assert found(library) == {}
    [group] = find_duplicates(library, DuplicateOptions(images=ImageOptions(transforms=True))).groups
    [member] = group.members
    assert (group.keeper.names, member.match.transform, member.match.reason) == (["a.png"], transform, Reason.SIMILAR)
    assert member.match.difference is not None
    assert member.match.difference < 0.1


def test_verdicts_come_first(library: Library, folder: Path, make_image: MakeImage) -> None:
    with Image.open(make_image("original.png")) as picture:
        for name, size in (("a.png", 320), ("b.png", 160), ("c.png", 120)):
            picture.resize((size, size)).save(folder / name)
    make_image("in/other.png", seed=2, size=(40, 30))
    a, b, c, other = (outcome.entity_id or 0 for outcome in ingest_all(library, folder))
    with library.write() as session:
        put_verdict(session, (a, b), Verdict.ALTERNATE)
        put_verdict(session, (b, other), Verdict.DUPLICATE)
        put_verdict(session, (a, c), Verdict.UNRELATED)
    assert found(library) == {"b.png": [("c.png", "similar"), ("other.png", "verdict")]}


def test_no_group_has_two_that_the_user_keeps_apart(library: Library, folder: Path, make_image: MakeImage) -> None:
    with Image.open(make_image("original.png")) as picture:
        for name, size in (("a.png", 320), ("b.png", 200), ("c.png", 160), ("d.png", 120)):
            picture.resize((size, size)).save(folder / name)
    _, b, c, d = (outcome.entity_id or 0 for outcome in ingest_all(library, folder))
    with library.write() as session:
        put_verdict(session, (b, c), Verdict.UNRELATED)
    assert found(library) == {"a.png": [("b.png", "similar"), ("d.png", "similar")]}
    with library.write() as session:
        put_verdict(session, (b, d), Verdict.ALTERNATE)
    assert found(library) == {"a.png": [("b.png", "similar")], "c.png": [("d.png", "similar")]}


def test_rules_for_keeping(library: Library, folder: Path, make_image: MakeImage) -> None:
    for name, size, quality in (("a.jpg", 200, 90), ("b.jpg", 300, 20), ("c.jpg", 300, 60), ("d.jpg", 100, 50)):
        make_image(f"in/{name}", size=(size, size), quality=quality)
    for time, name in enumerate(("c.jpg", "d.jpg", "a.jpg", "b.jpg")):
        os.utime(folder / name, (1000 + time, 1000 + time))
    ingest_all(library, folder, tags=[])
    ingest_all(library, folder / "d.jpg", tags=["good"])
    kept = {rule: next(iter(found(library, rules=read_rules(rule)))) for rule in Rule}
    assert kept == {
        Rule.MOST_PIXELS: "c.jpg",
        Rule.FEWEST_PIXELS: "d.jpg",
        Rule.LARGEST_FILE: max("abcd", key=lambda name: (folder / f"{name}.jpg").stat().st_size) + ".jpg",
        Rule.SMALLEST_FILE: min("abcd", key=lambda name: (folder / f"{name}.jpg").stat().st_size) + ".jpg",
        Rule.OLDEST: "c.jpg",
        Rule.NEWEST: "b.jpg",
        Rule.MOST_TAGS: "d.jpg",
        Rule.LOWEST_ID: "a.jpg",
        Rule.HIGHEST_ID: "d.jpg",
    }
    assert read_rules(" newest, newest,")[:2] == (Rule.NEWEST, Rule.MOST_PIXELS)
    with pytest.raises(UsageError, match="prettiest"):
        read_rules("oldest,prettiest")


def test_only_among_some(library: Library, folder: Path, make_image: MakeImage) -> None:
    for name in ("one/a.png", "one/b.jpg", "two/c.webp", "ones/d.bmp"):
        make_image(f"in/{name}")
    ids = [outcome.entity_id or 0 for outcome in ingest_all(library, folder)]
    ingest_all(library, folder / "two", folder / "ones", tags=["x"])
    with library.read() as session:
        below_one = select_assets(session, [str(folder / "one")], [])
        tagged = select_assets(session, [str(ids[0]), str(folder / "two")], ["x"])
        assert select_assets(session, [], []) is None
        with pytest.raises(NotFoundError):
            select_assets(session, [str(folder.parent / "library")], [])
    assert below_one is not None
    assert len(below_one) == 2
    assert named(find_duplicates(library, DuplicateOptions(), below_one)).keys() <= {"a.png", "b.jpg"}
    assert find_duplicates(library, DuplicateOptions(), tagged).groups == []


def test_paths_of_members_that_are_still_there(library: Library, folder: Path, make_image: MakeImage) -> None:
    make_image("in/a.png")
    names = [make_image(f"in/{name}.jpg", quality=50).rename(folder / name) for name in ("b\n.jpg", "gone", "altered")]
    ingest_all(library, folder)
    names[1].unlink()
    names[2].write_bytes(b"another file now")
    groups = find_duplicates(library, DuplicateOptions()).groups
    assert [path for each in removable_paths(library, groups) for path in each.paths] == [str(names[0])]


Hashed = list[tuple[int | None, int | None, int | None]]
near = st.sampled_from([0b0, 0b1, 0b11, 0b111, 0b11111, 0b1111111, 0xF0, 0xF1, 0x3F3]) | st.none()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(near, near, near), min_size=2, max_size=9),
    st.sampled_from(list(Agreement)),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_matter(
    library: Library, hashed: Hashed, agreement: Agreement, threshold: int, shuffle: random.Random
) -> None:
    images = ImageOptions(dict.fromkeys(TABLES, threshold), agreement)
    options = DuplicateOptions(images=images, rules=(Rule.MOST_PIXELS, Rule.LOWEST_ID))
    order = list(range(len(hashed)))
    shuffle.shuffle(order)
    results = [grouped(library, hashed, options, order) for order in (list(range(len(hashed))), order)]
    assert results[0] == results[1]
    for keeper, members in results[0].items():
        for member in members:
            assert alike(hashed[keeper], hashed[member], agreement, threshold)
    for one, other in combinations(results[0], 2):
        assert not alike(hashed[one], hashed[other], agreement, threshold)
    alone = set(range(len(hashed))) - set(results[0]) - {member for all_ in results[0].values() for member in all_}
    for one, other in combinations(alone, 2):
        assert not alike(hashed[one], hashed[other], agreement, threshold)


def alike(one: Sequence[int | None], other: Sequence[int | None], agreement: Agreement, threshold: int) -> bool:
    near = [
        (a ^ b).bit_count() <= threshold for a, b in zip(one, other, strict=True) if a is not None and b is not None
    ]
    return sum(near) >= agreement.needed(3)


def grouped(library: Library, hashed: Hashed, options: DuplicateOptions, order: list[int]) -> dict[int, set[int]]:
    """Groups of assets with given hashes, by their numbers, when the rows are written in some order."""
    with library.write() as session:
        ids = ecs.add_entities(session, len(hashed))
        numbers = {}
        for number, entity_id in zip(order, ids, strict=True):
            numbers[entity_id] = number
            put_asset(session, entity_id, len(hashed) - number)
            for table, bits in zip(TABLES.values(), hashed[number], strict=True):
                if bits is not None:
                    session.add(table(entity_id=entity_id, hash_value=f"{bits:016x}"))  # type: ignore[call-arg]
    groups = find_duplicates(library, options, np.array(ids)).groups
    return {
        numbers[group.keeper.entity_id]: {numbers[member.asset.entity_id] for member in group.members}
        for group in groups
    }


def put_asset(session: Any, entity_id: int, pixels: int) -> None:
    """Give an entity what every asset has, and a size by which it is kept."""
    from dam.models import ContentHashMd5Component, ContentHashSha256Component, FilePropertiesComponent

    session.add(ContentHashSha256Component(entity_id=entity_id, hash_value=f"{entity_id:064x}"))
    session.add(ContentHashMd5Component(entity_id=entity_id, hash_value=f"{entity_id:032x}"))
    session.add(
        FilePropertiesComponent(
            entity_id=entity_id, original_filename=str(entity_id), file_size_bytes=1, media_type="image/png"
        )
    )
    session.add(DimensionsComponent(entity_id=entity_id, width=pixels, height=1))
