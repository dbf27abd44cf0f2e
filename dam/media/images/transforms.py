"""The eight lossless rotations and reflections of an image (the dihedral group D4)."""

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Scalar = TypeVar("Scalar", bound=np.generic)


class Transform(StrEnum):
    """A rotation or reflection of an image. Rotations are clockwise, in degrees."""

    NONE = "none"
    ROTATED_90 = "rotated-90"
    ROTATED_180 = "rotated-180"
    ROTATED_270 = "rotated-270"
    MIRRORED = "mirrored"
    """Left and right swapped."""
    FLIPPED = "flipped"
    """Top and bottom swapped."""
    TRANSPOSED = "transposed"
    """Reflected at the diagonal from the top left."""
    TRANSVERSED = "transversed"
    """Reflected at the diagonal from the top right."""

    @property
    def inverse(self) -> "Transform":
        """The transform that undoes this one."""
        return _INVERSES.get(self, self)

    @property
    def steps(self) -> tuple[bool, bool, bool]:
        """The transform as three optional steps, in order: transpose, flip vertically, mirror horizontally."""
        return _STEPS[self]


_INVERSES = {Transform.ROTATED_90: Transform.ROTATED_270, Transform.ROTATED_270: Transform.ROTATED_90}
_STEPS = {
    Transform.NONE: (False, False, False),
    Transform.ROTATED_90: (True, False, True),
    Transform.ROTATED_180: (False, True, True),
    Transform.ROTATED_270: (True, True, False),
    Transform.MIRRORED: (False, False, True),
    Transform.FLIPPED: (False, True, False),
    Transform.TRANSPOSED: (True, False, False),
    Transform.TRANSVERSED: (True, True, True),
}


def transform_square(squares: NDArray[Scalar], transform: Transform) -> NDArray[Scalar]:
    """Transform square planes of shape (…, n, n); return a view."""
    transpose, flip, mirror = transform.steps
    transposed: NDArray[Any] = squares.swapaxes(-1, -2) if transpose else squares
    return transposed[..., :: -1 if flip else 1, :: -1 if mirror else 1]


def transform_image(image: "Image", transform: Transform) -> "Image":
    """Transform an image; return the same object for `Transform.NONE`."""
    from PIL.Image import Transpose  # noqa: PLC0415  needs the image extra

    methods = {
        Transform.ROTATED_90: Transpose.ROTATE_270,  # Pillow rotates anticlockwise
        Transform.ROTATED_180: Transpose.ROTATE_180,
        Transform.ROTATED_270: Transpose.ROTATE_90,
        Transform.MIRRORED: Transpose.FLIP_LEFT_RIGHT,
        Transform.FLIPPED: Transpose.FLIP_TOP_BOTTOM,
        Transform.TRANSPOSED: Transpose.TRANSPOSE,
        Transform.TRANSVERSED: Transpose.TRANSVERSE,
    }
    return image if transform is Transform.NONE else image.transpose(methods[transform])
