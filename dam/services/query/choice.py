"""The assets that a command is to take: those that are named, and those that match a query."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import NotFoundError
from dam.models.entity import Entity
from dam.services.catalogue.lookup import find_one_asset
from dam.services.catalogue.trashed import trashed_among
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.query.select import find_page


def choose(
    library: Library,
    references: Iterable[str] = (),
    ids: Iterable[int] = (),
    query: str | None = None,
    *,
    in_trash: bool = False,
) -> list[int]:
    """Return assets without repetitions: in the order in which they are named, then those of the query by id.

    Raises:
        NotFoundError: the library, or its trash, has no such asset, or none that matches.
        UsageError: several could be meant.
        QueryError: the query has a mistake.

    """
    with library.read() as session:
        found = [_find(session, reference, in_trash=in_trash) for reference in references]
        found += _present(session, list(ids), in_trash=in_trash)
    if query is not None:
        matching = sorted(find_page(library, query, in_trash=in_trash))
        if not matching and not found:
            raise NotFoundError(f"no asset{' in the trash' if in_trash else ''} matches {query!r}")
        found += matching
    return list(dict.fromkeys(found))


def _find(session: Session, reference: str, *, in_trash: bool) -> int:
    entity_id = find_one_asset(session, reference, with_trash=in_trash)
    if in_trash and not trashed_among(session, [entity_id]):
        raise NotFoundError(f"{reference!r} is not in the trash")
    return entity_id


def _present(session: Session, ids: list[int], *, in_trash: bool) -> list[int]:
    """Return ids, which must be those of assets."""
    there: set[int] = set()
    for some in ecs.batched(ids):
        there.update(session.scalars(select(Entity.id).where(Entity.id.in_(some))))
    trashed = trashed_among(session, ids)
    for entity_id in ids:
        if entity_id not in there:
            raise NotFoundError(f"the library has no asset '{entity_id}'")
        if (entity_id in trashed) != in_trash:
            raise NotFoundError(
                f"'{entity_id}' is not in the trash"
                if in_trash
                else f"'{entity_id}' is in the trash: take it out with dam-cli trash restore"
            )
    return ids
