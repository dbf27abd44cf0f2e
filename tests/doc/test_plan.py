"""The plan in the developer guide against the packages, and the contracts of import-linter."""

import re
import tomllib

from tests.conftest import PROJECT

GUIDE = (PROJECT / "doc/developer_guide.md").read_text()
PLAN = re.findall(r"^(  +)(\S+(?: \| \S+)*)", GUIDE.partition("\ndam/\n")[2].partition("```")[0], re.MULTILINE)


def drawn() -> list[list[str]]:
    """The lines of the plan, top to bottom: the modules of each, by their full names."""
    lines, parents = [], ["dam"]
    for indent, entries in PLAN:
        depth = len(indent) // 2
        names = [re.sub(r"/|\.py$", "", entry) for entry in entries.split(" | ")]
        parents[depth:] = [names[0]]
        lines.append([".".join([*parents[:depth], name]) for name in names])
    return lines


def test_the_plan_has_every_package() -> None:
    packages = {
        ".".join(path.parent.relative_to(PROJECT).parts)
        for path in PROJECT.glob("dam/**/__init__.py")
        if path.parent.name
    }
    assert packages - {"dam"} - {name for line in drawn() for name in line} == set()


def test_what_the_plan_has_is_there() -> None:
    for name in (name for line in drawn() for name in line):
        path = PROJECT / name.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_the_plan_is_in_the_order_of_the_contracts() -> None:
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layered = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    assert layered
    for layers in layered:
        checked = [set(layer.split(" | ")) for layer in layers]
        named = set().union(*checked)
        assert [set(line) for line in drawn() if set(line) & named] == checked
