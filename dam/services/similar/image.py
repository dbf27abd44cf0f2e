"""Finding images like one, by the rule of `dam.services.similar.image_search` and in the form that all media share."""

from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from dam.media.images.looks import HASHES
from dam.media.images.transforms import Transform
from dam.services.similar.image_query import Query
from dam.services.similar.image_search import Match
from dam.services.similar.image_search import find_similar as find_similar_images
from dam.services.similar.match import SimilarMatch

if TYPE_CHECKING:
    from dam.media.sample import Sample

METHOD = "perceptual_hash"
THRESHOLD = 4
UNRELATED_BITS = 32
"""How many bits differ between the hashes of unrelated images, on average."""


def find_similar(
    session: Session, sample: "Sample", *, limit: int | None = None, transforms: bool = False
) -> list[SimilarMatch]:
    """Return the images that look like a sample, best first; DecodeError when it cannot be decoded.

    With `transforms` also those that look like it once it is turned or mirrored.
    The score is 1 less the mean of the distances, 0 for what unrelated images have.
    """
    looks = sample.looks_every_way if transforms else sample.looks
    query = Query("", looks.hashes, looks.luma, looks.turned)
    found = find_similar_images(session, query, dict.fromkeys(HASHES, THRESHOLD))
    return sorted(map(_described, found), key=lambda match: (-match.score, match.entity_id))[:limit]


def _described(match: Match) -> SimilarMatch:
    known = {name: bits for name, bits in match.distances.items() if bits is not None}
    score = max(0.0, 1 - sum(known.values()) / (len(known) * UNRELATED_BITS))
    told = ", ".join(f"{name} {bits}" for name, bits in known.items())
    done = "" if match.transform is Transform.NONE else f" once {match.transform}"
    reason = f"it looks the same{done}: of 64 bits differ {told}"
    details = {**match.distances, "transform": match.transform.value}
    return SimilarMatch(match.entity_id, score, METHOD, reason, details)
