"""How to install an extra of this program, told by how the program itself was installed.

The name alone would ask a package index, where it may be somebody else's.
"""

import json
import shlex
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import pairwise
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

PACKAGE = "dam"
_TOOLS = {("pipx", "venvs"): "pipx install --force", ("uv", "tools"): "uv tool install --force"}
"""Commands that install programs, by the folders that they keep them in."""


@cache
def extra_hint(extra: str) -> str:
    """Return the name of an extra with the command that installs it, such as ``the extra `image` (pip install …)``."""
    if command := install_command(extra, _origin(), sys.prefix, sys.executable):
        return f"the extra `{extra}` ({command})"
    return f"the extra `{extra}` (install it from where dam itself was installed)"


def install_command(extra: str, origin: dict[str, Any], prefix: str, python: str) -> str | None:
    """Return the command that installs an extra; None if it is not known where the program came from.

    `origin` is its `direct_url.json` (PEP 610), empty where it was found by name.
    """
    url = str(origin.get("url", ""))
    if not url:
        return None
    parts = PurePath(prefix).parts
    tool = next((command for folders, command in _TOOLS.items() if folders in pairwise(parts)), None)
    install = tool or f"{shlex.quote(python)} -m pip install"
    if origin.get("dir_info", {}).get("editable"):
        return f"{install} {'--editable' if tool else '-e'} {shlex.quote(f'{_path(url)}[{extra}]')}"
    if "dir_info" in origin:
        return f"{install} {shlex.quote(f'{_path(url)}[{extra}]')}"
    vcs = origin.get("vcs_info", {})
    source = f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url
    return f"{install} {shlex.quote(f'{PACKAGE}[{extra}] @ {source}')}"


def _path(url: str) -> str:
    return unquote(urlsplit(url).path)


def _origin() -> dict[str, Any]:
    try:
        text = distribution(PACKAGE).read_text("direct_url.json")
        found = json.loads(text) if text else {}
    except (PackageNotFoundError, OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
