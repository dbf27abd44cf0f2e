"""Find videos with the same pictures: re-encoded, resized, or excerpts.

Candidates have anchors (`VideoAnchor`) that share half a hash with a picture of the query. They are then compared
picture by picture (`dam.media.video.alignment`).
"""

from collections import Counter
from collections.abc import Iterator

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.media.kinds import Kind
from dam.media.sample import Sample
from dam.media.video.alignment import Alignment, align
from dam.media.video.fingerprint import VideoFingerprint, keys
from dam.models.video_anchor import VideoAnchor
from dam.models.video_fingerprint_component import VideoFingerprintComponent
from dam.services.components import ecs
from dam.services.similar.match import SimilarMatch, SimilarPair
from dam.services.similar.method import FileQuery, similarity_method

NAME = "video_fingerprint"
MAX_PROBES = 512
"""Maximum number of pictures of the query whose half hashes are looked up."""
MAX_FLIPPED = 64
"""Maximum number of pictures whose half hashes are also looked up with one bit flipped."""
MAX_FLIPPED_OF_PAIR = 8
"""The same, if each video of the library is a query."""
MAX_ROWS = 20_000
"""Maximum number of anchors read for one statement's half hashes, for the case that many videos share a trailer."""
MAX_CANDIDATES = 200
"""Maximum number of videos that are compared picture by picture: those with the most votes."""
SAME_PLACE_MS = 1000
PAGE = 128
FLIPS = (0, *(1 << bit for bit in range(32)))
"""Masks that are XORed with half a hash before the look-up: none, and each single bit."""

AnchorMatch = tuple[int, int, int]
"""Entity, time of its anchor and time of the query's picture."""


def find_similar(session: Session, sample: Sample, *, limit: int | None = None) -> list[SimilarMatch]:
    """Return the videos that share pictures with a sample, best first.

    Raises:
        DecodeError: the sample cannot be decoded.

    """
    query = sample.dense_video
    found = [_match(entity_id, alignment) for entity_id, alignment in _matches(session, query, MAX_FLIPPED)]
    return sorted(found, key=lambda match: (-match.score, match.entity_id))[:limit]


def similar_pairs(session: Session) -> Iterator[SimilarPair]:
    """Yield the pairs of videos in the library that share pictures, in order of the lower id."""
    table = VideoFingerprintComponent
    last = 0
    while page := session.execute(
        select(table.entity_id, table.pictures).where(table.entity_id > last).order_by(table.entity_id).limit(PAGE)
    ).all():
        for entity_id, stored in page:
            query = VideoFingerprint.from_bytes(stored)
            found = _matches(session, query, MAX_FLIPPED_OF_PAIR, above=entity_id)
            for other_id, alignment in sorted(found, key=lambda one: one[0]):
                score, extent = round(alignment.score, 4), round(alignment.extent, 4)
                yield SimilarPair(entity_id, other_id, score, NAME, _reason(alignment), extent)
        last = page[-1].entity_id


def _matches(
    session: Session, query: VideoFingerprint, flipped: int, above: int = 0
) -> Iterator[tuple[int, Alignment]]:
    """Yield the entities with an id above `above` that share pictures with the query."""
    table = VideoFingerprintComponent
    for some in ecs.batched(_candidates(session, query, flipped, above)):
        rows = session.execute(select(table.entity_id, table.pictures).where(table.entity_id.in_(some)))
        for entity_id, stored in rows:
            if alignment := align(query, VideoFingerprint.from_bytes(stored)):
                yield entity_id, alignment


def _candidates(session: Session, query: VideoFingerprint, flipped: int, above: int) -> list[int]:
    """Return the entities with the most votes for one offset from the query."""
    votes: Counter[tuple[int, int]] = Counter()
    for entity_id, time, asked in {*_look_up(session, query, flipped)}:
        if entity_id <= above:
            continue
        place = round((time - asked) / SAME_PLACE_MS)
        votes[entity_id, place] += 1
    best: Counter[int] = Counter()
    for (entity_id, place), count in votes.items():
        best[entity_id] = max(best[entity_id], count + votes.get((entity_id, place + 1), 0))
    return [entity_id for entity_id, _ in best.most_common(MAX_CANDIDATES)]


def _look_up(session: Session, query: VideoFingerprint, flipped: int) -> Iterator[AnchorMatch]:
    """Yield the anchors that share half a hash, up to one bit, with a picture of the query."""
    table = VideoAnchor
    for column, times_by_half in zip((table.upper, table.lower), _halves(query, flipped), strict=True):
        for some in ecs.batched(times_by_half):
            statement = select(table.entity_id, table.time, column).where(column.in_(some)).limit(MAX_ROWS)
            for entity_id, time, half in session.execute(statement):
                for asked in times_by_half[half]:
                    yield entity_id, time, asked


def _halves(query: VideoFingerprint, flipped: int) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the upper and lower half hashes to look up, each with the times of its pictures."""
    halves: tuple[dict[int, list[int]], dict[int, list[int]]] = {}, {}
    with_flips = set(_spread(len(query), flipped))
    for place in sorted({*_spread(len(query), MAX_PROBES), *with_flips}):
        bits = FLIPS if place in with_flips else FLIPS[:1]
        [pair] = keys(query.hashes[place : place + 1])
        for times_by_half, half in zip(halves, pair, strict=True):
            for bit in bits:
                times_by_half.setdefault(half ^ bit, []).append(int(query.times[place]))
    return halves


def _spread(number: int, max_count: int) -> list[int]:
    """Return at most `max_count` of the first numbers, evenly spaced."""
    return np.unique(np.linspace(0, number - 1, min(number, max_count)).round().astype(int)).tolist() if number else []


def _match(entity_id: int, alignment: Alignment) -> SimilarMatch:
    details = {"query": _seconds(alignment.query), "match": _seconds(alignment.match), "pictures": alignment.pictures}
    return SimilarMatch(entity_id, round(alignment.score, 4), NAME, _reason(alignment), details)


def _seconds(interval: tuple[int, int]) -> list[float]:
    return [max(time, 0) / 1000 for time in interval]


def _reason(alignment: Alignment) -> str:
    """Return the reason for a match, for people."""
    (begin, end), (there, _) = _seconds(alignment.query), _seconds(alignment.match)
    return f"shows the same for {end - begin:.1f} s, from {begin:.1f} s on and there from {there:.1f} s on"


@similarity_method(name=NAME, kind=Kind.VIDEO, features=("dense_video",), pairs=similar_pairs)
def video_fingerprint(session: Session, query: FileQuery) -> list[SimilarMatch]:
    """Return the videos that share pictures with a file."""
    return find_similar(session, query.sample)
