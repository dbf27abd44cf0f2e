"""Assets on stdout: in short, and with all their components."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from dam.models.base_component import BaseComponent
from dam.render.json_output import write_document
from dam.render.pairs import relatives
from dam.render.text import human_size, line, safe
from dam.services.catalogue.assets import Asset
from dam.services.catalogue.ecs import values_of

if TYPE_CHECKING:
    from dam.services.catalogue.pairs import Relative

MOST_SHOWN = 200
"""Characters of a value that are shown; none but texts of documents are longer."""


def matches(found: Sequence[Asset], *, as_json: bool, **more: Any) -> None:
    """Write the assets that a hash or a file was found as."""
    if as_json:
        write_document(**more, matches=found)
        return
    for asset in found:
        head(asset)
        line(f"  sha256  {asset.sha256}")
        line(f"  md5     {asset.md5}")
        places(asset)


def head(asset: Asset, remark: str = "") -> None:
    """Write an asset's first line, with a remark."""
    parts = [f"entity {asset.entity_id}", safe(asset.media_type), human_size(asset.size), remark]
    line("  ".join(part for part in parts if part))


def places(asset: Asset) -> None:
    """Write an asset's names, and where it came from and is."""
    line(f"  names   {', '.join(map(safe, asset.names))}")
    for source in asset.sources:
        line(f"  source  {safe(source)}")
    absent = "nowhere: it is referenced" if asset.referenced else "missing from the store"
    line(f"  stored  {safe(asset.stored_path) if asset.stored_path else absent}")


def components(
    entity_id: int, described: Sequence[BaseComponent], related: Sequence["Relative"], *, as_json: bool
) -> None:
    """Write all components of an entity, derived from the models, and its relatives."""
    by_name = {
        name: [values_of(component) for component in alike]
        for name, alike in groupby(described, key=lambda component: component.component_name())
    }
    if as_json:
        write_document(entity_id=entity_id, components=by_name, relatives=related)
        return
    line(f"entity {entity_id}")
    for name, alike in by_name.items():
        for values in alike:
            line(f"  {name}: {_values(values)}")
            if values.get("has_text") is False:
                password = "it needs a password" if values["encrypted"] else "its pages are pictures, as of a scan"
                line(f"  note    no text: {password}")
    relatives(related)


def _values(values: Mapping[str, Any]) -> str:
    return "  ".join(f"{key}={_short(str(value))}" for key, value in values.items() if not isinstance(value, bytes))


def _short(text: str) -> str:
    """Return the beginning of a long text; all of it stands in the JSON."""
    return safe(text) if len(text) <= MOST_SHOWN else f"{safe(text[:MOST_SHOWN])}… ({len(text):,} characters)"
