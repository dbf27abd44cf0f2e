"""check: which of some files the library has, and that nothing is written."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dam

MakeImage = Callable[..., Path]


def statuses(dam: Dam, *words: str | Path, code: int | None = None, **options: Any) -> dict[str, str]:
    """The status of each file by its name."""
    documents = dam("check", *words, "--json", "-j0", code=code, **options).json_lines
    *files, last = documents
    assert last["summary"]["files"] == len(files)
    return {Path(file["path"]).name: file["status"] for file in files}


@pytest.fixture
def sources(dam: Dam, make_image: MakeImage) -> Path:
    """A folder with a picture and a text that the library has."""
    folder = make_image("sources/a.png").parent
    (folder / "words.txt").write_text("one two three four five six seven eight nine ten")
    dam("add-asset", "-j0", folder)
    return folder


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_have_similar_new_and_unreadable(dam: Dam, sources: Path, make_image: MakeImage) -> None:
    make_image("new/half.jpg", size=(160, 120))
    make_image("new/other.png", seed=2)
    (sources.parent / "new/copy.png").write_bytes((sources / "a.png").read_bytes())
    (sources.parent / "new/damaged.jpg").write_bytes((sources.parent / "new/half.jpg").read_bytes()[:300])
    assert statuses(dam, sources, code=0) == {"a.png": "have", "words.txt": "have"}
    found = {"copy.png": "have", "damaged.jpg": "new", "half.jpg": "similar", "other.png": "new"}
    assert statuses(dam, sources.parent / "new", code=1) == found
    assert statuses(dam, sources.parent / "new", sources.parent / "gone", code=3) == found | {"gone": "failed"}
    exact = statuses(dam, sources.parent / "new", "--exact", code=1)
    assert exact == found | {"half.jpg": "new"}


def test_the_nearest_is_named_with_the_reason(dam: Dam, sources: Path, make_image: MakeImage) -> None:
    del sources
    half = make_image("half.jpg", size=(160, 120))
    similar = dam("find-similar", half, "--json").json["matches"][0]
    checked, _ = dam("check", half, "--json", code=1).json_lines
    for key in ("entity_id", "score", "method", "reason", "details"):
        assert checked[key] == similar[key]
    assert f"similar  {half}  entity 1  score {checked['score']:.3f}  it looks" in dam("check", half, code=1).out


def test_nothing_is_written(dam: Dam, sources: Path, make_image: MakeImage) -> None:
    make_image("sources/new.png", size=(100, 75))
    before = content_of(dam.folder)
    statuses(dam, sources, code=1)
    dam("check", "--sums", "-", input=b"0" * 64 + b"  new\n", code=1)
    assert content_of(dam.folder) == before


def test_a_library_that_cannot_be_written(dam: Dam, sources: Path, mount: Callable[..., None]) -> None:
    mount("--bind", dam.folder, dam.folder)
    mount("-o", "remount,ro,bind", dam.folder)
    assert statuses(dam, sources, code=0) == {"a.png": "have", "words.txt": "have"}
    assert statuses(dam, sources, "--rehash", code=0) == {"a.png": "have", "words.txt": "have"}


def test_unchanged_files_are_not_read(dam: Dam, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    age(dam, sources)
    monkeypatch.setattr("dam.services.check.digest.open_source", None)
    assert statuses(dam, sources, code=0) == {"a.png": "have", "words.txt": "have"}
    (sources / "words.txt").write_text("other words")
    monkeypatch.undo()
    assert statuses(dam, sources, code=1) == {"a.png": "have", "words.txt": "new"}


def test_files_are_read_in_threads_in_order(dam: Dam, sources: Path) -> None:
    for number in range(300):
        (sources / f"{number:03}.bin").write_bytes(b"%d" % number)
    dam("add-asset", "-j0", "-q", sources)
    (sources / "150.bin").write_bytes(b"new")
    *files, last = dam("check", sources, "--json", "--rehash", "--exact", "-j2", code=1).json_lines
    assert [file["path"] for file in files] == sorted(map(str, sources.iterdir()))
    assert {file["path"]: file["entity_id"] for file in files if file["status"] == "new"} == {
        str(sources / "150.bin"): None
    }
    assert (last["summary"]["have"], last["summary"]["new"]) == (301, 1)


def age(dam: Dam, folder: Path) -> None:
    """Let the states of some files be trusted: as if they had been there for long when they were added."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(dam.folder / "dam.sqlite3")) as connection, connection:
        for path in folder.iterdir():
            status = path.stat()
            connection.execute(
                "UPDATE component_source_path SET ctime_ns = ?, mtime_ns = ? WHERE path = ?",
                (status.st_ctime_ns, status.st_mtime_ns, os.fsencode(path)),
            )


@pytest.mark.parametrize("mode", ["copy", "reference"])
def test_what_is_lost_is_not_had(dam: Dam, make_image: MakeImage, tmp_path: Path, mode: str) -> None:
    picture = make_image("sources/a.png")
    copy = Path(tmp_path / "copy.png")
    copy.write_bytes(picture.read_bytes())
    dam("add-asset", "-j0", picture, "--mode", mode)
    age(dam, picture.parent)
    assert statuses(dam, picture, copy, code=0) == {"a.png": "have", "copy.png": "have"}
    if mode == "copy":
        next(dam.store.glob("??/??/*")).unlink()
    else:
        picture.rename(tmp_path / "a.png")
    checked, _ = dam("check", copy, "--json", "--exact", code=1).json_lines
    assert checked["status"] == "new"
    assert "missing" in checked["reason"]


def test_the_trash_is_not_had(dam: Dam, sources: Path) -> None:
    dam("rm", "1", "--yes")
    checked, *_ = dam("check", sources / "a.png", "--json", code=1).json_lines
    assert (checked["status"], checked["entity_id"]) == ("new", None)
    assert "dam-cli trash restore 1" in checked["reason"]


def test_paths_for_other_programs(dam: Dam, sources: Path, make_image: MakeImage) -> None:
    hostile = os.fsencode(sources) + b"/new\n\xc3\xa9.bin"
    Path(os.fsdecode(hostile)).write_bytes(b"new")
    similar = make_image("sources/half.jpg", size=(160, 120))
    for status, expected in (("new", [hostile]), ("similar", [os.fsencode(similar)])):
        done = dam("check", sources, "--print0", status, "-j0", code=1)
        assert done.out.encode().split(b"\0") == [*expected, b""]
    assert dam("check", sources, "-q", code=1).out.count("have") == 0


def test_paths_from_a_list(dam: Dam, sources: Path) -> None:
    listed = "\n".join(map(str, sources.iterdir())).encode()
    for words, data in ((["--files-from", "-"], listed), (["-"], listed), (["-", "-0"], listed.replace(b"\n", b"\0"))):
        assert statuses(dam, *words, input=data, code=0) == {"a.png": "have", "words.txt": "have"}


def sums(*pieces: tuple[bytes, bytes]) -> Iterator[bytes]:
    for content, name in pieces:
        yield hashlib.sha256(content).hexdigest().encode() + b"  " + name + b"\n"


def test_a_list_of_checksums(dam: Dam, sources: Path) -> None:
    content = (sources / "words.txt").read_bytes()
    tagged = b"SHA256 (tagged) = " + hashlib.sha256(content).hexdigest().upper().encode()
    listed = b"".join(
        [*sums((content, b"have"), (b"x", b"new")), b"\\", *sums((content, b"a\\nb\\\\c")), b"\n", tagged]
    )
    (sources / "list").write_bytes(listed)
    documents = dam("check", "--sums", sources / "list", "--json", code=1).json_lines
    assert [(each["path"], each["status"]) for each in documents[:-1]] == [
        ("have", "have"),
        ("new", "new"),
        ("a\nb\\c", "have"),
        ("tagged", "have"),
    ]
    for line in (b"d41d8cd98f00b204e9800998ecf8427e  md5", b"\xff\xfe", b"0" * 64):
        assert "--sums -: line 1" in dam("check", "--sums", "-", input=line, code=2).err


@pytest.mark.parametrize("words", [[], ["a", "--sums", "b"], ["a", "--json", "--print0", "new"]])
def test_usage(dam: Dam, words: list[str]) -> None:
    assert dam("check", *words, code=2).out == ""


def test_the_store_itself(dam: Dam, sources: Path) -> None:
    del sources
    assert "store of the library itself" in dam("check", dam.store, code=2).err
