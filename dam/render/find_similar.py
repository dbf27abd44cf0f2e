"""Assets similar to a file, on stdout: as text or JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dam.render.assets import Sources, head, origin
from dam.render.json_output import path_keys, write_document
from dam.render.text import line, safe

if TYPE_CHECKING:
    from dam.services.similar.search import MatchedAsset, SearchResult


UNITS = {
    "content": "identical",
    "perceptual_hash": "1 - mean Hamming distance / 32",
    "video_fingerprint": "share of the pictures that agree",
    "audio_fingerprint": "share of the sound that agrees",
    "document_fingerprint": "Jaccard similarity of the phrases",
}
"""What the score of each method measures: those of different methods are not comparable."""


def score(value: float, method: str) -> str:
    """Return a score with its unit."""
    return f"{value:.3f} ({UNITS.get(method, method)})"


def result(given: "SearchResult", sources: Sources, *, as_json: bool) -> None:
    """Write the assets similar to a file, best first; the text has their `sources`."""
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
        head(found.asset)
        line(f"  score   {score(match.score, match.method)}: {safe(match.reason)}")
        line(f"  from    {origin(found.asset, sources)}")


def _keys(found: "MatchedAsset") -> dict[str, Any]:
    match = found.match
    return asdict(found.asset) | {
        "score": round(match.score, 4),
        "method": match.method,
        "reason": match.reason,
        "details": dict(match.details),
    }
