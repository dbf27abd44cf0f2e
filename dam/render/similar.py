"""Similar images on stdout: as text, JSON or paths."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dam.core.errors import ExitCode
from dam.media.images.transforms import Transform
from dam.render.assets import Sources, head, origin
from dam.render.errors import error
from dam.render.json_output import path_keys, write_document
from dam.render.text import line, safe

if TYPE_CHECKING:
    from dam.services.similar.image_search import MatchedAsset, SearchResult


def results(given: Sequence["SearchResult"], sources: Sources, *, as_json: bool) -> None:
    """Write the matches of each query, closest first; the text has their `sources`."""
    for result in given:
        if as_json:
            matches = [_keys(found) for found in result.found]
            write_document(**path_keys(result.path), matches=matches, error=result.error)
            continue
        if len(given) > 1 and not result.error:
            line(f"{safe(result.path)}{'' if result.found else ': nothing'}")
        for found in result.found:
            _text(found, sources)


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
    for reason in failed:
        error(reason, ExitCode.INPUTS_FAILED)
    return len(failed)


def _keys(found: "MatchedAsset") -> dict[str, Any]:
    match = found.match
    return asdict(found.asset) | {
        "distances": dict(match.distances),
        "transform": match.transform.value,
        "identical": match.identical,
    }


def _text(found: "MatchedAsset", sources: Sources) -> None:
    match = found.match
    bits = ", ".join(f"{name} {'-' if away is None else away}" for name, away in match.distances.items())
    remarks = [f"{bits} of 64 bits (Hamming distance)"]
    remarks += [match.transform.value] if match.transform is not Transform.NONE else []
    remarks += ["identical"] if match.identical else []
    head(found.asset)
    line(f"  differs {', '.join(remarks)}")
    line(f"  from    {origin(found.asset, sources)}")
