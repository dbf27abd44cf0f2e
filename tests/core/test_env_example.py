import re
from pathlib import Path

import pytest

from dam.core.config import Settings, load_settings
from tests.conftest import PROJECT

EXAMPLE = (PROJECT / ".env.example").read_text()
LINES = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_every_setting_is_there_and_no_other() -> None:
    assert list(LINES) == list(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_as_in_the_program(name: str) -> None:
    assert f"# {Settings.model_fields[name].description}\n" in EXAMPLE


@pytest.mark.parametrize("name", LINES)
def test_every_line_is_valid_when_uncommented(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in Settings.model_fields:
        monkeypatch.delenv(setting, raising=False)
    env_file = tmp_path / ".env"
    env_file.write_text(EXAMPLE.replace(f"#{name}=", f"{name}="))
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert str(getattr(settings, name)).removesuffix(".0") == LINES[name]


@pytest.mark.parametrize("name", re.findall(r"# Default:\n#([A-Z_]+)=", EXAMPLE))
def test_a_line_that_gives_the_default_does(name: str) -> None:
    default = Settings.model_fields[name].default
    assert str(default).removesuffix(".0") == LINES[name]
