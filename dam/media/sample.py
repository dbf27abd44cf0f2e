"""The content of one file, decoded lazily and once for all who look at it."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from dam.core.errors import DecodeError
from dam.media import image
from dam.media.kinds import Kind, kind_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from dam.media.metadata import Metadata
    from dam.media.perceptual_hash import Reductions


_OBSTACLES: dict[Kind, Callable[[str], str | None]] = {
    Kind.IMAGE: image.obstacle,
}
"""Who knows what it takes to decode a kind of media: a line for each that has decoders."""


def obstacle(media_type: str) -> str | None:
    """Return why this installation cannot decode such content, or None if it can or nobody needs to."""
    ask = _OBSTACLES.get(kind_of(media_type))
    return ask(media_type) if ask else None


class Sample:
    """What a system gets to see: a media type, and the decoded content."""

    def __init__(self, open_content: Callable[[], BinaryIO], media_type: str, *, sidecar: bytes | None = None) -> None:
        self.open_content = open_content
        self.media_type = media_type
        self.sidecar = sidecar
        """What an XMP file beside the source says of it, if there is one."""

    @property
    def kind(self) -> Kind:
        """The kind of the content."""
        return kind_of(self.media_type)

    @property
    def image(self) -> "Image":
        """The first frame as displayed: orientation applied, transparency composited on white; or DecodeError."""
        if isinstance(self._decoded, DecodeError):
            raise self._decoded
        return self._decoded

    @cached_property
    def _decoded(self) -> "Image | DecodeError":
        with self.open_content() as stream:
            try:
                return image.decode(stream, self.media_type)
            except DecodeError as exc:  # kept: what is damaged is not decoded again for every system
                return exc

    @cached_property
    def metadata(self) -> "Metadata":
        """What the file and its sidecar say: EXIF, IPTC and XMP. Damaged metadata cost only themselves."""
        from dam.media.metadata import read_metadata  # noqa: PLC0415  commands that read no file need it not

        with self.open_content() as stream:
            return read_metadata(stream, self.media_type, self.sidecar)

    @cached_property
    def luma(self) -> "Image":
        """The luma plane of the image, in mode `L`; or DecodeError."""
        return image.luma(self.image)

    @cached_property
    def reductions(self) -> "Reductions":
        """The luma plane at the sizes of all perceptual hashes; or DecodeError."""
        from dam.media.perceptual_hash import Reductions  # noqa: PLC0415  needs the image extra

        return Reductions(self.luma)
