"""The manual page, in the macros of man(7), from the help pages of the program and the descriptions of the settings."""

import re
from collections.abc import Iterable, Iterator

from dam.commands.shared.help_text import MEANINGS
from dam.core.config import Settings

HEAD = '.\\" Written by doc/generate.py: do not edit.\n.TH DAM-CLI 1'


def man_page(pages: Iterable[tuple[tuple[str, ...], str]]) -> str:
    """Return the manual page of the program; `pages` are the words of each command with its help, the program first."""
    (_, root), *commands = pages
    parts = [
        HEAD,
        ".SH NAME",
        "dam\\-cli \\- digital asset management for the command line",
        ".SH SYNOPSIS",
        ".B dam\\-cli\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        *_preformatted(root.partition("\n")[2].strip()),
        ".SH COMMANDS",
    ]
    for words, text in commands:
        parts += [f".SS {_escaped(' '.join(words))}", *_preformatted(_without_codes(text))]
    parts += [".SH EXIT STATUS", *_tagged((str(int(code)), meaning) for code, meaning in MEANINGS.items())]
    parts += [".SH ENVIRONMENT", *_tagged(_settings())]
    parts += [".SH FILES", *_tagged([("~/.config/dam/config.toml", "Libraries by name, and the default one.")])]
    return "\n".join(parts) + "\n"


def _settings() -> Iterator[tuple[str, str]]:
    for name, field in Settings.model_fields.items():
        yield name, field.description or ""
    yield "DAM_DATABASE_URL", "Goes before DATABASE_URL."


def _without_codes(text: str) -> str:
    """Return a help page without its list of exit codes, which all commands share."""
    return re.sub(r"\n+ *Exit codes:\n.*", "", text, flags=re.DOTALL)


def _preformatted(text: str) -> list[str]:
    return [".nf", _escaped(text), ".fi"]


def _tagged(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    for tag, text in items:
        yield f".TP\n.B {_escaped(tag)}\n{_escaped(text)}"


def _escaped(text: str) -> str:
    """Return text as roff in ASCII, in which no line begins as a request does."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub(r"[^\x00-\x7f]", lambda match: f"\\[u{ord(match[0]):04X}]", text)
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)
