"""Finding images that look like one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, select, type_coerce
from sqlalchemy.orm import Session

from dam.core.errors import DecodeError, UnreadableFileError
from dam.media.digests import digests_of
from dam.media.media_type import HEAD_BYTES, media_type
from dam.media.perceptual_hash import ahash, dhash, phash
from dam.media.sample import Sample, obstacle
from dam.media.small_luma import Lumas, small_luma
from dam.media.source import chunks, open_source
from dam.models.base_component import BaseComponent
from dam.models.image_perceptual_hash_ahash_component import ImagePerceptualHashAhashComponent
from dam.models.image_perceptual_hash_dhash_component import ImagePerceptualHashDhashComponent
from dam.models.image_perceptual_hash_phash_component import ImagePerceptualHashPhashComponent
from dam.services.lookup import find_by_hash

HASHES = {"phash": phash, "ahash": ahash, "dhash": dhash}
_TABLES: dict[str, type[BaseComponent]] = {
    "phash": ImagePerceptualHashPhashComponent,
    "ahash": ImagePerceptualHashAhashComponent,
    "dhash": ImagePerceptualHashDhashComponent,
}


@dataclass(frozen=True)
class Query:
    """The hashes and the small luma of the image that others are compared with."""

    sha256: str
    hashes: Mapping[str, str]
    luma: Lumas | None = None


@dataclass(frozen=True)
class Match:
    """An image within a threshold, and the Hamming distance of each hash (0–64); None where it has no such hash."""

    entity_id: int
    distances: Mapping[str, int | None]
    identical: bool


def read_query(path: Path) -> Query:
    """Return the hashes of an image file.

    Raises:
        UnreadableFileError: it cannot be read.
        DecodeError: it is no image, or a damaged one.

    """
    try:
        with open_source(str(path)) as (file, _):
            digests = digests_of(chunks(file))
            file.seek(0)
            found = media_type(file.read(HEAD_BYTES), path.name)
            if not found.startswith("image/"):
                raise DecodeError(f"is not an image but {found}")
            if reason := obstacle(found):
                raise DecodeError(reason)
            reductions = Sample(lambda: path.open("rb"), found).reductions
    except (UnreadableFileError, DecodeError) as exc:
        raise type(exc)(f"{path}: {exc}") from exc
    hashes = {name: compute(reductions) for name, compute in HASHES.items()}
    return Query(digests.sha256, hashes, small_luma(reductions))


def find_similar(session: Session, query: Query, thresholds: Mapping[str, int]) -> list[Match]:
    """Return the images within the threshold of at least one hash, nearest first.

    `thresholds` maps names of hashes to Hamming distances; a hash that is not in it has no say. Nearest is by the
    least distance, then by their sum.
    """
    scans = {name: _distances(session, name, query.hashes[name]) for name in HASHES}
    near = [ids[away <= thresholds[name]] for name, (ids, away) in scans.items() if name in thresholds]
    chosen = np.unique(np.concatenate([*near, np.empty(0, np.int64)]))
    distances = {}
    for name, (ids, away) in scans.items():
        among = np.isin(ids, chosen)
        distances[name] = dict(zip(ids[among].tolist(), away[among].tolist(), strict=True))
    identical = set(find_by_hash(session, query.sha256, "sha256"))
    matches = [
        Match(entity_id, {name: distances[name].get(entity_id) for name in HASHES}, entity_id in identical)
        for entity_id in chosen.tolist()
    ]
    return sorted(matches, key=lambda match: _nearness(match, thresholds))


def _distances(session: Session, name: str, digits: str) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the entities that have a hash, ascending, and how far theirs is from `digits`, each of shape (n,)."""
    table = _TABLES[name]
    value = type_coerce(table.__table__.c.hash_value, BigInteger)
    rows = session.execute(select(table.entity_id, value).order_by(table.entity_id)).all()
    ids, values = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    return ids, np.bitwise_count(values.astype(np.uint64) ^ np.uint64(int(digits, 16)))


def _nearness(match: Match, names: Iterable[str]) -> tuple[bool, int, int, int]:
    known = [distance for name in names if (distance := match.distances[name]) is not None]
    return not match.identical, min(known), sum(known), match.entity_id
