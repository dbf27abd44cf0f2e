from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PICTURES, Dam, Finished

MakeImage = Callable[..., Path]


def test_a_folder_comes_in_and_a_second_run_adds_nothing(dam: Dam, make_image: MakeImage) -> None:
    photo = make_image("photos/a.jpg")
    make_image("photos/deep/b.png", seed=2)

    *lines, last = dam("add-asset", photo.parent, "--json").json_lines
    assert [line["status"] for line in lines] == ["added", "added"]
    assert last["summary"]["added"] == 2

    *lines, last = dam("add-asset", photo.parent, "--json").json_lines
    assert [line["status"] for line in lines] == ["unchanged", "unchanged"]
    assert dam("info", "--json").json["entities"] == 2


def test_the_first_command_of_a_stranger(fresh_dam: Dam) -> None:
    *lines, last = fresh_dam("add-asset", PICTURES, "--json").json_lines
    assert [Path(line["path"]).name for line in lines] == sorted(path.name for path in PICTURES.iterdir())
    assert [line["status"] for line in lines if line["path"].endswith("lake_at_dawn.jpg")] == ["linked"]
    assert last["summary"]["added"] == 8
    assert last["summary"]["kinds"] == {"image": 9}


def test_a_default_library_is_the_same_from_every_folder(fresh_dam: Dam, tmp_path: Path, make_image: MakeImage) -> None:
    del fresh_dam.env["DATABASE_URL"]
    fresh_dam("add-asset", make_image("a.png"), cwd=tmp_path)
    described = fresh_dam("info", "--json", cwd=fresh_dam.folder).json
    assert described["entities"] == 1
    assert described["storage_path"].startswith(str(fresh_dam.folder / "home"))


def test_paths_from_a_list_a_pipe_and_the_command_line(dam: Dam, tmp_path: Path) -> None:
    for name in ("one", "two words", "new\nline", "crlf", "last"):
        (tmp_path / name).write_text(name)
    (tmp_path / "list").write_bytes(b"two words\n\ncrlf\r\n")
    listed = dam("add-asset", "one", "--files-from", "list", "--json", cwd=tmp_path).json_lines
    assert [Path(line["path"]).name for line in listed[:-1]] == ["one", "two words", "crlf"]

    piped = dam("add-asset", "--files-from", "-", "-0", "--json", cwd=tmp_path, input=b"new\nline\0\0last").json_lines
    assert [Path(line["path"]).name for line in piped[:-1]] == ["new\nline", "last"]


def test_an_empty_list_is_fine_and_a_missing_one_is_not(dam: Dam) -> None:
    assert dam("add-asset", "--files-from", "-", input=b"").out == ""
    assert "missing" in dam("add-asset", "--files-from", "missing", code=2).err


def test_paths_that_name_nothing_fail_and_the_rest_go_on(dam: Dam, make_image: MakeImage) -> None:
    listed = b"nul\0byte\n" + b"x" * 5000 + b"\n" + bytes(make_image("a.png")) + b"\n"
    *lines, last = dam("add-asset", "", "missing", "--files-from", "-", "--json", input=listed, code=3).json_lines
    assert [line["status"] for line in lines] == ["failed"] * 4 + ["added"]
    assert all(line["error"] for line in lines[:4])
    assert last["summary"]["failed"] == 4


def test_tags_reach_new_linked_and_unchanged_files(dam: Dam, make_image: MakeImage) -> None:
    first = make_image("a.png")
    second = make_image("b.png", seed=2)
    dam("add-asset", "-j0", first)
    dam("add-asset", first, second, make_image("c.png", seed=2), "--tags", " sea ,holiday,sea")
    assert dam("tag", "ls", "--json").json["tags"] == {"holiday": 2, "sea": 2}


def test_the_same_content_under_a_new_name_is_linked(dam: Dam, make_image: MakeImage) -> None:
    path = make_image("a.png")
    copy = path.with_name("copy.png")
    copy.write_bytes(path.read_bytes())
    dam("add-asset", "-j0", path)
    [line, _] = dam("add-asset", copy, "--json").json_lines
    assert (line["status"], line["entity_id"]) == ("linked", 1)
    [match] = dam("find-file-by-hash", "--file", path, "--json").json["matches"]
    assert (match["names"], match["sources"]) == (["a.png", "copy.png"], [str(path), str(copy)])
    assert Path(match["stored_path"]).read_bytes() == path.read_bytes()


def test_a_changed_file_is_a_new_asset(dam: Dam, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content in ("one", "other"):
        path.write_text(content)
        assert dam("add-asset", path, "--json").json_lines[0]["status"] == "added"
    assert dam("info", "--json").json["entities"] == 2


def named(done: Finished) -> list[str]:
    return [line["path"].rpartition("in/")[2] for line in done.json_lines[:-1] if line["status"] == "added"]


def test_what_is_taken_of_a_folder(dam: Dam, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.txt", "c.JPG", ".hidden.jpg", "tmp/d.jpg", "deep/e.jpg", "deep/no/f.jpg", ".git/g.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(name)
    (tmp_path / "in" / "link.jpg").symlink_to("a.jpg")
    options = [
        "--include",
        "*.jpg",
        "--include",
        "*.JPG",
        "--exclude",
        "tmp/",
        "--exclude",
        "/deep/no",
        "--skip-hidden",
    ]
    done = dam("add-asset", "in", *options, "--json", cwd=tmp_path)
    assert named(done) == ["a.jpg", "c.JPG", "deep/e.jpg"]
    assert done.json_lines[-1]["summary"]["skipped"] == 1  # the link
    assert named(dam("add-asset", "in", "--exclude", "*", "in/tmp/d.jpg", "--json", cwd=tmp_path)) == ["tmp/d.jpg"]
    rest = dam("add-asset", "in", "--json", cwd=tmp_path)
    assert sorted(named(rest)) == [".git/g.jpg", ".hidden.jpg", "b.txt", "deep/no/f.jpg"]


def test_links_and_other_file_systems(dam: Dam, tmp_path: Path, mount: Callable[..., None]) -> None:
    for folder in ("in/other", "beside"):
        (tmp_path / folder).mkdir(parents=True)
    mount("-t", "tmpfs", "tmpfs", tmp_path / "in" / "other")
    for name in ("in/a", "in/other/b", "beside/c"):
        (tmp_path / name).write_text(name)
    (tmp_path / "in" / "linked").symlink_to("../beside")
    (tmp_path / "in" / "up").symlink_to("..")
    assert named(dam("add-asset", "in", "-x", "--json", cwd=tmp_path)) == ["a"]
    done = dam("add-asset", "in", "-L", "--exclude", "up", "--json", cwd=tmp_path)
    assert named(done) == ["linked/c", "other/b"]


def test_what_replaces_what(dam: Dam, tmp_path: Path) -> None:
    path, other = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("one")
    other.write_text("other")
    dam("add-asset", "-j0", path, other)
    path.write_text("two!")
    assert "a.txt (was entity 1)" in dam("add-asset", "-j0", path).out
    path.write_text("other")
    [line, _] = dam("add-asset", "-j0", path, "--json").json_lines
    assert (line["status"], line["entity_id"], line["replaces"]) == ("linked", 2, 3)
    path.write_text("one")
    [line, _] = dam("add-asset", "-j0", path, "--json").json_lines
    assert (line["status"], line["entity_id"], line["replaces"]) == ("unchanged", 1, 2)
    [line, _] = dam("add-asset", "-j0", path, "--rehash", "--json").json_lines
    assert (line["status"], line["replaces"]) == ("unchanged", None)


@pytest.mark.usefixtures("later")
def test_rehash_reads_what_looks_unchanged(dam: Dam, tmp_path: Path) -> None:
    """A blob that has gone or was cut off."""
    paths = [tmp_path / name for name in ("gone", "cut", "same")]
    for path in paths:
        path.write_text(path.name)
    *lines, _ = dam("add-asset", "-j0", *paths, "--json").json_lines
    blobs = [next(dam.store.glob(f"??/??/{line['sha256']}")) for line in lines]
    blobs[0].unlink()
    blobs[1].chmod(0o644)
    blobs[1].write_text("c")
    for more in ([], ["--rehash"]):
        assert dam("verify", code=4).out
        *lines, _ = dam("add-asset", "-j0", *paths, *more, "--json").json_lines
        assert [(line["status"], line["entity_id"], line["replaces"]) for line in lines] == [
            ("unchanged", entity_id, None) for entity_id in (1, 2, 3)
        ]
    assert dam("verify", "--content", "--json").json_lines[-1]["summary"]["sound"] == 3
