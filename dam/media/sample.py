"""The content of one file, decoded lazily and once for all who look at it."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar

from dam.core.errors import DecodeError
from dam.media import container
from dam.media.audio import decoding as audio
from dam.media.documents import document
from dam.media.images import decoding as image
from dam.media.kinds import Kind, kind_of
from dam.media.obstacle import Obstacle, registered_obstacle
from dam.media.video import sampling as video

if TYPE_CHECKING:
    from PIL.Image import Image

    from dam.media.container import Container
    from dam.media.documents.document import Document
    from dam.media.documents.minhash import Fingerprint as MinHash
    from dam.media.images.looks import Looks
    from dam.media.images.perceptual_hash import Reductions
    from dam.media.metadata.metadata import Metadata
    from dam.media.video.fingerprint import Fingerprint


T = TypeVar("T")
Reader: TypeAlias = Callable[[BinaryIO, str], T]
"""From the content and its media type to what it holds; DecodeError for damaged content."""


def obstacle(media_type: str) -> Obstacle | None:
    """Return why this installation cannot decode such content, or None if it can or nobody needs to."""
    return registered_obstacle(media_type)


class Sample:
    """What a system gets to see: a media type, and the decoded content."""

    def __init__(self, open_content: Callable[[], BinaryIO], media_type: str, *, sidecar: bytes | None = None) -> None:
        self.open_content = open_content
        self.media_type = media_type
        self.sidecar = sidecar
        """What an XMP file beside the source says of it, if there is one."""
        self._decoded: dict[Reader[Any], Any] = {}

    @classmethod
    def of_file(cls, path: str, media_type: str, *, sidecar: bytes | None = None) -> "Sample":
        """Return the sample of a file, which is opened when it is needed."""
        return cls(lambda: Path(path).open("rb"), media_type, sidecar=sidecar)

    @property
    def kind(self) -> Kind:
        """The kind of the content."""
        return kind_of(self.media_type)

    def decoded(self, read: "Reader[T]") -> T:
        """Return what a reader makes of the content. Each reader runs once, whichever systems ask for its result.

        Raises:
            DecodeError: the content is damaged. The reader does not run again.
            OSError: the content cannot be read.

        """
        if read not in self._decoded:
            with self.open_content() as stream:
                try:
                    self._decoded[read] = read(stream, self.media_type)
                except DecodeError as exc:
                    self._decoded[read] = exc
        value: T | DecodeError = self._decoded[read]
        if isinstance(value, DecodeError):
            raise value
        return value

    @property
    def image(self) -> "Image":
        """The first frame as displayed: orientation applied, transparency composited on white; or DecodeError."""
        return self.decoded(image.decode)

    @property
    def container(self) -> "Container":
        """What a file of video or audio says of itself and its streams; or DecodeError."""
        return self.decoded(_container)

    @property
    def video(self) -> "Fingerprint":
        """The fingerprint of the moving pictures, as it is kept; or DecodeError."""
        return self.decoded(_video)

    @property
    def dense_video(self) -> "Fingerprint":
        """The same with more pictures, to look for others by; or DecodeError."""
        return self.decoded(_dense_video)

    @cached_property
    def metadata(self) -> "Metadata":
        """What the file and its sidecar say: EXIF, IPTC and XMP. Damaged metadata cost only themselves."""
        from dam.media.metadata.metadata import read_metadata  # noqa: PLC0415  commands that read no file need it not

        with self.open_content() as stream:
            return read_metadata(stream, self.media_type, self.sidecar)

    @cached_property
    def luma(self) -> "Image":
        """The luma plane of the image, in mode `L`; or DecodeError."""
        return image.luma(self.image)

    @cached_property
    def reductions(self) -> "Reductions":
        """The luma plane at the sizes of all perceptual hashes; or DecodeError."""
        from dam.media.images.perceptual_hash import Reductions  # noqa: PLC0415  needs the image extra

        return Reductions(self.luma)

    @cached_property
    def looks(self) -> "Looks":
        """What an image is compared by; or DecodeError."""
        from dam.media.images.looks import looks  # noqa: PLC0415  needs the image extra

        return looks(self.reductions)

    @cached_property
    def looks_every_way(self) -> "Looks":
        """The same with the hashes of its turned and mirrored copies; or DecodeError."""
        from dam.media.images.looks import looks_every_way  # noqa: PLC0415  needs the image extra

        return looks_every_way(self.reductions, self.luma)

    @property
    def document(self) -> "Document":
        """What a document says of itself, and its text; or DecodeError."""
        return self.decoded(document.decode)

    @cached_property
    def document_fingerprint(self) -> "MinHash | None":
        """The MinHash of the text of a document; None where there is no word; or DecodeError."""
        from dam.media.documents.minhash import fingerprint  # noqa: PLC0415  needs numpy

        return fingerprint(self.document.text or "")

    @property
    def audio_fingerprint(self) -> list[int]:
        """The sub-fingerprints of the sound, 32 bits each: none of under 3 seconds; or DecodeError."""
        return self.decoded(_sound)


def _container(stream: BinaryIO, _media_type: str) -> "Container":
    return container.probe(stream)


def _video(stream: BinaryIO, _media_type: str) -> "Fingerprint":
    return _fingerprint(stream, video.STEP)


def _dense_video(stream: BinaryIO, _media_type: str) -> "Fingerprint":
    return _fingerprint(stream, video.DENSE_STEP)


def _fingerprint(stream: BinaryIO, step: float) -> "Fingerprint":
    from dam.media.video.fingerprint import fingerprint  # noqa: PLC0415  needs the video extra

    return fingerprint(video.sample_pictures(stream, step))


def _sound(stream: BinaryIO, _media_type: str) -> list[int]:
    from dam.media.audio import chromaprint as chromaprint_library  # noqa: PLC0415  loads a library

    return chromaprint_library.fingerprint(audio.pcm(stream, chromaprint_library.RATE))
