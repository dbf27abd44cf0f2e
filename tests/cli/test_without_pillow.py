"""The program without the image extra: everything but fingerprints, and those later."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from tests.conftest import PICTURES, Dam
from tests.media.pictures import saved
from tests.media.sounds import recording, tune

HIDING = """
import sys


def without(finders):
    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name.partition(".")[0] in {hidden!r}:
                return None
            for finder in finders:
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    return spec
            return None
    return Finder

sys.meta_path[:] = [without(list(sys.meta_path))]
"""


def hiding(dam: Dam, *hidden: str) -> Dam:
    """The program in a Python that cannot find some libraries, as if they were not installed."""
    folder = dam.folder / "hiding"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDING.replace("{hidden!r}", repr(hidden)))
    bare = Dam(dam.folder, dam.env | {"PYTHONPATH": str(folder)})
    probe = f"from importlib.util import find_spec as f; assert not any(map(f, {hidden!r})) and f('sqlalchemy')"
    subprocess.run([sys.executable, "-c", probe], env=bare.env, check=True)
    return bare


@pytest.fixture
def bare(dam: Dam) -> Dam:
    """Without Pillow, numpy and imagehash."""
    return hiding(dam, "PIL", "numpy", "imagehash", "scipy", "pywt")


def test_images_are_stored_and_fingerprinted_later(dam: Dam, bare: Dam, make_image: Callable[..., Path]) -> None:
    pictures = [make_image("a.png"), make_image("b.jpg", seed=2)]
    words = pictures[0].with_name("words.txt")
    words.write_text("words")

    added = bare("add-asset", *pictures, words)
    assert added.out.count("added") == 3
    assert "2 files without fingerprints: fingerprints of images need the extra `image` (" in added.err
    assert "1 file without fingerprints: fingerprints of documents need the extra `documents` (" in added.err
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
    assert "the extra `image`" in bare("find-similar-images", PICTURES / "dunes.tif", code=5).err
    assert "every extra for media brings: the extra `image`" in bare("find-duplicates", code=5).err
    assert bare("info", "--json").json["entities"] == 0
    assert os.listdir(bare.store / "tmp") == []


def test_without_pillow_other_media_are_done_all_the_same(
    dam: Dam, library: Library, make_image: Callable[..., Path], tmp_path: Path
) -> None:
    words = " ".join(f"word{number}" for number in range(300))
    contents = {
        "a.txt": words.encode(),
        "b.txt": f"{words} and one more".encode(),
        "a.mp3": recording(tune(1), "mp3"),
        "b.flac": recording(tune(1)),
        "plain.png": saved(Image.new("RGB", (64, 64)), "PNG"),
        "plain.bmp": saved(Image.new("RGB", (64, 64)), "BMP"),
    }
    paths = [make_image("a.png"), make_image("b.jpg", size=(160, 120))]
    for name, content in contents.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    list(ingest(library, map(str, paths)))
    without = hiding(dam, "PIL", "imagehash", "scipy", "pywt")

    done = without("find-duplicates", "--json", code=3)
    groups = [{group["keeper"]["entity_id"], group["members"][0]["entity_id"]} for group in done.json_lines[:-1]]
    assert sorted(map(sorted, groups)) == [[1, 2], [3, 4], [5, 6]]
    assert "entity 7: its pixels could not be compared: fingerprints of images need the extra `image` (" in done.err
    assert "the extra `image`" in without("thumbnail", "5", code=5).err
    made = without("run-systems", "--thumbnails", "--json").json_lines
    [obstacle] = made[-1]["summary"]["obstacles"]
    assert obstacle.startswith("thumbnails need the extra `image` (")
    found = without("find-similar", paths[3], "--json").json["matches"]
    assert [match["entity_id"] for match in found] == [4, 3]
