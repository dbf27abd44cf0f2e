from collections.abc import Callable
from pathlib import Path

from tests.conftest import PICTURES, Dam

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
    dam("add-asset", first)
    dam("add-asset", first, second, make_image("c.png", seed=2), "--tags", " sea ,holiday,sea")
    assert dam("tag", "ls", "--json").json["tags"] == {"holiday": 2, "sea": 2}


def test_the_same_content_under_a_new_name_is_linked(dam: Dam, make_image: MakeImage) -> None:
    path = make_image("a.png")
    copy = path.with_name("copy.png")
    copy.write_bytes(path.read_bytes())
    dam("add-asset", path)
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
