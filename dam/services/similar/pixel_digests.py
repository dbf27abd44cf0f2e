"""Compute the pixel digests of images that may have the same pixels, and store them."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.database import release
from dam.core.errors import DamError, StoreError, UnreadableFileError
from dam.media.images.small_luma import are_plain
from dam.media.sample import obstacle
from dam.models.dimensions_component import DimensionsComponent
from dam.models.image_pixel_digest_component import ImagePixelDigestComponent
from dam.services.catalogue.asset_states import states_by_id
from dam.services.catalogue.content import find_content
from dam.services.components import ecs
from dam.services.hamming.image_hashes import ImageHashes
from dam.services.library import Library
from dam.services.processes.pool import Pool, open_pool
from dam.services.similar.features import PixelDigest, PixelRequest
from dam.services.similar.verification import load_lumas
from dam.storage.blob_store import BlobStore

logger = logging.getLogger(__name__)

Places: TypeAlias = NDArray[np.int64]
Contents: TypeAlias = dict[int, PixelRequest]
"""Requests by entity."""

PAGE = 256
"""Number of digests that are stored together."""


@dataclass
class PixelDigests:
    """Pixel digests by entity, and the reasons why other images could not be read."""

    digests: dict[int, str | None] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)


def digest_candidates(library: Library, images: ImageHashes, *, plain_only: bool, pool: Pool) -> PixelDigests:
    """Return the pixel digests of all images that may have the same pixels as another one.

    Candidates have equal hashes, lumas and dimensions. Images without a stored digest are decoded, and the digest is
    stored. With `plain_only`, only images with too little detail for hashes are candidates.
    """
    with library.read() as session:
        candidates = _find_candidates(session, images, plain_only=plain_only)
        found, missing = _look_up(session, library.store, candidates)
    for new in _digest_all(missing, found.unread, pool):
        _store(library, new)
        found.digests |= new
    return found


def pixel_digests(session: Session, store: BlobStore, entity_ids: Iterable[int]) -> dict[int, str | None]:
    """Return the pixel digests of the images that can be read. New digests are not stored: the session is read-only."""
    found, missing = _look_up(session, store, entity_ids)
    if missing:
        release(session)
        with open_pool() as pool:
            for new in _digest_all(missing, found.unread, pool):
                found.digests |= new
    return found.digests


def _look_up(session: Session, store: BlobStore, entity_ids: Iterable[int]) -> tuple[PixelDigests, Contents]:
    """Return the stored digests, and requests for the other images."""
    ids = sorted(set(entity_ids))
    found = PixelDigests(_stored(session, ids))
    missing = [entity_id for entity_id in ids if entity_id not in found.digests]
    return found, dict(_contents(session, store, missing, found.unread))


def _digest_all(missing: Contents, unread: dict[int, str], pool: Pool) -> Iterator[dict[int, str | None]]:
    """Yield digests in batches; add the errors to `unread`."""
    results: Iterator[PixelDigest] = pool.map(list(missing.values()))
    for some in ecs.batched(zip(missing, results, strict=True), PAGE):
        unread.update((entity_id, result.error) for entity_id, result in some if result.error)
        yield {entity_id: result.digest for entity_id, result in some if not result.error}


def _find_candidates(session: Session, images: ImageHashes, *, plain_only: bool) -> list[int]:
    """Return the images whose recorded hashes, luma and dimensions equal those of another one."""
    places = _with_equal_hashes(images)
    ids = images.entity_ids[places]
    lumas, _ = load_lumas(session, ids)
    if plain_only and len(ids):
        plain = are_plain(lumas)
        places, ids, lumas = places[plain], ids[plain], lumas[plain]
    sizes = dict(_dimensions(session, ids.tolist()))
    by_evidence: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for entity_id, luma, *hashes in zip(
        ids.tolist(), lumas, *(values[places].tolist() for values in images.hashes.values()), strict=True
    ):
        by_evidence[(sizes.get(entity_id), luma.tobytes(), *hashes)].append(entity_id)
    return [entity_id for candidates in by_evidence.values() if len(candidates) > 1 for entity_id in candidates]


def _with_equal_hashes(images: ImageHashes) -> Places:
    """Return the indices of the images whose every hash equals that of another image."""
    places = np.flatnonzero(np.logical_and.reduce(list(images.known.values())))
    for values in images.hashes.values():
        ordered = np.sort(values[places])
        places = places[np.isin(values[places], ordered[1:][ordered[1:] == ordered[:-1]])]
    return places


def _dimensions(session: Session, entity_ids: Iterable[int]) -> Iterator[tuple[int, tuple[int, int]]]:
    table = DimensionsComponent
    for some in ecs.batched(entity_ids):
        wanted = select(table.entity_id, table.width, table.height).where(table.entity_id.in_(some))
        for entity_id, width, height in session.execute(wanted):
            yield entity_id, (width, height)


def _stored(session: Session, entity_ids: Iterable[int]) -> dict[int, str | None]:
    table = ImagePixelDigestComponent
    stored: dict[int, str | None] = {}
    for some in ecs.batched(entity_ids):
        rows = session.execute(select(table.entity_id, table.digest).where(table.entity_id.in_(some)))
        stored.update((entity_id, digest) for entity_id, digest in rows)
    return stored


def _contents(
    session: Session, store: BlobStore, entity_ids: Iterable[int], unread: dict[int, str]
) -> Iterator[tuple[int, PixelRequest]]:
    """Yield the request for each entity; add the errors to `unread`."""
    for known in states_by_id(session, entity_ids):
        if reason := obstacle(known.media_type):
            unread[known.entity_id] = reason.text
            continue
        try:
            path = find_content(session, store, known)
            yield known.entity_id, PixelRequest(path, known.size, known.media_type)
        except (StoreError, UnreadableFileError) as exc:
            unread[known.entity_id] = str(exc)


def _store(library: Library, digests: dict[int, str | None]) -> None:
    """Store digests. In a read-only library, this is skipped, and they are computed again next time."""
    rows = [{"entity_id": entity_id, "digest": digest} for entity_id, digest in digests.items()]
    try:
        with library.write() as session:
            ecs.put_rows(session, ImagePixelDigestComponent, rows)
    except DamError as exc:
        logger.info("the pixel digests could not be stored: %s", exc)
