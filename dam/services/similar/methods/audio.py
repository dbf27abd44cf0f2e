"""Find recordings and videos that share sound with a query."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.media import sample as media
from dam.media.audio import match as audio_match
from dam.media.audio.decoding import obstacle_of_sound
from dam.media.audio.match import AudioFingerprint, Likeness
from dam.media.kinds import Kind, kind_of
from dam.media.obstacle import Obstacle
from dam.media.sample import Sample
from dam.models.audio_anchor import AudioAnchor
from dam.models.audio_fingerprint_component import AudioFingerprintComponent
from dam.models.file_properties_component import FilePropertiesComponent as FileProperties
from dam.services.components import ecs
from dam.services.similar.match import SimilarMatch, SimilarPair
from dam.services.similar.method import FileQuery, similarity_method

NAME = "audio_fingerprint"
MAX_COMPARED = 200
"""Maximum number of recordings whose fingerprints are compared, those with the most votes first."""
MAX_OFFSETS = 4
"""Maximum number of offsets that are tried for two recordings."""
MAX_SHARING = 64
"""Maximum number of recordings sharing a key that are compared with one another."""
ROWS = 1 << 15
"""Number of index rows fetched at once."""
MIN_SAME_SHARE = 0.9
"""Minimum matching share of both recordings to be called the same recording."""

Votes = Counter[int]
"""Number of anchors that vote for an offset: the position in the match minus the position in the query."""


def find_similar(session: Session, sample: Sample, *, limit: int | None = None) -> list[SimilarMatch]:
    """Return the recordings and videos that share sound with a sample, best first.

    Raises:
        DecodeError: the sample has no fingerprint.

    """
    query = audio_match.as_array(sample.audio_fingerprint)
    votes = _votes(session, query)
    likeliest = sorted(votes, key=lambda entity_id: (-max(votes[entity_id].values()), entity_id))[:MAX_COMPARED]
    matches = []
    for entity_id, match in _fingerprints(session, likeliest).items():
        likeness = audio_match.compare(query, match, _offsets(votes[entity_id]))
        if likeness:
            matches.append(_match(entity_id, likeness, len(query), len(match)))
    return sorted(matches, key=lambda match: (-match.score, match.entity_id))[:limit]


def _votes(session: Session, query: AudioFingerprint) -> dict[int, Votes]:
    """Return the recordings that share anchors with the query, with the votes for their offsets."""
    keys, positions = audio_match.keys(query)
    position_of = dict(zip(keys.tolist(), positions.tolist(), strict=True))
    votes: dict[int, Votes] = defaultdict(Counter)
    table = AudioAnchor
    for some in ecs.batched(position_of):
        rows = session.execute(select(table.key, table.entity_id, table.position).where(table.key.in_(some)))
        for key, entity_id, position in rows:
            votes[entity_id][position - position_of[key]] += 1
    return votes


def _offsets(votes: Votes) -> set[int]:
    """Return the offsets with the most votes, and their neighbours, because clips are not aligned to steps."""
    best = sorted(votes, key=lambda offset: (-votes[offset], offset))[:MAX_OFFSETS]
    return {offset + aside for offset in best for aside in (-1, 0, 1)}


def _fingerprints(session: Session, entity_ids: Iterable[int]) -> dict[int, AudioFingerprint]:
    table = AudioFingerprintComponent
    found: dict[int, AudioFingerprint] = {}
    for some in ecs.batched(entity_ids):
        rows = session.execute(select(table.entity_id, table.fingerprint).where(table.entity_id.in_(some)))
        found.update((entity_id, audio_match.from_bytes(stored)) for entity_id, stored in rows)
    return found


def _match(entity_id: int, likeness: Likeness, query_length: int, match_length: int) -> SimilarMatch:
    query, match = likeness.seconds()
    details = {
        "query_seconds": [round(moment, 2) for moment in query],
        "match_seconds": [round(moment, 2) for moment in match],
        "bit_error_rate": round(likeness.errors, 4),
    }
    reason = _reason(likeness, query_length, match_length)
    return SimilarMatch(entity_id, round(likeness.score, 4), NAME, reason, details)


def _reason(likeness: Likeness, query_length: int, match_length: int) -> str:
    if likeness.length >= MIN_SAME_SHARE * max(query_length, match_length):
        return "the same recording"
    (query, query_end), (match, _) = likeness.seconds()
    return f"{query_end - query:.0f} s from {_clock(query)} are the same sound as from {_clock(match)}"


def _clock(seconds: float) -> str:
    return f"{round(seconds) // 60}:{round(seconds) % 60:02}"


def similar_pairs(session: Session) -> Iterator[SimilarPair]:
    """Yield the pairs of recordings in the library that share sound, in order of ids; videos are excluded.

    Recordings with a common anchor are compared. Encodings of one recording always have one; clips shorter than half a
    minute may have none in common with their recording.
    """
    kept: dict[int, AudioFingerprint] = {}
    for one, others in _neighbours(session):
        kept = {entity_id: fingerprint for entity_id, fingerprint in kept.items() if entity_id >= one}
        kept |= _fingerprints(session, {one, *others} - kept.keys())
        for other in sorted(others):
            if one not in kept or other not in kept:
                continue
            likeness = audio_match.compare(kept[one], kept[other], _offsets(others[other]))
            if likeness:
                lengths = sorted([len(kept[one]), len(kept[other])])
                extent = round(likeness.coverage * lengths[0] / lengths[1], 4)
                yield SimilarPair(one, other, round(likeness.score, 4), NAME, _reason(likeness, *lengths), extent)


def _neighbours(session: Session) -> Iterator[tuple[int, Mapping[int, Votes]]]:
    """Yield each recording with the recordings of higher id that share an anchor, and the votes for their offsets."""
    keys, entities, positions = _anchors_of_audio(session)
    order = np.lexsort((entities, keys))
    keys, entities, positions = keys[order], entities[order], positions[order]
    found = [np.empty((0, 3), np.int64)]
    for apart in range(1, MAX_SHARING):
        same = np.flatnonzero(keys[apart:] == keys[:-apart])
        if not len(same):
            break
        # a key that very many share tells little: only those close to each other in this order are compared
        pair = np.stack([entities[same], entities[same + apart], positions[same + apart] - positions[same]], axis=1)
        found.append(pair[pair[:, 0] != pair[:, 1]])
    pairs, counts = np.unique(np.concatenate(found), axis=0, return_counts=True)
    starts = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1))
    for start, end in zip(starts.tolist(), np.append(starts, len(pairs))[1:].tolist(), strict=True):
        others: dict[int, Votes] = defaultdict(Counter)
        for (_, other, offset), count in zip(pairs[start:end].tolist(), counts[start:end].tolist(), strict=True):
            others[other][offset] += count
        yield int(pairs[start, 0]), others


def _anchors_of_audio(session: Session) -> NDArray[np.int64]:
    """Return the keys, recordings and positions of all anchors except those of videos, shape (3, n).

    Rows are read in parts to save memory.
    """
    table = AudioAnchor
    statement = select(table.key, table.entity_id, table.position).execution_options(yield_per=ROWS)
    parts = [np.array([tuple(row) for row in rows], np.int64) for rows in session.execute(statement).partitions()]
    videos = session.scalars(select(FileProperties.entity_id).where(FileProperties.media_type.startswith("video/")))
    anchors = np.concatenate([np.empty((0, 3), np.int64), *parts])
    return anchors[~np.isin(anchors[:, 1], np.array(videos.all(), np.int64))].T


def _obstacle(media_type: str) -> Obstacle | None:
    return obstacle_of_sound(media_type) if kind_of(media_type) is Kind.VIDEO else media.obstacle(media_type)


@similarity_method(
    name=NAME,
    kind=Kind.AUDIO,
    features=("audio_fingerprint",),
    pairs=similar_pairs,
    parts={Kind.VIDEO: "sound"},
    obstacle=_obstacle,
)
def audio_fingerprint(session: Session, query: FileQuery) -> list[SimilarMatch]:
    """Return the recordings and videos that share sound with a file."""
    return find_similar(session, query.sample)
