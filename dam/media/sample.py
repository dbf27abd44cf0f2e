"""The content of one file, decoded lazily and once for all who look at it."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from dam.core.errors import DecodeError
from dam.media import container, image, video
from dam.media.kinds import Kind, kind_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from dam.media.container import Container
    from dam.media.perceptual_hash import Reductions
    from dam.media.video_fingerprint import Fingerprint


_OBSTACLES: dict[Kind, Callable[[str], str | None]] = {
    Kind.IMAGE: image.obstacle,
    Kind.VIDEO: video.obstacle,
}
"""Who knows what it takes to decode a kind of media: a line for each that has decoders."""


def obstacle(media_type: str) -> str | None:
    """Return why this installation cannot decode such content, or None if it can or nobody needs to."""
    ask = _OBSTACLES.get(kind_of(media_type))
    return ask(media_type) if ask else None


class Sample:
    """What a system gets to see: a media type, and the decoded content."""

    def __init__(self, open_content: Callable[[], BinaryIO], media_type: str) -> None:
        self.open_content = open_content
        self.media_type = media_type

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

    @property
    def container(self) -> "Container":
        """What a file of video or audio says of itself and its streams; or DecodeError."""
        if isinstance(self._probed, DecodeError):
            raise self._probed
        return self._probed

    @cached_property
    def _probed(self) -> "Container | DecodeError":
        with self.open_content() as stream:
            try:
                return container.probe(stream)
            except DecodeError as exc:
                return exc

    @property
    def video(self) -> "Fingerprint":
        """The fingerprint of the moving pictures, as it is kept; or DecodeError."""
        if isinstance(self._sampled, DecodeError):
            raise self._sampled
        return self._sampled

    @cached_property
    def _sampled(self) -> "Fingerprint | DecodeError":
        try:
            return self._fingerprint(video.STEP)
        except DecodeError as exc:
            return exc

    @cached_property
    def dense_video(self) -> "Fingerprint":
        """The same with more pictures, to look for others by; or DecodeError."""
        return self._fingerprint(video.DENSE_STEP)

    def _fingerprint(self, step: float) -> "Fingerprint":
        from dam.media.video_fingerprint import fingerprint  # noqa: PLC0415  needs the video extra

        with self.open_content() as stream:
            return fingerprint(video.sample_pictures(stream, step))

    @cached_property
    def luma(self) -> "Image":
        """The luma plane of the image, in mode `L`; or DecodeError."""
        return image.luma(self.image)

    @cached_property
    def reductions(self) -> "Reductions":
        """The luma plane at the sizes of all perceptual hashes; or DecodeError."""
        from dam.media.perceptual_hash import Reductions  # noqa: PLC0415  needs the image extra

        return Reductions(self.luma)
