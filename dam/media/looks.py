"""What an image is compared by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dam.media.perceptual_hash import ahash, dhash, phash
from dam.media.small_luma import Lumas, small_luma

if TYPE_CHECKING:
    from dam.media.perceptual_hash import Reductions

HASHES = {"phash": phash, "ahash": ahash, "dhash": dhash}


@dataclass(frozen=True)
class Looks:
    """The perceptual hashes of an image by name, and its small luma."""

    hashes: Mapping[str, str]
    luma: Lumas


def looks(reductions: "Reductions") -> Looks:
    """Return what an image is compared by."""
    return Looks(hashes(reductions), small_luma(reductions))


def hashes(reductions: "Reductions") -> dict[str, str]:
    """Return the perceptual hashes by name, 16 digits each."""
    return {name: compute(reductions) for name, compute in HASHES.items()}
