"""Search, links, groups of duplicates and explain decide the same of the same pairs, whatever the options."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import delete, select

from dam.core.database import make_engine
from dam.media.images.transforms import Transform, transform_image
from dam.models import ImageLumaComponent, LinkRecord, SimilarPairComponent
from dam.services.catalogue.pairs import Pair, put_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.duplicates.decider import DuplicateOptions
from dam.services.duplicates.groups import find_duplicates
from dam.services.library import Library
from dam.services.similar import search
from dam.services.similar.explain import Judgement, explain
from dam.services.similar.image_query import Query, read_query
from dam.services.similar.image_search import find_similar
from dam.services.similar.links import link_similar
from dam.services.similar.options import Agreement, ImageOptions
from dam.storage.local import LocalBlobStore
from tests.services.conftest import ingest_all

THRESHOLDS = [
    *(dict.fromkeys(("phash", "ahash", "dhash"), bits) for bits in (0, 4, 12, 13, 32, 64)),
    {"phash": 4, "ahash": -1, "dhash": 13},
    {"phash": 32, "ahash": 0, "dhash": 12},
    {"phash": -1, "ahash": 12, "dhash": 4},
]
PLAIN = ("white.png", "white.bmp", "grey.png")
UNMEASURED = "without_luma.png"
VERDICTS = {
    ("picture.png", "cropped.png"): Verdict.ALTERNATE,
    ("picture.png", "other.png"): Verdict.DUPLICATE,
    ("small.jpg", "without_luma.png"): Verdict.UNRELATED,
    ("white.bmp", "grey.png"): Verdict.ALTERNATE,
}
PAIRS = [
    *(("picture.png", name) for name in ("small.jpg", "cropped.png", "mirrored.png", "turned.bmp", "without_luma.png")),
    *(("picture.png", name) for name in ("other.png", "white.png")),
    *(("small.jpg", "without_luma.png"), ("small.jpg", "other.png"), ("mirrored.png", "turned.bmp")),
    *(("white.png", "white.bmp"), ("white.png", "grey.png"), ("white.bmp", "grey.png")),
]
NOT_SIMILAR = (Judgement.NOT_SIMILAR, Judgement.UNRELATED, Judgement.UNKNOWN)


class Pictures:
    """A library with pictures, and the entities and queries by their names."""

    def __init__(self, library: Library, folder: Path) -> None:
        self.library = library
        paths = list(pictures(folder))
        outcomes = ingest_all(library, *paths)
        self.ids = {path.name: outcome.entity_id or 0 for path, outcome in zip(paths, outcomes, strict=True)}
        self.queries = {self.ids[path.name]: read_query(path, transforms=True) for path in paths}
        self.pairs = [self.pair(one, other) for one, other in PAIRS]
        with library.write() as session:
            session.execute(delete(ImageLumaComponent).where(ImageLumaComponent.entity_id == self.ids[UNMEASURED]))
        self.queries[self.ids[UNMEASURED]] = replace(self.queries[self.ids[UNMEASURED]], luma=None)
        self.verdicts = {self.pair(one, other): verdict for (one, other), verdict in VERDICTS.items()}
        with library.write() as session:
            for pair, verdict in self.verdicts.items():
                put_verdict(session, pair, verdict)

    def pair(self, one: str, other: str) -> Pair:
        first, second = sorted([self.ids[one], self.ids[other]])
        return first, second


def pictures(folder: Path) -> Iterator[Path]:
    """Write a picture, copies of it, and others: each name says what it is."""

    def write(name: str, image: Image.Image, **options: Any) -> Path:
        image.save(folder / name, **options)
        return folder / name

    def noise(seed: int) -> Image.Image:
        coarse = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
        return Image.fromarray(coarse).resize((240, 180), Image.Resampling.BICUBIC)

    picture = noise(1)
    yield write("picture.png", picture)
    yield write("small.jpg", picture.resize((120, 90)), quality=30)
    yield write("cropped.png", picture.crop((9, 7, 231, 173)))
    yield write("mirrored.png", transform_image(picture, Transform.MIRRORED))
    yield write("turned.bmp", transform_image(picture, Transform.ROTATED_90))
    yield write("without_luma.png", picture.resize((160, 120)))
    yield write("other.png", noise(2))
    for name, level in zip(PLAIN, (255, 255, 200), strict=True):
        yield write(name, Image.new("L", (64, 48), level))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, empty_library_folder: Path) -> Iterator[Pictures]:
    folder = tmp_path_factory.mktemp("pictures")
    library = Path(shutil.copytree(empty_library_folder, folder / "library"))
    engine, store = make_engine(f"sqlite:///{library / 'dam.sqlite3'}", 5), LocalBlobStore(library / "store")
    yield Pictures(Library(engine, store, ""), folder)
    store.close()
    engine.dispose()


def explained(kept: Pictures, options: ImageOptions) -> dict[Pair, Judgement]:
    with kept.library.read() as session:
        return {
            pair: explain(session, str(pair[0]), str(pair[1]), options, store=kept.library.store).judgement
            for pair in kept.pairs
        }


def searched(kept: Pictures, options: ImageOptions) -> set[Pair]:
    """Every pair must be found from both sides, or from none."""
    with kept.library.read() as session:
        found = {
            (entity_id, match.entity_id)
            for entity_id, query in kept.queries.items()
            for match in find_similar(session, asked(query, options), options, store=kept.library.store)
            if match.entity_id != entity_id
        }
    assert {(other, one) for one, other in found} == found
    return found & set(kept.pairs)


def asked(query: Query, options: ImageOptions) -> Query:
    return query if options.transforms else replace(query, turned={})


def linked(kept: Pictures, options: ImageOptions) -> set[Pair]:
    link_similar(kept.library, options)
    table = SimilarPairComponent
    with kept.library.write() as session:
        found = {(one, other) for one, other in session.execute(select(table.entity_id, table.other_entity_id))}
        session.execute(delete(table))
        session.execute(delete(LinkRecord))
    return found & set(kept.pairs)


def grouped(kept: Pictures, options: ImageOptions) -> set[Pair]:
    """Each pair by itself: what else is in a group has no say."""
    found = set()
    for pair in kept.pairs:
        groups = find_duplicates(kept.library, DuplicateOptions(images=options), np.array(pair)).groups
        found |= {pair for _ in groups}
    return found


def cases() -> Iterator[Any]:
    """Yield agreement, transforms and thresholds: all of them for the sweep, and a third of each for the suite."""
    modes = [*((agreement, False) for agreement in Agreement), (Agreement.MAJORITY, True)]
    for number, (agreement, transforms) in enumerate(modes):
        for place, thresholds in enumerate(THRESHOLDS):
            if not transforms or thresholds["phash"] >= 0:
                marks = () if place % 3 == number % 3 else pytest.mark.sweep
                name = f"{agreement}{'-transforms' * transforms}-{'-'.join(map(str, thresholds.values()))}"
                yield pytest.param(ImageOptions(thresholds, agreement, transforms), marks=marks, id=name)


@pytest.mark.parametrize("options", list(cases()))
def test_all_decide_the_same(kept: Pictures, options: ImageOptions) -> None:
    judgements = explained(kept, options)
    similar = {pair for pair, judgement in judgements.items() if judgement not in NOT_SIMILAR}
    assert searched(kept, options) == similar
    # An alternate is similar, and no duplicate.
    duplicates = {pair for pair in similar if judgements[pair] is not Judgement.ALTERNATE}
    assert grouped(kept, options) == duplicates
    if not options.transforms:  # which are not linked
        assert linked(kept, options) == {pair for pair in similar if may_be_linked(kept, pair, options)}


def may_be_linked(kept: Pictures, pair: Pair, options: ImageOptions) -> bool:
    """A link says by which hash two are near: there is none by a verdict alone, nor where a hash means nothing."""
    if options.verifies and {kept.ids[name] for name in PLAIN} & set(pair):
        return False
    one, other = (kept.queries[entity_id].hashes for entity_id in pair)
    away = {name: (int(one[name], 16) ^ int(other[name], 16)).bit_count() for name in one}
    return sum(away[name] <= threshold for name, threshold in options.thresholds.items()) >= options.needed


@pytest.mark.parametrize("transforms", [False, True], ids=["as they are", "transforms"])
def test_find_similar_finds_what_a_search_for_images_finds_by_default(kept: Pictures, *, transforms: bool) -> None:
    options = ImageOptions(transforms=transforms)
    for name in ("picture.png", "white.png", "turned.bmp"):
        one = kept.ids[name]
        found = {
            each.asset.entity_id for each in search.find_similar(kept.library, str(one), transforms=transforms).found
        }
        with kept.library.read() as session:
            matches = find_similar(session, asked(kept.queries[one], options), options, store=kept.library.store)
        assert found == {match.entity_id for match in matches}


def test_verdicts_thresholds_and_transforms_are_covered(kept: Pictures) -> None:
    judgements = explained(kept, ImageOptions(transforms=True))
    assert set(judgements.values()) == set(Judgement) - {Judgement.UNKNOWN}
    for (one, other), verdict in VERDICTS.items():
        assert judgements[kept.pair(one, other)].value == verdict.value
