"""How an extra is installed depends on how the program was: never by a name that may be somebody else's."""

from typing import Any

import pytest

from dam.core.extras import extra_hint, install_command

CLONE = {"url": "file:///home/ana/my%20dam", "dir_info": {"editable": True}}
WHEEL = {"url": "file:///tmp/dam-0.1.0-py3-none-any.whl", "archive_info": {}}
GIT = {"url": "https://example.org/dam.git", "vcs_info": {"vcs": "git", "commit_id": "abc123"}}


@pytest.mark.parametrize(
    ("origin", "prefix", "command"),
    [
        (CLONE, "/venv", "/py -m pip install -e '/home/ana/my dam[image]'"),
        ({**CLONE, "dir_info": {}}, "/venv", "/py -m pip install '/home/ana/my dam[image]'"),
        (CLONE, "/home/ana/.local/share/pipx/venvs/dam", "pipx install --force --editable '/home/ana/my dam[image]'"),
        (WHEEL, "/venv", "/py -m pip install 'dam[image] @ file:///tmp/dam-0.1.0-py3-none-any.whl'"),
        (GIT, "/share/uv/tools/dam", "uv tool install --force 'dam[image] @ git+https://example.org/dam.git@abc123'"),
        ({}, "/venv", None),
    ],
)
def test_the_command_fits_the_installation(origin: dict[str, Any], prefix: str, command: str | None) -> None:
    assert install_command("image", origin, prefix, "/py") == command


def test_a_program_found_by_name_names_no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dam.core.extras._origin", dict)
    extra_hint.cache_clear()
    assert extra_hint("audio") == "the extra `audio` (install it from where dam itself was installed)"
    extra_hint.cache_clear()
