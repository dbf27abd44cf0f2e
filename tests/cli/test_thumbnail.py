"""thumbnail as a command, and run-systems --thumbnails."""

from collections.abc import Callable
from pathlib import Path

from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from tests.conftest import Dam


def test_in_every_form(dam: Dam, library: Library, make_image: Callable[..., Path]) -> None:
    picture = make_image("picture.png")
    list(ingest(library, [str(picture)], []))
    path = Path(dam("thumbnail", picture).out.strip())
    assert path.read_bytes().startswith(b"\xff\xd8")
    assert dam("thumbnail", "1", "-o", "here.jpg", "--json").json["path"] == str(dam.folder / "here.jpg")
    path.unlink()
    made = dam("run-systems", "--thumbnails", "--json").json_lines
    assert (made[0]["ran"], made[-1]["summary"]["updated"]) == (["thumbnail"], 1)
    assert path.exists()
    dam("thumbnail", "2", code=1)
    dam("thumbnail", "1", "--size", "5", code=2)
