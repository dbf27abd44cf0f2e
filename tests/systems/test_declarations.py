import subprocess
import sys
from pathlib import Path

import pytest

from dam.media.kinds import Kind
from dam.systems.declarations import Declaration, declarations, declarations_in, read_declarations
from dam.systems.system import all_systems

PLAIN = """
from dam.models import DimensionsComponent
from dam.systems.system import system

@system(kinds={Kind.IMAGE, Kind.VIDEO}, produces=DimensionsComponent, version=3)
def measured(sample):
    return None

def helper():
    return None
"""
DECLARED = [Declaration("measured", 3, frozenset({Kind.IMAGE, Kind.VIDEO}))]
OTHERWISE = {
    "a version by name": ("version=3", "version=VERSION"),
    "kinds by name": ("{Kind.IMAGE, Kind.VIDEO}", "BOTH"),
    "a kind by a call": ("Kind.IMAGE,", "Kind('image'),"),
    "another name of the decorator": ("@system", "@declare"),
    "a second decorator": ("@system", "@cache\n@system"),
    "no decorator": ("@system", "measured = system"),
}
NAMES = (
    "from functools import cache\nfrom dam.media.kinds import Kind\nfrom dam.systems.system import system as declare\n"
    "VERSION, BOTH = 3, set((Kind.IMAGE, Kind.VIDEO))\n"
)


def test_what_is_read_is_what_the_modules_declare() -> None:
    systems = all_systems()
    assert declarations() == tuple(
        Declaration(each.name, each.version, frozenset(each.kinds), each.on_request) for each in systems
    )


def test_no_system_is_imported_to_read_it() -> None:
    script = (
        "import sys; from dam.media.kinds import Kind; from dam.systems.system import current_set; "
        "assert 'image_phash@1' in current_set(Kind.IMAGE); "
        "print(*(name for name in sys.modules if name.startswith('dam.systems.') or name.endswith('_component')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"dam.systems.declarations", "dam.systems.system", "dam.models.base_component"}


def test_a_plain_declaration_is_read() -> None:
    assert read_declarations(PLAIN.encode()) == DECLARED


@pytest.mark.parametrize("change", OTHERWISE.values(), ids=OTHERWISE)
def test_another_form_is_not_guessed(change: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_declarations(PLAIN.replace(*change).encode())


@pytest.mark.parametrize("name", ["a version by name", "kinds by name", "a kind by a call"])
def test_a_module_in_another_form_is_imported(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"declared_with_{name.replace(' ', '_')}"
    (tmp_path / f"{module}.py").write_text(NAMES + PLAIN.replace(*OTHERWISE[name]))
    monkeypatch.syspath_prepend(tmp_path)
    assert declarations_in(module) == DECLARED
    monkeypatch.delitem(sys.modules, module)
