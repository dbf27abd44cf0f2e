"""Assets on stdout: a summary of each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from dam.render.facts import summary
from dam.render.json_output import path_keys, write_document
from dam.render.text import line, note, safe
from dam.services.catalogue.assets import Asset
from dam.services.sources.source_states import CheckedSource, SourceState

if TYPE_CHECKING:
    from dam.services.catalogue.hash_queries import HashQuery

Sources: TypeAlias = Mapping[int, Sequence[CheckedSource]]
"""The sources of assets and their states, by id."""

_STATES = {
    SourceState.THERE: "",
    SourceState.GONE: " (gone)",
    SourceState.CHANGED: " (changed since)",
    SourceState.UNKNOWN: " (cannot be looked at)",
}


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


def hash_query(query: "HashQuery", *, alone: bool, as_json: bool) -> None:
    """Write the assets that match a hash or a file; with its name, unless it is `alone`."""
    if not (alone or as_json) and query.matches:
        line(f"{safe(query.text)}:")
    matches(query.matches, as_json=as_json, **({} if alone else path_keys(query.text, "query")))
    if len(query.matches) > 1:
        note(f"{safe(query.text.strip())} is ambiguous: {len(query.matches)} assets")


def head(asset: Asset) -> None:
    """Write the first line of an asset: its name, and what one chooses it by."""
    replaced = f"replaced by entity {asset.replaced_by}" if asset.replaced_by else ""
    parts = [f"entity {asset.entity_id}", safe(asset.names[0]), summary(asset), replaced]
    line("  ".join(part for part in parts if part))


def origin(asset: Asset, sources: Sources) -> str:
    """Return one place that an asset came from, if possible one that still has it, and how many others there are."""
    checked = sources.get(asset.entity_id, ())
    if not checked:
        return "no source"
    best = next((each for each in checked if each.state is SourceState.THERE), checked[0])
    gone = sum(each.state is SourceState.GONE for each in checked if each is not best)
    more = f", and {len(checked) - 1} more{f' ({gone} gone)' if gone else ''}" if len(checked) > 1 else ""
    return f"{source_text(best)}{more}"


def source_text(source: CheckedSource) -> str:
    """Return a path with what is wrong with it now."""
    return f"{safe(source.path)}{_STATES[source.state]}"


def places(asset: Asset) -> None:
    """Write the names, sources and location of an asset."""
    line(f"  names   {', '.join(map(safe, asset.names))}")
    for source in asset.sources:
        line(f"  source  {safe(source)}")
    absent = "no (referenced)" if asset.referenced else "missing from the store"
    line(f"  stored  {safe(asset.stored_path) if asset.stored_path else absent}")
