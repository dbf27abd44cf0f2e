"""What the user has written about assets, and collections, on stdout."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from dam.render.json_output import write_document
from dam.render.text import counted, line, safe
from dam.services.user_data.collections import Collection
from dam.services.user_data.effective import Effective


def held(entity_id: int, held: Effective, *, dry_run: bool, as_json: bool) -> None:
    """Write what holds of an asset."""
    if as_json:
        write_document(entity_id=entity_id, **asdict(held), dry_run=dry_run)
        return
    for name, value in asdict(held).items():
        if value is not None:
            first, *rest = [safe(text) for text in str(value).split("\n")]
            line(f"{name}: {first}")
            for text in rest:
                line(f"  {text}")


def annotated(assets: int, changed: int, *, dry_run: bool, as_json: bool) -> None:
    """Write how many assets were changed."""
    if as_json:
        write_document(assets=assets, changed=changed, dry_run=dry_run)
        return
    line(f"{'would change' if dry_run else 'changed'} {changed:,} of {counted(assets, 'asset')}")


def collections(found: Iterable[Collection], *, as_json: bool) -> None:
    """Write all collections with the number of their assets."""
    if as_json:
        write_document(collections=[asdict(each) for each in found])
        return
    for each in found:
        line(f"{each.assets:>7}  {safe(each.name)}")


def collection(name: str, members: Sequence[tuple[int, str]], *, as_json: bool) -> None:
    """Write the assets of a collection in order, each with its name."""
    if as_json:
        write_document(name=name, assets=[{"entity_id": entity_id, "filename": file} for entity_id, file in members])
        return
    for entity_id, file in members:
        line(f"{entity_id:>7}  {safe(file)}")


def collected(name: str, changed: int, *, dry_run: bool, as_json: bool) -> None:
    """Write how many assets of a collection were added, removed or moved."""
    if as_json:
        write_document(name=name, changed=changed, dry_run=dry_run)
        return
    line(f"{safe(name)}: {'would change' if dry_run else 'changed'} {counted(changed, 'asset')}")
