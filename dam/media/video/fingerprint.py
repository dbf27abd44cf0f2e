"""The fingerprint of a video: the pHash of each sampled picture, with its time.

Pictures with too little in them to tell one video from another (black, flat, a gradient) are left out. A fingerprint is
kept as bytes: for each picture 4 bytes of milliseconds and 8 bytes of hash, little-endian.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dam.media.images.small_luma import are_plain
from dam.media.video.sampling import SIDE, Pictures

FREQUENCIES = 8
MAX_ANCHORS = 256
ANCHOR_MS = 1000
"""There is an anchor every second, as far as `MAX_ANCHORS` reach."""
MAX_SCENE_DISTANCE = 3
"""Bits by which a picture may differ from the last anchor and need none of its own."""

RECORD = np.dtype([("time", "<u4"), ("hash", "<u8")])

Planes = NDArray[np.uint8]


@dataclass(frozen=True)
class VideoFingerprint:
    """What is left of a video."""

    times: NDArray[np.int64]
    """Milliseconds from the beginning, ascending, shape (n,)."""
    hashes: NDArray[np.uint64]
    """pHashes, shape (n,)."""

    def __len__(self) -> int:
        return len(self.times)

    def to_bytes(self) -> bytes:
        """Return it as it is kept."""
        records = np.empty(len(self.times), RECORD)
        records["time"], records["hash"] = self.times, self.hashes
        return records.tobytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "VideoFingerprint":
        """Return what `to_bytes` wrote."""
        records = np.frombuffer(stored, RECORD)
        return cls(records["time"].astype(np.int64), records["hash"].astype(np.uint64))


class Keys(NamedTuple):
    """The two halves of a hash, each 32 bits: where hashes are near, at least one half is often the same."""

    upper: int
    lower: int


def fingerprint(pictures: Pictures) -> VideoFingerprint:
    """Return the fingerprint of a video's pictures."""
    telling = ~are_plain(_small(pictures.planes))
    return VideoFingerprint(pictures.times[telling], phashes(pictures.planes[telling]))


def phashes(planes: Planes) -> NDArray[np.uint64]:
    """Return the pHash of planes of shape (n, 32, 32), as `dam.media.images.perceptual_hash.phash` but for ties."""
    rows = _dct_rows()
    low = (rows @ planes.astype(np.float64) @ rows.T).reshape(-1, FREQUENCIES * FREQUENCIES)
    bits = low > np.median(low, axis=-1, keepdims=True)
    return np.packbits(bits, axis=-1).view(">u8").reshape(-1).astype(np.uint64)


def anchors(of: VideoFingerprint) -> NDArray[np.intp]:
    """Return which pictures a video is found by: of each second the one that is most like its neighbours."""
    if not len(of):
        return np.empty(0, np.intp)
    span = int(of.times[-1]) + 1
    length = max(ANCHOR_MS, -(-span // MAX_ANCHORS))
    steps = np.bitwise_count(of.hashes[1:] ^ of.hashes[:-1]).astype(np.int64)
    unrest = np.append(steps, 64) + np.insert(steps, 0, 64)
    places = of.times // length
    order = np.lexsort((of.times, unrest, places))
    first = np.unique(places[order], return_index=True)[1]
    return _distinct(of, order[first])


def _distinct(of: VideoFingerprint, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """Leave out what looks as the one before it."""
    kept = [chosen[0]]
    for one in chosen[1:]:
        if int(of.hashes[one] ^ of.hashes[kept[-1]]).bit_count() > MAX_SCENE_DISTANCE:
            kept.append(one)
    return np.array(kept)


def keys(hashes: NDArray[np.uint64]) -> list[Keys]:
    """Return what hashes are looked up by."""
    upper, lower = hashes >> np.uint64(32), hashes & np.uint64(0xFFFFFFFF)
    return [Keys(*pair) for pair in zip(upper.tolist(), lower.tolist(), strict=True)]


def _small(planes: Planes) -> Planes:
    """Halve planes, shape (n, 256), as `dam.media.images.small_luma.small_luma` does."""
    half = SIDE // 2
    sums = planes.reshape(-1, half, 2, half, 2).sum(axis=(2, 4), dtype=np.uint16)
    small: Planes = ((sums + 2) // 4).astype(np.uint8).reshape(-1, half * half)
    return small


@cache
def _dct_rows() -> NDArray[np.float64]:
    """Return the first 8 rows of the unnormalised DCT-II of 32 values, shape (8, 32)."""
    frequency, place = np.ogrid[:FREQUENCIES, :SIDE]
    rows: NDArray[np.float64] = 2 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE))
    return rows
