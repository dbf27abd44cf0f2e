from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps
from sqlalchemy import delete

from dam.core.errors import DecodeError, NotFoundError
from dam.media.images.transforms import Transform
from dam.models import ImageLumaComponent, component_classes
from dam.services.catalogue.pairs import put_verdict
from dam.services.catalogue.verdict import Verdict
from dam.services.library import Library
from dam.services.similar.explain import Explanation, Judgement, explain
from dam.services.similar.options import ImageOptions
from tests.services.conftest import MakeImage, ingest_all


def explained(library: Library, one: object, other: object, **options: Any) -> Explanation:
    with library.read() as session:
        return explain(session, str(one), str(other), ImageOptions(**options))


@pytest.fixture
def files(library: Library, make_image: MakeImage) -> list[Path]:
    """An image and a copy of it, which the library has as entities 1 and 2, and another image that it does not have."""
    files = [make_image("a.png"), make_image("copy.jpg", size=(160, 120), quality=60), make_image("b.png", seed=2)]
    ingest_all(library, *files[:2])
    return files


def test_similar_by_hashes_and_lumas(library: Library, files: list[Path]) -> None:
    found = explained(library, 1, files[1])
    assert (found.judgement, found.verdict) == (Judgement.SIMILAR, None)
    assert [subject.entity_id for subject in found.subjects] == [1, 2]
    assert max(away for away in found.distances.values() if away is not None) <= 4
    assert found.difference is not None
    assert found.difference < 0.1
    assert all((subject.information or 0) > 5 for subject in found.subjects)


def test_a_file_outside_the_library(library: Library, files: list[Path]) -> None:
    found = explained(library, files[2], 1)
    assert (found.judgement, found.reason) == (
        Judgement.NOT_SIMILAR,
        "no hash within the threshold, and majority must be",
    )
    assert [subject.entity_id for subject in found.subjects] == [None, 1]
    assert explained(library, files[2], files[2]).judgement is Judgement.IDENTICAL
    with library.read() as session:
        anything = explain(session, "1", str(files[2]), ImageOptions({"phash": 64}))
    assert anything.judgement is Judgement.SIMILAR
    assert "above 12" in anything.reason


def test_the_best_transform(library: Library, files: list[Path], tmp_path: Path) -> None:
    with Image.open(files[0]) as image:
        ImageOps.mirror(image).save(tmp_path / "mirrored.png")
    assert explained(library, 1, tmp_path / "mirrored.png").judgement is Judgement.NOT_SIMILAR
    found = explained(library, 1, tmp_path / "mirrored.png", transforms=True)
    assert (found.judgement, found.transform) == (Judgement.SIMILAR, Transform.MIRRORED)
    assert explained(library, 1, 2, transforms=True).transform is Transform.NONE


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.usefixtures("files")
def test_a_verdict_comes_first(library: Library, verdict: Verdict) -> None:
    with library.write() as session:
        put_verdict(session, (1, 2), verdict)
    found = explained(library, 2, 1)
    assert (found.verdict, found.judgement.value) == (verdict, verdict.value)
    assert "your verdict" in found.reason


def test_too_plain(library: Library, tmp_path: Path) -> None:
    for level in (100, 150):
        Image.new("L", (64, 64), level).save(tmp_path / f"{level}.png")
    found = explained(library, tmp_path / "100.png", tmp_path / "150.png")
    assert found.distances == {"phash": 0, "ahash": 0, "dhash": 0}
    assert found.judgement is Judgement.NOT_SIMILAR
    assert "too plain" in found.reason
    assert "100.png" in found.reason


@pytest.mark.usefixtures("files")
def test_without_a_luma_or_hashes(library: Library) -> None:
    with library.write() as session:
        session.execute(delete(ImageLumaComponent))
    found = explained(library, 1, 2)
    assert (found.judgement, found.difference) == (Judgement.SIMILAR, None)
    assert "no luma" in found.reason
    with library.write() as session:
        for kind in component_classes():
            if "perceptual" in kind.component_name():
                session.execute(delete(kind))
    assert explained(library, 1, 2).judgement is Judgement.UNKNOWN


@pytest.mark.usefixtures("files")
def test_what_cannot_be_explained(library: Library, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(DecodeError, match=r"notes\.txt"):
        explained(library, 1, tmp_path / "notes.txt")
    with pytest.raises(NotFoundError):
        explained(library, 1, tmp_path / "missing.png")
