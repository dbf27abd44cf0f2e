"""The assets that a command changes: those named, those that match a query, and those whose ids are on stdin."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dam.commands.shared.asset_words import STDIN, read_assets
from dam.core.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from dam.services.catalogue.lookup import Reference
    from dam.services.library import Library


@dataclass(frozen=True)
class Chosen:
    """Assets, as far as they can be told before the transaction that changes them."""

    named: list["Reference"] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    """Of a query, or from stdin."""

    @property
    def is_one(self) -> bool:
        """Whether one asset was named, and nothing else."""
        return len(self.named) == 1 and not self.ids

    def entities(self, session: "Session") -> list[int]:
        """Return the entities, each once, in the order given.

        Raises:
            NotFoundError: the library has no such asset.
            UsageError: several assets could be meant.

        """
        from dam.services.catalogue.lookup import existing, find_one_asset

        found = [find_one_asset(session, reference) for reference in self.named]
        there = existing(session, self.ids)
        if missing := [entity_id for entity_id in self.ids if entity_id not in there]:
            raise NotFoundError(f"the library has no asset {missing[0]}")
        return list(dict.fromkeys([*found, *self.ids]))


def choose(library: "Library", assets: Iterable[str] | None, query: str | None = None, *, null: bool = False) -> Chosen:
    """Read what names assets: files are read here, before a transaction that writes begins.

    Raises:
        UsageError: nothing names any asset, or the query has a mistake.
        NotFoundError: no asset matches the query, or stdin has none.

    """
    from dam.services.catalogue.lookup import read_reference

    named = list(assets or ())
    if not named and query is None:
        raise UsageError("give at least one ASSET, - for ids on stdin, or --query")
    ids = [int(text) for text in read_assets([STDIN], null=null)] if STDIN in named else []
    if query is not None:
        from dam.services.query.select import find_page

        ids += sorted(find_page(library, query))
    references = [read_reference(name) for name in named if name != STDIN]
    if not references and not ids:
        raise NotFoundError(f"no asset matches {query!r}" if query is not None else "there are no ids on stdin")
    return Chosen(references, ids)
