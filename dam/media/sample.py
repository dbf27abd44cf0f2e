"""The content of one file, decoded lazily and only once."""

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
    from dam.media.documents.minhash import MinHash
    from dam.media.images.perceptual_hash import Reductions
    from dam.media.images.signature import ImageSignature
    from dam.media.metadata.metadata import Metadata
    from dam.media.video.fingerprint import VideoFingerprint
    from dam.media.words.recognition import Words


T = TypeVar("T")
Reader: TypeAlias = Callable[[BinaryIO, str], T]
"""From the content and its media type to what it holds; DecodeError for damaged content."""


def obstacle(media_type: str) -> Obstacle | None:
    """Return why this installation cannot decode a media type, or None if it can, or if there is nothing to decode."""
    return registered_obstacle(media_type)


class Sample:
    """The input of a system: a media type, and the lazily decoded content.

    Properties that decode raise DecodeError if the content is damaged.
    """

    def __init__(self, open_content: Callable[[], BinaryIO], media_type: str, *, sidecar: bytes | None = None) -> None:
        self.open_content = open_content
        self.media_type = media_type
        self.sidecar = sidecar
        """The content of the XMP sidecar, if there is one."""
        self._decoded: dict[Reader[Any], Any] = {}

    @classmethod
    def of_file(cls, path: str, media_type: str, *, sidecar: bytes | None = None) -> "Sample":
        """Return the sample of a file, which is opened when needed."""
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
        """The first frame as displayed: orientation applied, transparency composited on white."""
        return self.decoded(image.decode)

    @property
    def container(self) -> "Container":
        """The container of a video or audio file, with its streams."""
        return self.decoded(_container)

    @property
    def video(self) -> "VideoFingerprint":
        """The fingerprint of a video, as it is stored."""
        return self.decoded(_video)

    @property
    def dense_video(self) -> "VideoFingerprint":
        """The fingerprint of a video with more pictures, for queries."""
        return self.decoded(_dense_video)

    @cached_property
    def metadata(self) -> "Metadata":
        """EXIF, IPTC and XMP of an image and its sidecar; what the container of a video says. Damage is skipped."""
        if self.kind is Kind.VIDEO:
            return self._video_metadata()
        from dam.media.metadata.metadata import read_metadata  # noqa: PLC0415  most commands do not need it

        with self.open_content() as stream:
            return read_metadata(stream, self.media_type, self.sidecar)

    def _video_metadata(self) -> "Metadata":
        from dam.media.metadata.recording import read_recording  # noqa: PLC0415  as above

        try:
            tags = self.container.tags
        except DecodeError:  # the system of the container says so
            tags = {}
        with self.open_content() as stream:
            return read_recording(stream, self.media_type, tags)

    @cached_property
    def luma(self) -> "Image":
        """The luma plane of the image, in mode `L`."""
        return image.luma(self.image)

    @cached_property
    def reductions(self) -> "Reductions":
        """The luma plane at the sizes of all perceptual hashes."""
        from dam.media.images.perceptual_hash import Reductions  # noqa: PLC0415  needs the image extra

        return Reductions(self.luma)

    @cached_property
    def signature(self) -> "ImageSignature":
        """The perceptual hashes and small luma of an image."""
        from dam.media.images.signature import image_signature  # noqa: PLC0415  needs the image extra

        return image_signature(self.reductions)

    @cached_property
    def signature_with_transforms(self) -> "ImageSignature":
        """The signature of an image, with the hashes of its transforms."""
        from dam.media.images.signature import signature_with_transforms  # noqa: PLC0415  needs the image extra

        return signature_with_transforms(self.reductions, self.luma)

    @property
    def document(self) -> "Document":
        """The properties and text of a document."""
        return self.decoded(document.decode)

    @cached_property
    def document_fingerprint(self) -> "MinHash | None":
        """The MinHash of a document's text; None without words."""
        from dam.media.documents.minhash import fingerprint  # noqa: PLC0415  needs numpy

        return fingerprint(self.document.text or "")

    @cached_property
    def words(self) -> "Words":
        """The words that are read in an image, or on the pages of a PDF without text."""
        from dam.media.words import pdf_pages, recognition  # noqa: PLC0415  need the ocr extra

        if self.kind is Kind.IMAGE:
            return recognition.Words(recognition.read_picture(self.image))
        if self.media_type != pdf_pages.MEDIA_TYPE:
            return recognition.Words()
        with self.open_content() as stream:
            return pdf_pages.read_pages(stream)

    @property
    def audio_fingerprint(self) -> list[int]:
        """The sub-fingerprints of the sound, 32 bits each; empty for less than 3 seconds."""
        return self.decoded(_sound)


def _container(stream: BinaryIO, _media_type: str) -> "Container":
    return container.probe(stream)


def _video(stream: BinaryIO, _media_type: str) -> "VideoFingerprint":
    return _fingerprint(stream, video.STEP)


def _dense_video(stream: BinaryIO, _media_type: str) -> "VideoFingerprint":
    return _fingerprint(stream, video.DENSE_STEP)


def _fingerprint(stream: BinaryIO, step: float) -> "VideoFingerprint":
    from dam.media.video.fingerprint import fingerprint  # noqa: PLC0415  needs the video extra

    return fingerprint(video.sample_pictures(stream, step))


def _sound(stream: BinaryIO, _media_type: str) -> list[int]:
    from dam.media.audio import chromaprint as chromaprint_library  # noqa: PLC0415  loads a library

    return chromaprint_library.fingerprint(audio.pcm(stream, chromaprint_library.RATE))
