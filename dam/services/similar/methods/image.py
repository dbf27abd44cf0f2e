"""Finding images like one, by the rule of `dam.services.similar.rule` and in the form that all media share."""

from functools import partial

from sqlalchemy.orm import Session

from dam.media.images.transforms import Transform
from dam.media.kinds import Kind
from dam.services.similar.image_query import Query, pixels_of_file
from dam.services.similar.image_search import Match, find_similar
from dam.services.similar.match import SimilarMatch
from dam.services.similar.method import FileQuery, similarity_method
from dam.services.similar.options import ImageOptions

NAME = "perceptual_hash"
UNRELATED_BITS = 32
"""The mean Hamming distance of unrelated images."""


@similarity_method(name=NAME, kind=Kind.IMAGE, features=("looks",), features_of_transforms=("looks_every_way",))
def perceptual_hash(session: Session, query: FileQuery) -> list[SimilarMatch]:
    """Return the images that look like a file, best first, by the default options.

    With `transforms` also those that look like it once it is turned or mirrored.
    The score is 1 less the mean of the distances, 0 for what unrelated images have.

    Raises:
        DecodeError: the file cannot be decoded.

    """
    sample = query.sample
    looks = sample.looks_every_way if query.transforms else sample.looks
    image = Query(
        query.sha256, looks.hashes, looks.luma, looks.turned, partial(pixels_of_file, query.path, sample.media_type)
    )
    found = find_similar(session, image, ImageOptions(transforms=query.transforms), store=query.store)
    return sorted(map(_described, found), key=lambda match: (-match.score, match.entity_id))


def _described(match: Match) -> SimilarMatch:
    known = {name: bits for name, bits in match.distances.items() if bits is not None}
    score = max(0.0, 1 - sum(known.values()) / (max(1, len(known)) * UNRELATED_BITS))
    told = ", ".join(f"{name} {bits}" for name, bits in known.items())
    done = "" if match.transform is Transform.NONE else f" once {match.transform}"
    reason = f"it looks the same{done}: of 64 bits differ {told}"
    details = {**match.distances, "transform": match.transform.value}
    return SimilarMatch(match.entity_id, score, NAME, reason, details)
