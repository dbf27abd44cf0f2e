"""Where assets are, on stdout: paths or JSON."""

import os
import sys
from typing import Any

from dam.render.json_output import path_keys, write_document
from dam.render.text import line, note, safe
from dam.services.catalogue.whereabouts import PlaceNow, Whereabouts


def where(found: Whereabouts, *, as_json: bool, print0: bool) -> None:
    """Write the places that hold an asset; those that do not any more go to stderr."""
    if as_json:
        write_document(entity_id=found.entity_id, sha256=found.sha256, places=[_keys(place) for place in found.places])
        return
    for place in found.places:
        if place.problem:
            note(f"dam-cli: {safe(place.path)}: {safe(place.problem)}")
        elif print0:
            sys.stdout.buffer.write(os.fsencode(place.path) + b"\0")
        else:
            line(safe(place.path))


def opened(path: str, *, as_json: bool) -> None:
    """Write the JSON of what was opened."""
    if as_json:
        write_document(**path_keys(path))


def _keys(place: PlaceNow) -> dict[str, Any]:
    return path_keys(place.path) | {
        "kind": place.kind.value,
        "holds": place.problem is None,
        "problem": place.problem,
    }
