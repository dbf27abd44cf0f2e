"""Requests for the features of a query file, which is decoded in a worker process."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dam.core.errors import DecodeError, InputError, MissingExtraError, UnreadableFileError
from dam.media.files.digests import digests_of
from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.files.source import chunks, open_source
from dam.media.kinds import Kind, kind_of
from dam.media.sample import Reader, Sample, T, obstacle
from dam.services.processes.isolated import IsolatedRun
from dam.services.processes.limits import time_limit
from dam.services.processes.request import Request

if TYPE_CHECKING:
    from dam.media.documents.minhash import MinHash
    from dam.media.images.signature import ImageSignature
    from dam.media.video.fingerprint import VideoFingerprint


Feature: TypeAlias = str | Reader[Any]
"""What a query is compared by: the name of a property of `Sample`, or a reader."""


class NoImageError(DecodeError):
    """A file that is not an image."""


@dataclass(frozen=True)
class Features:
    """The features of one file: for each the value, or the error.

    The properties have the same names as in `Sample`.
    """

    media_type: str
    values: Mapping[Feature, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """The kind of the content."""
        return kind_of(self.media_type)

    @property
    def signature(self) -> "ImageSignature":
        """The hashes and luma of an image.

        Raises:
            DecodeError: the image cannot be decoded.

        """
        found: ImageSignature = self._value("signature")
        return found

    @property
    def signature_with_transforms(self) -> "ImageSignature":
        """The hashes and luma of an image, and the hashes of its transforms; for the errors see `signature`."""
        found: ImageSignature = self._value("signature_with_transforms")
        return found

    @property
    def dense_video(self) -> "VideoFingerprint":
        """The dense fingerprint of a video.

        Raises:
            DecodeError: the video cannot be decoded.

        """
        found: VideoFingerprint = self._value("dense_video")
        return found

    @property
    def audio_fingerprint(self) -> list[int]:
        """The fingerprint of the sound.

        Raises:
            DecodeError: the sound cannot be decoded.

        """
        found: list[int] = self._value("audio_fingerprint")
        return found

    @property
    def document_fingerprint(self) -> "MinHash | None":
        """The MinHash of the text; None without words.

        Raises:
            DecodeError: the document cannot be decoded.

        """
        found: MinHash | None = self._value("document_fingerprint")
        return found

    def decoded(self, read: Reader[T]) -> T:
        """Return what a reader made of the content; or DecodeError."""
        found: T = self._value(read)
        return found

    def _value(self, feature: Feature) -> Any:
        value = self.values[feature]
        if isinstance(value, Exception):
            raise value
        return value


@dataclass(frozen=True)
class FeatureRequest(Request[Features]):
    """Request for the features of a file of a known media type."""

    media_type: str
    features: Sequence[Feature]

    def run(self) -> Features:
        """Decode the file and compute the features."""
        sample = Sample.of_file(self.path, self.media_type)
        with time_limit():
            return Features(self.media_type, {feature: _made(sample, feature) for feature in self.features})

    def give_up(self, reason: str) -> Features:
        """Return the reason as error of every feature."""
        return Features(self.media_type, {feature: DecodeError(reason) for feature in self.features})


def _made(sample: Sample, feature: Feature) -> Any:
    try:
        return getattr(sample, feature) if isinstance(feature, str) else sample.decoded(feature)
    except (InputError, MissingExtraError) as exc:
        return exc


@dataclass(frozen=True)
class ImageFeatures:
    """The digest, media type and signature of a query image, or the error."""

    path: str
    sha256: str = ""
    media_type: str = ""
    signature: "ImageSignature | None" = None
    error: InputError | None = None


@dataclass(frozen=True)
class ImageRequest(Request[ImageFeatures]):
    """Request for the digest, media type and signature of a file that may be an image."""

    transforms: bool = False

    def run(self) -> ImageFeatures:
        """Read the file, and decode it if it is an image."""
        try:
            with open_source(self.path) as (file, _):
                sha256 = digests_of(chunks(file)).sha256
                file.seek(0)
                found = media_type(file.read(HEAD_BYTES), os.path.basename(self.path))
                if not found.startswith("image/"):
                    raise NoImageError(f"is not an image but {found}")
                if hindered := obstacle(found):
                    raise DecodeError(hindered.text)  # noqa: TRY301  turned into a result below
                sample = Sample.of_file(self.path, found)
                with time_limit():
                    signature = sample.signature_with_transforms if self.transforms else sample.signature
        except (UnreadableFileError, DecodeError) as exc:
            return ImageFeatures(self.path, error=type(exc)(f"{self.path}: {exc}"))
        return ImageFeatures(self.path, sha256, found, signature)

    def give_up(self, reason: str) -> ImageFeatures:
        """Return the reason as error."""
        return ImageFeatures(self.path, error=DecodeError(f"{self.path}: {reason}"))


@contextmanager
def start_query(
    paths: Sequence[str], *, transforms: bool, jobs: int | None
) -> Iterator[IsolatedRun[ImageFeatures] | None]:
    """Start to decode a single query; None if there are several, or a folder, or `jobs` is 0.

    The image is decoded while this process imports modules and opens the library.
    """
    if jobs == 0 or len(paths) != 1 or os.path.isdir(paths[0]):
        yield None
        return
    import dam.media.images.signature  # noqa: F401, PLC0415  imports numpy, which both processes need

    with IsolatedRun(ImageRequest(os.path.abspath(paths[0]), 0, transforms)) as begun:
        yield begun


@dataclass(frozen=True)
class PixelDigest:
    """The digest of an image's pixels (None if there is none), or the error."""

    digest: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class PixelRequest(Request[PixelDigest]):
    """Request for the digest of an image's pixels."""

    media_type: str

    def run(self) -> PixelDigest:
        """Decode the image."""
        from dam.media.images.pixel_digest import pixel_digest  # noqa: PLC0415  only here

        try:
            with open_source(self.path, linking=True), Path(self.path).open("rb") as stream, time_limit():
                return PixelDigest(pixel_digest(stream, self.media_type))
        except (DecodeError, UnreadableFileError) as exc:
            return PixelDigest(error=str(exc))

    def give_up(self, reason: str) -> PixelDigest:
        """Return the reason as error."""
        return PixelDigest(error=reason)
