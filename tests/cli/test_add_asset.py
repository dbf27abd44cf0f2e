from collections.abc import Callable
from pathlib import Path

from tests.conftest import Dam

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
