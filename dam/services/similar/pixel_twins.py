"""Images with equal pixels: those that nothing recorded tells apart are decoded once, and the digest is kept."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from dam.core.errors import DamError, StoreError, UnreadableFileError
from dam.media.images.small_luma import are_plain
from dam.media.sample import obstacle
from dam.models.dimensions_component import DimensionsComponent
from dam.models.image_pixel_digest_component import ImagePixelDigestComponent
from dam.services.catalogue import ecs
from dam.services.catalogue.asset_states import states_by_id
from dam.services.catalogue.content import find_content
from dam.services.hamming.image_hashes import ImageHashes
from dam.services.library import Library
from dam.services.processes.pool import Pool, open_pool
from dam.services.similar.features import PixelDigest, PixelRequest
from dam.services.similar.verification import load_lumas
from dam.storage.blob_store import BlobStore

logger = logging.getLogger(__name__)

Places: TypeAlias = NDArray[np.int64]
Contents: TypeAlias = dict[int, PixelRequest]
"""What to decode, by entity."""

PAGE = 256
"""Digests that are kept together."""


@dataclass
class PixelDigests:
    """The pixel digests of images that may have twins, by entity, and why others could not be read."""

    digests: dict[int, str | None] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)


def digest_twins(library: Library, images: ImageHashes, *, plain_only: bool, pool: Pool) -> PixelDigests:
    """Return the pixel digests of all images that might have the same pixels as another one.

    Those have equal hashes, lumas and dimensions. What has not been digested yet is decoded, and the digest kept. With
    `plain_only`, only images are looked at that are too plain for their hashes to mean anything.
    """
    with library.read() as session:
        twins = _possible_twins(session, images, plain_only=plain_only)
        found, missing = _look_up(session, library.store, twins)
    for new in _digest_all(missing, found.unread, pool):
        _keep(library, new)
        found.digests |= new
    return found


def pixel_digests(session: Session, store: BlobStore, entity_ids: Iterable[int]) -> dict[int, str | None]:
    """Return the pixel digests of images that can be read. None are kept: somebody reads who must not write."""
    found, missing = _look_up(session, store, entity_ids)
    if missing:
        with open_pool() as pool:
            for new in _digest_all(missing, found.unread, pool):
                found.digests |= new
    return found.digests


def _look_up(session: Session, store: BlobStore, entity_ids: Iterable[int]) -> tuple[PixelDigests, Contents]:
    """Return the digests that have been kept, and the contents of the other images."""
    ids = sorted(set(entity_ids))
    found = PixelDigests(_kept(session, ids))
    missing = [entity_id for entity_id in ids if entity_id not in found.digests]
    return found, dict(_contents(session, store, missing, found.unread))


def _digest_all(missing: Contents, unread: dict[int, str], pool: Pool) -> Iterator[dict[int, str | None]]:
    """Yield digests, some at a time; why there is none goes into `unread`."""
    results: Iterator[PixelDigest] = pool.run_all(list(missing.values()))
    for some in ecs.batched(zip(missing, results, strict=True), PAGE):
        unread.update((entity_id, result.error) for entity_id, result in some if result.error)
        yield {entity_id: result.digest for entity_id, result in some if not result.error}


def _possible_twins(session: Session, images: ImageHashes, *, plain_only: bool) -> list[int]:
    """Return the images that agree with another one in everything that is recorded of their pixels."""
    places = _with_equal_hashes(images)
    ids = images.entity_ids[places]
    lumas, _ = load_lumas(session, ids)
    if plain_only and len(ids):
        plain = are_plain(lumas)
        places, ids, lumas = places[plain], ids[plain], lumas[plain]
    sizes = dict(_dimensions(session, ids.tolist()))
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for entity_id, luma, *hashes in zip(
        ids.tolist(), lumas, *(values[places].tolist() for values in images.hashes.values()), strict=True
    ):
        alike[(sizes.get(entity_id), luma.tobytes(), *hashes)].append(entity_id)
    return [entity_id for twins in alike.values() if len(twins) > 1 for entity_id in twins]


def _with_equal_hashes(images: ImageHashes) -> Places:
    """Return the places of the images that have every hash, each equal to one of another image."""
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


def _kept(session: Session, entity_ids: Iterable[int]) -> dict[int, str | None]:
    table = ImagePixelDigestComponent
    kept: dict[int, str | None] = {}
    for some in ecs.batched(entity_ids):
        rows = session.execute(select(table.entity_id, table.digest).where(table.entity_id.in_(some)))
        kept.update((entity_id, digest) for entity_id, digest in rows)
    return kept


def _contents(
    session: Session, store: BlobStore, entity_ids: Iterable[int], unread: dict[int, str]
) -> Iterator[tuple[int, PixelRequest]]:
    """Yield entities with what to decode of each; why there is nothing goes into `unread`."""
    for known in states_by_id(session, entity_ids):
        if reason := obstacle(known.media_type):
            unread[known.entity_id] = reason.text
            continue
        try:
            path = find_content(session, store, known)
            yield known.entity_id, PixelRequest(path, known.size, known.media_type)
        except (StoreError, UnreadableFileError) as exc:
            unread[known.entity_id] = str(exc)


def _keep(library: Library, digests: dict[int, str | None]) -> None:
    """Keep digests for the next time; without them a library that is read-only gives the same answer, later."""
    rows = [{"entity_id": entity_id, "digest": digest} for entity_id, digest in digests.items()]
    try:
        with library.write() as session:
            ecs.put_rows(session, ImagePixelDigestComponent, rows)
    except DamError as exc:
        logger.info("the pixel digests are not kept: %s", exc)
