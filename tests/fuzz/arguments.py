"""Random words for every command, which is found as the program finds it: they end with a documented exit code."""

import atexit
import random
import re
import tempfile
import typing
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from tests import in_process
from tests.cli.every_command import commands

CODES = {
    int(code)
    for code in re.findall(
        r"^\| (\d+) \|", (Path(__file__).parents[2] / "doc/exit_codes.md").read_text(), flags=re.MULTILINE
    )
}
# No path leads out of the folder: commands move and write what they are given.
WORDS: tuple[str, ...] = (
    *(
        "",
        *re.findall(
            r"\S+", "- -- -1 0 1 64 99999999999999999999 1e400 nan -inf % _ * [ ! ~ md5 sea 30d 5% a,b,,c =cmd"
        ),
    ),
    *("a.png", "folder", "gone", ".", "./folder/../a.png", "x" * 300, "9f86d081", "f" * 64, "a\0b", "\udcff", "é"),
    *("\u202e", "a\nb", "\x1b[2J", "'; DROP TABLE entities; --"),
)


def run_arguments(data: bytes) -> None:
    """Run a command with words that the bytes choose."""
    chance = random.Random(data)
    run(_words(chance), environment(_folder()), _folder())


def run(words: list[str], env: dict[str, str], folder: Path) -> int:
    """Run a command; return its exit code, which is documented."""
    done = in_process.run(words, env, folder, b"")
    stderr = done.stderr.decode(errors="replace")
    assert done.returncode in CODES, (words, done.returncode)
    assert "Traceback" not in stderr, (words, stderr)
    assert "internal error" not in stderr, (words, stderr)
    assert "\x1b" not in stderr + done.stdout.decode(errors="replace"), (words, stderr)
    return done.returncode


def _words(chance: random.Random) -> list[str]:
    name, command = chance.choice(list(_commands()))
    words = name.split()
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            words += [_value(parameter, chance) for _ in range(chance.choice((0, 1, 1, 1, 1, 2)))]
        elif chance.random() < 0.3:
            words.append(chance.choice(parameter.opts))
            if not getattr(parameter, "is_flag", False):
                words.append(_value(parameter, chance))
    if chance.random() < 0.1:
        words.insert(chance.randrange(len(words) + 1), chance.choice(WORDS))
    return [word for word in words if "\0" not in word]  # no program can be given one


def _value(parameter: Any, chance: random.Random) -> str:
    kind = parameter.type_descriptor.annotation
    for choices in (kind, *typing.get_args(kind)):
        if isinstance(choices, type) and issubclass(choices, Enum) and chance.random() < 0.6:
            values: list[str] = [str(choice.value) for choice in choices]
            return chance.choice(values)
    return chance.choice(WORDS)


@cache
def _commands() -> tuple[tuple[str, Any], ...]:
    return tuple(commands())


@cache
def _folder() -> Path:
    """Return a folder with a small library and a picture."""
    kept = tempfile.TemporaryDirectory(prefix="dam-fuzz-")
    atexit.register(kept.cleanup)
    folder = Path(kept.name)
    (folder / "folder").mkdir()
    for place in (folder, folder / "folder"):
        (place / "a.png").write_bytes((Path(__file__).parents[1] / "test_data/images/spheres.png").read_bytes())
    (folder / "home").mkdir()
    in_process.run(["setup-db"], environment(folder), folder, b"")
    in_process.run(["add-asset", "-j0", "--tags", "sea", "folder"], environment(folder), folder, b"")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a library in a folder."""
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'dam.sqlite3'}",
        "HOME": str(folder / "home"),
        "PATH": "/usr/bin:/bin",
        "PYTHONUTF8": "1",
        "DAM_LOCK_TIMEOUT": "5",
    }
