"""Completion in the shell: what a Tab gives, as Bash, zsh and fish ask for it."""

import pytest

from tests.conftest import Dam


@pytest.fixture
def tagged(dam: Dam) -> Dam:
    """A library with three tags."""
    (dam.folder / "a.txt").write_text("a")
    dam("add-asset", "-j0", "a.txt", "--tags", "Sea,person:ada,place/italy")
    dam("query", "save", "holiday", "tag:sea")
    return dam


def in_bash(dam: Dam, *words: str) -> list[str]:
    """Return what Bash is given for its words, which it takes apart at `=` and `:`."""
    asked = {"_DAM_CLI_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return dam(env=asked).out.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("add-asset", "--mode", "r"), ["reflink", "reference"]),
        (("add-asset", "--mode", "=", "r"), ["reflink", "reference"]),
        (("add-asset", "--mode", "=", ""), ["copy", "auto", "reflink", "hardlink", "move", "reference"]),
        (("add-asset", "--tags", "se"), ["Sea"]),
        (("add-asset", "--tags", "=", "other,se"), ["other,Sea"]),
        (("add-asset", "--tags", "person", ":", "a"), ["ada"]),
        (("find-duplicates", "--tag", "pl"), ["place/italy"]),
        (("find-duplicates", "--keep", "most-pixels,lo"), ["most-pixels,lowest-id"]),
        (("ls", "wid"), ["width:"]),
        (("ls", "(take"), ["(taken:"]),
        (("ls", "tag", ":", "pl"), ["place/italy"]),
        (("rm", "--query", "tag", ":", "person", ":"), ["ada"]),
        (("ls", "@ho"), ["@holiday"]),
        (("inf",), ["info"]),
    ],
)
def test_words_in_bash(tagged: Dam, words: tuple[str, ...], expected: list[str]) -> None:
    assert in_bash(tagged, "dam-cli", *words) == expected


def test_whole_words_in_zsh_and_fish(tagged: Dam) -> None:
    line = {"_TYPER_COMPLETE_ARGS": "dam-cli add-asset --tags person:"}
    assert "person\\\\:ada" in tagged(env=line | {"_DAM_CLI_COMPLETE": "complete_zsh"}).out
    fish = {"_DAM_CLI_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert tagged(env=line | fish).out.strip() == "person:ada"


def test_names_of_libraries(tagged: Dam) -> None:
    config = tagged.folder / "config" / "dam" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[libraries]\nphotos = "{tagged.folder}"\nstudio = "{tagged.folder}/studio"\n')
    tagged.env["XDG_CONFIG_HOME"] = str(tagged.folder / "config")
    assert in_bash(tagged, "dam-cli", "--library", "p") == ["photos"]
    assert in_bash(tagged, "dam-cli", "--library", "studio", "add-asset", "--tags", "s") == []


def test_without_a_library_nothing_is_completed_and_nothing_said(fresh_dam: Dam) -> None:
    assert in_bash(fresh_dam, "dam-cli", "add-asset", "--tags", "s") == []
    asked = {"_DAM_CLI_COMPLETE": "complete_bash", "COMP_WORDS": "dam-cli add-asset --tags s", "COMP_CWORD": "3"}
    assert fresh_dam(env=asked).err == ""
    assert not (fresh_dam.folder / "library").exists()
