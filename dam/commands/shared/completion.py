"""Completion in the shell of what only the program knows: named libraries, tags, rules.

A shell calls the program for each Tab, so nothing is imported before it is needed. What fails completes nothing: a
message would land in the middle of the user's line.
"""

import os
import re
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

KIND = "_DAM_CLI_COMPLETE"
BASH = "complete_bash"
MAX_WORDS = 200
"""Completions that a shell is given at most: nobody reads more."""


class Word(str):
    """A completion that need not begin with what was typed, which Typer asks: it may differ in case."""

    __slots__ = ()

    def startswith(self, *_: object) -> bool:
        """Return true."""
        return True


_SPLIT = re.compile(r" ?([=:]) ?")


def join_words(environ: MutableMapping[str, str]) -> None:
    """Put together what Bash takes apart at `=` and `:`, as in `--mode=copy` and `tag:sea`."""
    words = environ.get("COMP_WORDS", "")
    if environ.get(KIND) != BASH or not re.search("[=:]", words):
        return
    joined = _SPLIT.sub(r"\1", words)
    is_new = words.endswith(" ") and not words.endswith((" = ", " : "))
    environ["COMP_WORDS"] = joined
    environ["COMP_CWORD"] = str(len(joined.split()) - (0 if is_new else 1))


def complete_rules(incomplete: str) -> list[str]:
    """Complete the last of several comma-separated rules for the asset to keep."""
    from dam.services.duplicates.rules import Rule

    return _in_list(incomplete, Rule)


def complete_library(incomplete: str) -> list[str]:
    """Complete the name of a library in the configuration file."""
    from dam.core.errors import DamError
    from dam.core.libraries import read_libraries

    try:
        return _beginning(incomplete, read_libraries().named)
    except DamError:
        return []


def complete_tag(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a tag of the library."""
    return _rest_of_word(incomplete, _beginning(incomplete, _tags(ctx, incomplete)))


def complete_tags(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the last of several comma-separated tags."""
    return _rest_of_word(incomplete, _in_list(incomplete, _tags(ctx, incomplete.rpartition(",")[2])))


def complete_query(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a word of a query: a field, a tag behind `tag:`, or `@` and the name of a saved query."""
    before, word = _last_word(incomplete)
    if word.startswith("@"):
        known = [f"@{name}" for name in from_library(ctx, _saved_names)]
    elif word.casefold().startswith("tag:"):
        known = [f"tag:{_quoted(tag)}" for tag in _tags(ctx, word[len("tag:") :])]
    else:
        from dam.services.query.fields import names

        known = [f"{name}:" for name in names()]
    return _rest_of_word(incomplete, [Word(before + found) for found in _beginning(word, known)])


def _last_word(incomplete: str) -> tuple[str, str]:
    """Return what comes before the last word of a query, and that word: parentheses and signs are no part of it."""
    begin = max(incomplete.rfind(character) for character in " (^-") + 1
    return incomplete[:begin], incomplete[begin:]


def _quoted(tag: str) -> str:
    return f'"{tag}"' if re.search(r"[\s(),]", tag) else tag


def _saved_names(session: "Session") -> list[str]:
    from dam.services.query.saved import saved_queries

    return [query.name for query in saved_queries(session)]


def _tags(ctx: typer.Context, incomplete: str) -> list[str]:
    from dam.services.tags.counts import tags_beginning

    return from_library(ctx, lambda session: tags_beginning(session, incomplete, MAX_WORDS))


def from_library(ctx: typer.Context, read: "Callable[[Session], list[str]]") -> list[str]:
    """Return what is read from the library of the command line, nothing where it cannot be opened."""
    from dam.core.config import use_library
    from dam.core.errors import DamError
    from dam.services.library import open_library

    chosen: Any = ctx.find_root().params.get("library")
    try:
        if chosen:
            use_library(chosen)
        with open_library() as library, library.read() as session:
            return read(session)
    except DamError:
        return []


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    wanted = incomplete.casefold()
    return [Word(word) for word in words if word.casefold().startswith(wanted)]


def _in_list(incomplete: str, words: Iterable[str]) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    return [Word(f"{before}{comma}{word}") for word in _beginning(last, words)]


def _rest_of_word(incomplete: str, words: list[str]) -> list[str]:
    """Return what Bash inserts: it takes a word apart at `:`, and replaces only the part behind the last one."""
    if os.environ.get(KIND) != BASH or ":" not in incomplete:
        return words
    done = incomplete.rindex(":") + 1
    return [Word(word[done:]) for word in words]
