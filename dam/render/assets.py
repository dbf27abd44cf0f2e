"""Assets on stdout: a summary, or all components."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from dam.models.base_component import BaseComponent
from dam.render.json_output import write_document
from dam.render.text import human_size, line, safe
from dam.services.catalogue.assets import Asset
from dam.services.catalogue.ecs import values_of

if TYPE_CHECKING:
    from dam.services.catalogue.pairs import Relative

MAX_SHOWN = 200
"""Maximum number of characters shown of a value; only texts of documents are longer."""


def matches(found: Sequence[Asset], *, as_json: bool, **more: Any) -> None:
    """Write the assets that match a hash or a file."""
    if as_json:
        write_document(**more, matches=found)
        return
    for asset in found:
        head(asset)
        line(f"  sha256  {asset.sha256}")
        line(f"  md5     {asset.md5}")
        places(asset)


def head(asset: Asset, remark: str = "") -> None:
    """Write the first line of an asset, with a remark."""
    replaced = f"replaced by entity {asset.replaced_by}" if asset.replaced_by else ""
    parts = [f"entity {asset.entity_id}", safe(asset.media_type), human_size(asset.size), remark, replaced]
    line("  ".join(part for part in parts if part))


def places(asset: Asset) -> None:
    """Write the names, sources and location of an asset."""
    line(f"  names   {', '.join(map(safe, asset.names))}")
    for source in asset.sources:
        line(f"  source  {safe(source)}")
    absent = "no (referenced)" if asset.referenced else "missing from the store"
    line(f"  stored  {safe(asset.stored_path) if asset.stored_path else absent}")


def components(
    entity_id: int,
    described: Sequence[BaseComponent],
    related: Sequence["Relative"],
    replaces: Sequence[int],
    *,
    as_json: bool,
) -> None:
    """Write all components of an entity, derived from the models, its relatives, and the assets that it replaced."""
    from dam.render.pairs import relatives  # noqa: PLC0415  brings tables that other commands do not need

    by_name = {
        name: [values_of(component) for component in alike]
        for name, alike in groupby(described, key=lambda component: component.component_name())
    }
    if as_json:
        write_document(entity_id=entity_id, components=by_name, relatives=related, replaces=replaces)
        return
    line(f"entity {entity_id}{'  in the trash' if 'trashed' in by_name else ''}")
    for name, alike in by_name.items():
        for values in alike:
            line(f"  {name}: {_values(values)}")
            if values.get("has_text") is False:
                password = "password required" if values["encrypted"] else "the pages are images, as in a scan"
                line(f"  note    no text: {password}")
    if replaces:
        line(f"  replaces  {', '.join(f'entity {old}' for old in replaces)}")
    relatives(related)


def _values(values: Mapping[str, Any]) -> str:
    return "  ".join(f"{key}={_short(str(value))}" for key, value in values.items() if not isinstance(value, bytes))


def _short(text: str) -> str:
    """Return the beginning of a long text; the JSON has all of it."""
    return safe(text) if len(text) <= MAX_SHOWN else f"{safe(text[:MAX_SHOWN])}… ({len(text):,} characters)"
