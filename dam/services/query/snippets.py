"""Snippets: the words of a query with what stands around them in the texts of an asset."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.services.full_text import searched, words
from dam.services.library import Library
from dam.services.query.parse import parse
from dam.services.query.saved import resolve
from dam.services.query.tree import And, Node, Or, Word

AROUND = 40
"""Characters that are shown on each side."""
SHOWN_ANYHOW = ("source_path", "tag")
"""Components whose texts are in the table already."""


def words_of(library: Library, text: str) -> list[list[str]]:
    """Return the words and phrases that a query looks for in texts, each as its folded words."""
    tree = parse(text)
    with library.read() as session:
        return [found for found in map(words, _phrases(resolve(session, tree, text))) if found]


def _phrases(node: Node) -> Iterator[str]:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _phrases(part)
        case Word(text):
            yield text


def snippets(session: Session, ids: Sequence[int], wanted: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return a snippet for each asset with one of some phrases in a text that is not shown anyhow."""
    found: dict[int, str] = {}
    for kind in searched().values():
        if kind.component_name() in SHOWN_ANYHOW:
            continue
        table: Any = kind.__table__
        columns = [table.c[name] for name in kind.SEARCHED]
        for entity_id, *texts in session.execute(
            select(table.c.entity_id, *columns).where(table.c.entity_id.in_(ids)).order_by(table.c.id)
        ):
            snippet = next(filter(None, (_snippet(_plain(text), phrase) for text in texts for phrase in wanted)), None)
            if snippet:
                found.setdefault(entity_id, snippet)
    return found


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _snippet(text: str, phrase: Sequence[str]) -> str | None:
    """Return the first place of a phrase in a text, or nothing."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFC", text).lower()
    if len(folded) != len(text):  # letters whose lower case is longer: shown as they are compared
        text = folded
    pattern = re.compile(r"(?<![^\W_])" + r"[\W_]+".join(map(re.escape, phrase)))
    found = pattern.search(folded)
    if not found and not text.isascii():  # the accents may be in the way
        text = folded = "".join(
            each for each in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(each)
        )
        found = pattern.search(folded)
    if not found:
        return None
    start, end = max(0, found.start() - AROUND), found.end() + AROUND
    middle = " ".join(text[start:end].split())
    return f"{'…' if start else ''}{middle}{'…' if end < len(text) else ''}"
