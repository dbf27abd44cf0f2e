"""find-similar as a command: what it writes, and its exit codes."""

from collections.abc import Callable
from pathlib import Path

from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from tests.conftest import Dam


def test_in_every_form(dam: Dam, library: Library, make_image: Callable[..., Path], tmp_path: Path) -> None:
    picture, small = make_image("picture.png"), make_image("small\n.jpg", size=(100, 75))
    dam("find-similar", picture, code=1)
    list(ingest(library, [str(picture), str(small)], []))
    document = dam("find-similar", picture, "--json").json
    assert (document["path"], document["kind"], document["error"]) == (str(picture), "image", None)
    assert [match["method"] for match in document["matches"]] == ["content", "perceptual_hash"]
    told = dam("find-similar", "1", "--limit", "2", "--transforms").out
    assert "score   1.000 (identical): " in told
    assert "it looks the same: of 64 bits differ" in told
    assert r"small\n.jpg" in told

    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(picture.read_bytes()[:500])
    assert "damaged.png: " in dam("find-similar", damaged, code=3).err
    assert dam("find-similar", damaged, "--json", code=3).json["error"]
    dam("find-similar", "missing", code=3)
    dam("find-similar", picture, "--min-score", "2", code=2)


def test_a_file_that_takes_too_much(real_dam: Dam, library: Library, make_image: Callable[..., Path]) -> None:
    picture = make_image("large.bmp", size=(9000, 9000))
    list(ingest(library, [str(make_image("other.png"))], []))
    refused = real_dam("find-similar", picture, "--json", env={"DAM_WORKER_MEMORY_MB": "300"}, code=3)
    assert "memory" in refused.json["error"]
