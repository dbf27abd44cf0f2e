"""Find duplicates in a library, in groups around the asset to keep."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from dam.media.images.small_luma import phashes
from dam.media.images.small_luma import transformed as transform_luma
from dam.services.catalogue.assets import Asset, summarise
from dam.services.catalogue.replaced import replaced_ids
from dam.services.catalogue.trashed import trashed_ids
from dam.services.duplicates.decider import (
    TRANSFORMS,
    AssetEvidence,
    DuplicateMatch,
    DuplicateOptions,
    Numbers,
    PairDecider,
)
from dam.services.duplicates.keepers import rank_by_rules
from dam.services.duplicates.media_pairs import MediaPairs, all_duplicates
from dam.services.duplicates.rules import Level, Rule
from dam.services.duplicates.star_clustering import Key, crossing_key, group, hash_key
from dam.services.hamming.arrays import Ids
from dam.services.hamming.image_hashes import ImageHashes, places_of
from dam.services.library import Library
from dam.services.processes.pool import open_pool
from dam.services.similar.pixel_digests import PixelDigests, digest_candidates
from dam.services.similar.verification import load_lumas

BLOCK_LUMAS = 1 << 16
"""Number of lumas in memory while the hashes of transformed images are computed."""


@dataclass(frozen=True)
class Member:
    """A duplicate, and how it matches its keeper."""

    asset: Asset
    match: DuplicateMatch


@dataclass(frozen=True)
class Group:
    """The asset to keep, and its duplicates in order of rank."""

    keeper: Asset
    members: Sequence[Member]

    @property
    def assets(self) -> list[Asset]:
        """All of them, the one to keep first."""
        return [self.keeper, *(member.asset for member in self.members)]


@dataclass(frozen=True)
class Duplicates:
    """All groups in order of their keepers' ranks, and the reasons why some assets' pixels could not be compared."""

    groups: Sequence[Group]
    unread: Mapping[int, str]


def find_duplicates(library: Library, options: DuplicateOptions, among: Ids | None = None) -> Duplicates:
    """Group the duplicates in a library, or those among some entities (ascending).

    Every member is a duplicate of its keeper itself, by the rule of `dam.services.similar.rule`. Verdicts of the user
    come before all measures, and no group has two that they keep apart. Images that must be compared pixel by pixel are
    decoded by worker processes.
    """
    images, digests = _no_images(), PixelDigests()
    with library.read() as session:
        left_out = np.array(trashed_ids(session) + replaced_ids(session), np.int64)
        if options.level is not Level.CONTENT:
            images = _without(left_out, ImageHashes.load(session, among=among))
    if options.level is not Level.CONTENT:
        with open_pool() as workers:
            digests = digest_candidates(library, images, plain_only=options.level is Level.SIMILAR, pool=workers)
    with library.read() as session:
        similar = all_duplicates(session) if options.level is Level.SIMILAR else ()
        evidence = AssetEvidence.read(session, digests.digests, MediaPairs(similar, among), among)
        keys = _hash_keys(session, images, options) if options.level is Level.SIMILAR else []
        ranked = _ranked(session, images, keys, np.setdiff1d(evidence.entity_ids, left_out), options.rules)
        keys = [key.of(places_of(ranked, images.entity_ids)) for key in keys] + evidence.keys(ranked)
        decider = PairDecider(session, images.of(ranked), evidence, options)
        keepers = group(len(ranked), keys, decider, decider.apart)
        return Duplicates(_described(session, library, ranked, keepers, decider), digests.unread)


def _no_images() -> ImageHashes:
    return ImageHashes(np.empty(0, np.int64), {}, {})


def _without(left_out: Ids, images: ImageHashes) -> ImageHashes:
    return images.of(np.setdiff1d(images.entity_ids, left_out)) if left_out.size else images


def _hash_keys(session: Session, images: ImageHashes, options: DuplicateOptions) -> list[Key]:
    """Return the keys that find candidates among images."""
    images_options = options.images
    thresholds = images_options.thresholds
    keys = [hash_key(images.hashes[name], images.known[name], thresholds[name]) for name in images_options.searched]
    if images_options.transforms:
        keys += _transform_keys(session, images.entity_ids, thresholds["phash"])
    return keys


def _transform_keys(session: Session, entity_ids: Ids, radius: int) -> list[Key]:
    """Return the keys that find candidates among transformed images."""
    hashes = np.zeros((len(TRANSFORMS), len(entity_ids)), np.uint64)
    known = np.zeros(len(entity_ids), np.bool_)
    for start in range(0, len(entity_ids), BLOCK_LUMAS):
        some = slice(start, start + BLOCK_LUMAS)
        lumas, known[some] = load_lumas(session, entity_ids[some])
        for kind, transform in enumerate(TRANSFORMS):
            hashes[kind, some] = phashes(transform_luma(lumas, transform.inverse))
    return [crossing_key(hashes[0], hashes[kind], known, radius, kind=kind) for kind in range(1, len(TRANSFORMS))]


def _ranked(
    session: Session, images: ImageHashes, keys: Sequence[Key], with_evidence: Ids, rules: Sequence[Rule]
) -> Ids:
    """Return all entities that can be in a group, in order of rank."""
    has_any = np.logical_or.reduce([key.has_any() for key in keys]) if keys else np.zeros(len(images.entity_ids), bool)
    return rank_by_rules(session, np.union1d(images.entity_ids[has_any], with_evidence), rules)


def _described(session: Session, library: Library, ranked: Ids, keepers: Numbers, decider: PairDecider) -> list[Group]:
    """Return the groups with summaries of their assets."""
    members = np.flatnonzero(keepers != np.arange(len(ranked)))
    members = members[np.lexsort((members, keepers[members]))]
    ids = np.concatenate([ranked[members], ranked[keepers[members]]])
    assets = {asset.entity_id: asset for asset in summarise(session, library.store, np.unique(ids).tolist())}
    groups: dict[int, list[Member]] = defaultdict(list)
    for keeper, rank, match in zip(
        keepers[members].tolist(), members.tolist(), decider.explain(keepers[members], members), strict=True
    ):
        groups[keeper].append(Member(assets[int(ranked[rank])], match))
    return [Group(assets[int(ranked[keeper])], found) for keeper, found in groups.items()]
