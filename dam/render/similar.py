"""Similar images on stdout: as text, JSON or paths."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dam.media.images.transforms import Transform
from dam.render.assets import head, places
from dam.render.json_output import path_keys, write_document
from dam.render.text import line, note, safe

if TYPE_CHECKING:
    from dam.services.similar.image_search import MatchedAsset, SearchResult


def results(given: Sequence["SearchResult"], *, as_json: bool) -> None:
    """Write the matches of each query, closest first."""
    for result in given:
        if as_json:
            matches = [_keys(found) for found in result.found]
            write_document(**path_keys(result.path), matches=matches, error=result.error)
            continue
        if len(given) > 1 and not result.error:
            line(f"{safe(result.path)}{'' if result.found else ': nothing'}")
        for found in result.found:
            _text(found)


def paths(given: Sequence["SearchResult"]) -> None:
    """Write the paths of the matches, each ending with NUL."""
    sys.stdout.flush()
    for result in given:
        for found in result.found:
            if found.path is not None:
                sys.stdout.buffer.write(os.fsencode(found.path) + b"\0")
    sys.stdout.buffer.flush()


def errors(given: Sequence["SearchResult"]) -> int:
    """Report the queries that failed; return their number."""
    failed = [result.error for result in given if result.error]
    for error in failed:
        note(f"dam-cli: {safe(error)}")
    return len(failed)


def _keys(found: "MatchedAsset") -> dict[str, Any]:
    match = found.match
    return asdict(found.asset) | {
        "distances": dict(match.distances),
        "transform": match.transform.value,
        "identical": match.identical,
    }


def _text(found: "MatchedAsset") -> None:
    match = found.match
    remarks = [f"{name} {'-' if away is None else away}" for name, away in match.distances.items()]
    remarks += [match.transform.value] if match.transform is not Transform.NONE else []
    remarks += ["identical"] if match.identical else []
    head(found.asset, "  ".join(remarks))
    places(found.asset)
