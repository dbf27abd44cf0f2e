"""Verdicts, links and explanations as commands."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Dam


def test_verdicts_links_and_explanations(dam: Dam, make_image: Callable[..., Path]) -> None:
    one, copy, other = make_image("a.png"), make_image("a.jpg", size=(200, 150)), make_image("b.png", seed=2)
    dam("add-asset", "-j0", one, copy, "--quiet")
    assert dam("verdicts", code=1).out == ""
    assert dam("link-similar").out == "1 similar pair found by comparing 2 new images\n"
    assert f"  relatives   entity 2  {copy.name}  " in dam("show", "1").out
    [relative] = dam("show", copy, "--json").json["relatives"]
    assert (relative["entity_id"], relative["verdict"]) == (1, None)
    assert {link["method"] for link in relative["links"]} <= {"phash", "ahash", "dhash"}

    assert dam("verdict", copy, one, "alternate", "--json").json["verdict"] == "alternate"
    assert dam("verdicts").out == "entities 1 and 2  alternate\n"
    assert "judgement   alternate: your verdict" in dam("explain", "2", "1").out
    assert "not similar: no hash within" in dam("explain", "1", other).out
    assert dam("verdict", "1", "2", "--remove").out == "entities 1 and 2  no verdict\n"
    dam("verdict", "1", "2", "--remove", code=1)
    assert dam("explain", "1", "2", "--transforms", "--json").json["judgement"] == "similar"

    assert "two" in dam("verdict", "1", one, "duplicate", code=2).err
    dam("verdict", "1", other, "duplicate", code=1)
    dam("explain", "1", "missing.png", code=1)
