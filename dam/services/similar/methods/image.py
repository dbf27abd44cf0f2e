"""Find similar images by the rule of `dam.services.similar.rule`."""

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


@similarity_method(
    name=NAME, kind=Kind.IMAGE, features=("signature",), features_of_transforms=("signature_with_transforms",)
)
def perceptual_hash(session: Session, query: FileQuery) -> list[SimilarMatch]:
    """Return the images that are similar to a file by the default options, best first.

    With `transforms`, also find rotated and mirrored copies. The score is 1 minus the mean distance, scaled so that
    unrelated images score 0.

    Raises:
        DecodeError: the file cannot be decoded.

    """
    sample = query.sample
    signature = sample.signature_with_transforms if query.transforms else sample.signature
    image = Query(
        query.sha256,
        signature.hashes,
        signature.luma,
        signature.turned,
        partial(pixels_of_file, query.path, sample.media_type),
    )
    found = find_similar(session, image, ImageOptions(transforms=query.transforms), store=query.store)
    return sorted(map(_described, found), key=lambda match: (-match.score, match.entity_id))


def _described(match: Match) -> SimilarMatch:
    known = {name: bits for name, bits in match.distances.items() if bits is not None}
    score = max(0.0, 1 - sum(known.values()) / (max(1, len(known)) * UNRELATED_BITS))
    distances = ", ".join(f"{name} {bits}" for name, bits in known.items())
    done = "" if match.transform is Transform.NONE else f" once {match.transform}"
    reason = f"it looks the same{done}: of 64 bits differ {distances}"
    details = {**match.distances, "transform": match.transform.value}
    return SimilarMatch(match.entity_id, score, NAME, reason, details)
