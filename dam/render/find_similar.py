"""Assets similar to a file, on stdout: as text or JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dam.render.assets import head, places
from dam.render.json_output import path_keys, write_document
from dam.render.text import line, safe

if TYPE_CHECKING:
    from dam.services.similar.search import MatchedAsset, SearchResult


def result(given: "SearchResult", *, as_json: bool) -> None:
    """Write the assets similar to a file, best first."""
    if as_json:
        write_document(
            **path_keys(given.file.path),
            media_type=given.file.media_type,
            kind=given.file.kind.value,
            error=str(given.error) if given.error else None,
            matches=[_keys(found) for found in given.found],
        )
        return
    for found in given.found:
        match = found.match
        head(found.asset, f"score {match.score:.3f}  {match.method}")
        line(f"  reason  {safe(match.reason)}")
        places(found.asset)


def _keys(found: "MatchedAsset") -> dict[str, Any]:
    match = found.match
    return asdict(found.asset) | {
        "score": round(match.score, 4),
        "method": match.method,
        "reason": match.reason,
        "details": dict(match.details),
    }
