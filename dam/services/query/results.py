"""What is shown of the assets that a query finds: their fields, paths and snippets, read a page at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import QueryError
from dam.media.kinds import kind_of
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.content import find_path
from dam.services.components.ecs import unique_key
from dam.services.library import Library
from dam.services.query.fields import ENTITY, Field, find, names, nearest
from dam.services.query.select import all_pages
from dam.services.query.snippets import snippets, words_of

SHOWN = ("kind", "ext", "path")
"""Names that can be shown without being a column."""


@dataclass(frozen=True)
class Found:
    """An asset that a query has found."""

    asset: Asset
    values: dict[str, Any]
    """The values of the fields that were asked for; of a field that can have several, a list."""
    path: str | None
    """The file with its content: in the store, or an unchanged source."""
    snippet: str | None
    """The words of the query with what stands around them in a text of the asset."""


@dataclass(frozen=True)
class Shown:
    """What to read of each asset."""

    fields: Sequence[str] = ()
    paths: bool = False
    snippets: bool = False


def read_fields(text: str) -> list[str]:
    """Return the names in a list such as `id,taken,camera.model`.

    Raises:
        QueryError: there is no such field.

    """
    chosen, column = [], 0
    for part in text.split(","):
        name = part.strip().lower()
        found = find(name)
        if name not in SHOWN and not (found and found[0]):
            raise QueryError(f"there is no field {name!r} to show{nearest(name, [*SHOWN, *names()])}", text, column)
        chosen.append(name)
        column += len(part) + 1
    return list(dict.fromkeys(chosen))


def search(
    library: Library, text: str, shown: Shown, *, sort: str = "", limit: int | None = None, offset: int = 0
) -> Iterator[list[Found]]:
    """Yield the assets that match a query, in pages. No transaction is open between them.

    Raises:
        QueryError: the query, or `sort`, has a mistake.

    """
    wanted = words_of(library, text) if shown.snippets else []
    for ids in all_pages(library, text, sort, limit, offset):
        with library.read() as session:
            page = _page(session, library, ids, shown, wanted)
        yield page


def _page(
    session: Session, library: Library, ids: Sequence[int], shown: Shown, wanted: Sequence[Sequence[str]]
) -> list[Found]:
    assets = summarise(session, library.store, ids)
    columns = {name: _values(session, name, ids) for name in shown.fields if name not in SHOWN}
    found_in = snippets(session, ids, wanted) if wanted else {}
    return [
        Found(
            asset,
            {
                name: columns[name].get(asset.entity_id) if name in columns else _own(asset, name)
                for name in shown.fields
            },
            find_path(session, asset) if shown.paths or "path" in shown.fields else None,
            found_in.get(asset.entity_id),
        )
        for asset in assets
    ]


def _own(asset: Asset, name: str) -> Any:
    if name == "kind":
        return str(kind_of(asset.media_type))
    if name == "ext":
        return PurePath(asset.names[0]).suffix.lstrip(".").lower() or None
    return asset.stored_path or (asset.sources[0] if asset.sources else None)


def _values(session: Session, name: str, ids: Sequence[int]) -> dict[int, Any]:
    """Return the values of a name by asset: one, or a list where there can be several."""
    found = find(name)
    assert found  # noqa: S101  the names have been read
    fields, first = found
    values: dict[int, list[Any]] = {}
    for field in fields:
        for entity_id, value in _rows(session, field, ids):
            held = values.setdefault(entity_id, [])
            if value not in held:
                held.append(value)
    if first or (len(fields) == 1 and _is_single(fields[0])):
        return {entity_id: held[0] for entity_id, held in values.items()}
    return {entity_id: values.get(entity_id, []) for entity_id in ids}


def _is_single(field: Field) -> bool:
    return field.component == ENTITY or unique_key(field.model) == ("entity_id",)


def _rows(session: Session, field: Field, ids: Sequence[int]) -> Iterable[Any]:
    table: Any = field.column.table
    entity = table.c.id if field.component == ENTITY else table.c.entity_id
    column = table.c[field.column.name]
    rows = session.execute(select(entity, column).where(entity.in_(ids), column.is_not(None)).order_by(table.c.id))
    return rows if field.unit in (1, 1e-9) else ((entity_id, value * field.unit) for entity_id, value in rows)
