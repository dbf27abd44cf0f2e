"""Name the assets that have too few copies."""

from collections.abc import Iterator

from dam.services.components import ecs
from dam.services.library import Library
from dam.services.mirrors.copies import copies_of
from dam.services.mirrors.mirrors import open_mirrors
from dam.services.sources.places import places
from dam.services.verify.findings import Finding, Problem


def too_few_copies(library: Library, wanted: int) -> Iterator[Finding]:
    """Yield the assets with fewer than `wanted` copies, and the mirrors that cannot be looked into."""
    mirrors, failed = open_mirrors(library)
    for mirror, error in failed:
        yield Finding(Problem.UNREADABLE, f"the mirror {mirror.name}: {error}", path=mirror.location)
    for some in ecs.batched(place for place in places(library) if place.is_consistent):
        copies = copies_of(library, {place.identifier: place.size or 0 for place in some}, mirrors)
        for place in some:
            count = copies[place.identifier]
            if count < wanted:
                yield Finding(
                    Problem.TOO_FEW_COPIES,
                    f"{count} of {wanted} copies: dam-cli store sync makes more",
                    sha256=place.identifier,
                    entity_id=place.entity_id,
                    name=place.name,
                )
