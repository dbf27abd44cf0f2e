"""Tags on stdout."""

from collections.abc import Mapping, Sequence

from dam.render.json_output import write_document
from dam.render.text import line, safe


def tags_of(entity_id: int, tags: Sequence[str], *, as_json: bool) -> None:
    """Write the tags of an asset."""
    if as_json:
        write_document(entity_id=entity_id, tags=tags)
        return
    for tag in tags:
        line(safe(tag))


def tag_counts(counts: Mapping[str, int], *, as_json: bool) -> None:
    """Write all tags with the number of assets that have each."""
    if as_json:
        write_document(tags=counts)
        return
    for tag, count in counts.items():
        line(f"{count:>7}  {safe(tag)}")
