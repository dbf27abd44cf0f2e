"""The program without the image extra: everything but fingerprints, and those later."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PICTURES, Dam

HIDING = """
import sys


def without(finders):
    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition(".")[0] in ("PIL", "numpy", "imagehash", "scipy", "pywt"):
                return None
            for finder in finders:
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    return spec
            return None
    return Finder

sys.meta_path[:] = [without(list(sys.meta_path))]
"""


@pytest.fixture
def bare(dam: Dam, tmp_path: Path) -> Dam:
    """The program in a Python that cannot find Pillow, numpy and imagehash, as if they were not installed."""
    (tmp_path / "hiding").mkdir()
    (tmp_path / "hiding" / "sitecustomize.py").write_text(HIDING)
    bare = Dam(dam.folder, dam.env | {"PYTHONPATH": str(tmp_path / "hiding")})
    probe = "from importlib.util import find_spec as f; assert not f('PIL') and not f('numpy') and f('sqlalchemy')"
    subprocess.run([sys.executable, "-c", probe], env=bare.env, check=True)
    return bare


def test_images_are_stored_and_fingerprinted_later(dam: Dam, bare: Dam, make_image: Callable[..., Path]) -> None:
    pictures = [make_image("a.png"), make_image("b.jpg", seed=2)]
    words = pictures[0].with_name("words.txt")
    words.write_text("words")

    added = bare("add-asset", *pictures, words)
    assert added.out.count("added") == 3
    assert "2 files without fingerprints: fingerprints of images need pip install 'dam[image]'" in added.err
    assert "1 file without fingerprints: fingerprints of documents need pip install 'dam[documents]'" in added.err
    assert "run-systems" in added.err
    assert "dimensions" not in bare("show", "1", "--json").json["components"]
    assert bare("find-file-by-hash", "-f", pictures[0], "--json").json["matches"][0]["media_type"] == "image/png"
    assert bare("run-systems", "--json").json_lines[-1]["summary"]["updated"] == 0

    first = dam("run-systems", "--json").json_lines
    assert [line["entity_id"] for line in first[:-1]] == [1, 2, 3]
    assert first[-1]["summary"] | {"updated": 3, "failed": 0} == first[-1]["summary"]
    assert dam("run-systems", "--json").json_lines[-1]["summary"]["updated"] == 0
    assert dam("find-similar-images", pictures[1], "--json").json["matches"][0]["entity_id"] == 2


def test_an_add_with_the_extra_fills_in_what_is_missing(dam: Dam, bare: Dam, make_image: Callable[..., Path]) -> None:
    picture = make_image("a.png")
    bare("add-asset", picture, "-q")
    assert bare("add-asset", picture, "--json").json_lines[0]["status"] == "unchanged"
    dam("add-asset", picture)
    assert dam("show", "1", "--json").json["components"]["dimensions"] == [{"width": 320, "height": 240}]


def test_what_needs_the_extra_says_how_to_get_it(bare: Dam) -> None:
    assert "pip install 'dam[image]'" in bare("find-similar-images", PICTURES / "dunes.tif", code=5).err
    assert bare("info", "--json").json["entities"] == 0
    assert os.listdir(bare.store / "tmp") == []
