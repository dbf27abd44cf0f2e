"""What the tests of every command share: a library with something of each kind, and arguments for each command."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from dam.cli import app
from tests.conftest import Dam

ARGUMENTS: dict[str, list[list[str]]] = {
    "add-asset": [["{new}"], ["{sources}/a.png", "--rehash"], ["{sources}", "-j0"]],
    "backup": [[], ["--list"]],
    "check": [["{sources}", "{new}"], ["{new}", "{other_plain}", "--rehash", "--json"]],
    "doctor": [[], ["--test-store", "--json"]],
    "explain": [["{sources}/a.png", "{new}"], ["{sources}/plain.png", "{other_plain}"]],
    "export": [["--to", "{folder}/exported"], ["--to", "{folder}/bag", "--bag", "--xmp", "--json"]],
    "failures": [[], ["--json"], ["--retry", "-j1"], ["--forget-gone"]],
    "find-duplicates": [[], ["--json"], ["--print0"], ["{sources}", "--level", "pixels"]],
    "find-file-by-hash": [["--file", "{sources}/a.png"], ["{sources}/a.png", "{new}", "--json"]],
    "find-similar": [["{new}"], ["{sources}/a.png", "--json"], ["{other_plain}"]],
    "find-similar-images": [["{new}"], ["{other_plain}", "--json"], ["{sources}/a.png", "--print0"]],
    "info": [[], ["--json"]],
    "library export": [[]],
    "library import": [["{export}"]],
    "link-similar": [[]],
    "ls": [[], ["kind:image", "--format", "paths"], ["similar:{new}", "--json"], ["is:missing", "sky"]],
    "query find": [["tag:sea", "--count"]],
    "query ls": [[]],
    "query rm": [["pictures"]],
    "query save": [["pictures", "kind:image"]],
    "query-assets-placeholder": [[]],
    "gc": [["--yes"], ["--dry-run"]],
    "log": [[], ["--asset", "{sources}/a.png"], ["1"]],
    "rebuild-db": [[], ["--merge"]],
    "rm": [["{sources}/a.png", "--yes"]],
    "restore": [["{backup}", "--dry-run"]],
    "run-systems": [[]],
    "setup-db": [[]],
    "show": [["{sources}/a.png"], ["{sources}/a.png", "--json"]],
    "annotate": [["{sources}/a.png", "--rating", "4"], ["--query", "tag:sea", "--title", "x", "--dry-run"]],
    "collection add": [["best", "{sources}/a.png"]],
    "collection ls": [[], ["--json"]],
    "collection move": [["best", "{sources}/a.png", "--last"]],
    "collection rename": [["best", "finest"]],
    "collection rm": [["best", "{sources}/a.png"]],
    "collection show": [["best"]],
    "tag add": [["{sources}/a.png", "sky"], ["--tag", "blue", "{sources}/a.png", "{sources}/b.png"]],
    "tag alias": [["mer", "sea", "--apply"], []],
    "tag imply": [["sea", "water", "--apply"], []],
    "tag merge": [["sea", "ocean", "--dry-run"]],
    "tag rename": [["sea", "ocean", "--dry-run"]],
    "tag ls": [[], ["{sources}/a.png"]],
    "tag rm": [["{sources}/a.png", "sea"]],
    "thumbnail": [["{sources}/a.png"]],
    "trash empty": [["--yes"]],
    "trash ls": [[]],
    "trash restore": [["{sources}/gone.txt"]],
    "undo": [[], ["--dry-run"]],
    "verdict": [["{sources}/a.png", "{sources}/b.png", "duplicate"]],
    "verdicts": [[], ["--json"]],
    "verify": [[], ["--content"]],
    "open": [["{sources}/a.png"]],
    "where": [["{sources}/a.png"], ["{sources}/a.png", "--json"]],
    "repair": [["--dry-run", "--from", "{sources}"], []],
    "stats": [[], ["--json"]],
    "store clean": [["--grace", "0s", "--yes"]],
    "store add": [["usb", "{folder}/mirror"]],
    "store ls": [[]],
    "store rm": [["mirror"]],
    "store sync": [[]],
}
"""Arguments for each command; where it names files, such that it reads them."""


def commands(command: Any = None, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the name of every command with its declaration, found as the program finds them."""
    command = command or get_command(app)
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    for part in command.list_commands(None):
        yield from commands(command.get_command(None, part), f"{name} {part}".strip())


def arguments_of(name: str, folder: Path) -> list[list[str]]:
    """Return lists of arguments for a command on the library in a folder, which `make_library` made."""
    assert name in ARGUMENTS, f"a new command: give {name!r} arguments in tests/cli/every_command.py"
    places = {
        "sources": folder / "sources",
        "new": folder / "new" / "new.png",
        "other_plain": folder / "new" / "plain.png",
        "folder": folder,
        "backup": folder / "backup.sqlite3",
        "export": folder / "export.jsonl",
    }
    return [[argument.format(**places) for argument in arguments] for arguments in ARGUMENTS[name]]


def make_library(dam: Dam) -> None:
    """Fill the library: similar and plain pictures, a damaged one, a sidecar, texts, a tag, a verdict, failures."""
    import numpy as np
    from PIL import Image

    for folder in ("sources", "new"):
        (dam.folder / folder).mkdir()
    coarse = np.random.default_rng(1).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
    plain = Image.new("RGB", (64, 64), (250, 250, 250))
    sources, new = dam.folder / "sources", dam.folder / "new"
    picture.save(sources / "a.png")
    picture.resize((160, 120)).save(sources / "b.png")
    picture.save(new / "new.png", compress_level=0)
    plain.save(sources / "plain.png")
    plain.save(new / "plain.png", compress_level=0)
    (sources / "a.xmp").write_bytes(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    (sources / "damaged.png").write_bytes((sources / "a.png").read_bytes()[:500])
    (sources / "words.txt").write_text("one two three four five six seven eight nine ten")
    gone = bytes(dam.folder / "gone")
    dam("add-asset", "-j0", "--tags", "sea", sources, "--files-from", "-", input=gone, code=3)
    dam("verdict", "1", "2", "alternate")
    dam("collection", "add", "best", "1", "2")
    dam("backup", dam.folder / "backup.sqlite3")
    dam("library", "export", dam.folder / "export.jsonl")
    (sources / "a.xmp").write_bytes(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'> </x:xmpmeta>")
