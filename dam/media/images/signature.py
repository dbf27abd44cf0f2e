"""Signatures of images: perceptual hashes and small luma."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dam.media.images.perceptual_hash import Reductions, ahash, dhash, phash
from dam.media.images.small_luma import Lumas, small_luma
from dam.media.images.transforms import Transform, transform_image

if TYPE_CHECKING:
    from PIL.Image import Image

HASHES = {"phash": phash, "ahash": ahash, "dhash": dhash}


@dataclass(frozen=True)
class ImageSignature:
    """The perceptual hashes of an image by name, and its small luma."""

    hashes: Mapping[str, str]
    luma: Lumas
    turned: Mapping[Transform, Mapping[str, str]] = field(default_factory=dict)
    """The hashes of each transform of the image, if requested."""


def image_signature(reductions: Reductions) -> ImageSignature:
    """Return the signature of an image."""
    return ImageSignature(hashes(reductions), small_luma(reductions))


def signature_with_transforms(reductions: Reductions, luma: "Image") -> ImageSignature:
    """Return the signature of an image, with the hashes of its seven transforms."""
    others: list[Transform] = [transform for transform in Transform if transform is not Transform.NONE]
    turned = {each: hashes(Reductions(transform_image(luma, each))) for each in others}
    return ImageSignature(hashes(reductions), small_luma(reductions), turned)


def hashes(reductions: Reductions) -> dict[str, str]:
    """Return the perceptual hashes by name, 16 digits each."""
    return {name: compute(reductions) for name, compute in HASHES.items()}
