"""find-duplicates as a command: what it writes, and its exit codes."""

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from tests.conftest import Dam

MakeImage = Callable[..., Path]


def test_in_every_form(dam: Dam, library: Library, make_image: MakeImage, tmp_path: Path) -> None:
    keep = make_image("in/keep.png")
    small = make_image("in/small\n.jpg", size=(100, 75))
    with Image.open(keep) as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "in/mirrored.png")
    make_image("in/other.png", seed=2)
    list(ingest(library, [str(tmp_path / "in")], ["sea"]))

    group, last = dam("find-duplicates", "--json").json_lines
    assert group["keeper"]["sources"] == [str(keep)]
    [member] = group["members"]
    assert (member["sources"][0], member["reason"], member["transform"]) == (str(small), "similar", "none")
    assert last["summary"] == {"groups": 1, "duplicates": 1, "bytes": small.stat().st_size}
    assert dam("find-duplicates", "--transforms", "--json").json_lines[-1]["summary"]["duplicates"] == 2

    told = dam("find-duplicates", "--keep", "fewest-pixels")
    assert [line.split()[0] for line in told.out.splitlines() if line[:1].strip()] == ["keep", "similar"]
    assert "JPEG  100×75" in told.out.splitlines()[0]
    assert r"small\n.jpg" in told.out.splitlines()[1]
    assert "1 duplicate in 1 group" in told.err
    assert dam("find-duplicates", "--print0").out == f"{small}\0"
    assert dam("find-duplicates", "--print0", "--tag", "sea", tmp_path / "in").out == f"{small}\0"


def test_when_there_are_none(dam: Dam, library: Library, make_image: MakeImage) -> None:
    dam("find-duplicates", code=1)
    list(ingest(library, [str(make_image("a.png"))], []))
    assert dam("find-duplicates", "--json", code=1).json["summary"]["groups"] == 0
    dam("find-duplicates", "--tag", "nothing", code=1)
    dam("find-duplicates", "missing", code=1)


def test_words_that_are_off(dam: Dam) -> None:
    for words in (
        ["--keep", "prettiest"],
        ["--json", "--print0"],
        ["--phash-threshold", "-1", "--transforms"],
        ["--phash-threshold=-1", "--ahash-threshold=-1", "--dhash-threshold=-1"],
        ["--level", "none"],
    ):
        assert dam("find-duplicates", *words, code=2).out == ""
