"""What a query file is compared by: decoded in a worker process, never here."""

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
from dam.services.processes.alone import Alone
from dam.services.processes.limits import in_time
from dam.services.processes.request import Request

if TYPE_CHECKING:
    from dam.media.documents.minhash import Fingerprint as MinHash
    from dam.media.images.looks import Looks
    from dam.media.video.fingerprint import Fingerprint as VideoFingerprint


Feature: TypeAlias = str | Reader[Any]
"""What a query is compared by: the name of a property of `Sample`, or a reader."""


class NoImageError(DecodeError):
    """A file that is no image, as there are in folders."""


@dataclass(frozen=True)
class Features:
    """The features of one file: of each the value, or the error that it could not be made for.

    It has the names that a `Sample` has for what queries are compared by.
    """

    media_type: str
    values: Mapping[Feature, Any] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """The kind of the content."""
        return kind_of(self.media_type)

    @property
    def looks(self) -> "Looks":
        """The hashes and luma of an image; or DecodeError."""
        found: Looks = self._value("looks")
        return found

    @property
    def looks_every_way(self) -> "Looks":
        """The same with the hashes of its transforms; or DecodeError."""
        found: Looks = self._value("looks_every_way")
        return found

    @property
    def dense_video(self) -> "VideoFingerprint":
        """The fingerprint of moving pictures; or DecodeError."""
        found: VideoFingerprint = self._value("dense_video")
        return found

    @property
    def audio_fingerprint(self) -> list[int]:
        """The fingerprint of sound; or DecodeError."""
        found: list[int] = self._value("audio_fingerprint")
        return found

    @property
    def document_fingerprint(self) -> "MinHash | None":
        """The MinHash of a text; None without a word; or DecodeError."""
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
    """The features of a file whose type is known."""

    media_type: str
    features: Sequence[Feature]

    def run(self) -> Features:
        """Decode the file."""
        sample = Sample.of_file(self.path, self.media_type)
        with in_time():
            return Features(self.media_type, {feature: _made(sample, feature) for feature in self.features})

    def give_up(self, reason: str) -> Features:
        """Give the reason for every feature."""
        return Features(self.media_type, {feature: DecodeError(reason) for feature in self.features})


def _made(sample: Sample, feature: Feature) -> Any:
    try:
        return getattr(sample, feature) if isinstance(feature, str) else sample.decoded(feature)
    except (InputError, MissingExtraError) as exc:
        return exc


@dataclass(frozen=True)
class ImageFeatures:
    """What was found of a file that is to be an image query: its digest and looks; or why there are none."""

    path: str
    sha256: str = ""
    media_type: str = ""
    looks: "Looks | None" = None
    error: InputError | None = None


@dataclass(frozen=True)
class ImageRequest(Request[ImageFeatures]):
    """The digest, type and looks of a file that may be an image."""

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
                with in_time():
                    looks = sample.looks_every_way if self.transforms else sample.looks
        except (UnreadableFileError, DecodeError) as exc:
            return ImageFeatures(self.path, error=type(exc)(f"{self.path}: {exc}"))
        return ImageFeatures(self.path, sha256, found, looks)

    def give_up(self, reason: str) -> ImageFeatures:
        """Say why it cannot be compared."""
        return ImageFeatures(self.path, error=DecodeError(f"{self.path}: {reason}"))


@contextmanager
def begun_query(paths: Sequence[str], *, transforms: bool, jobs: int | None) -> Iterator[Alone[ImageFeatures] | None]:
    """Begin to decode a query that is alone; None where there are several or a folder, or no `jobs` are wanted.

    To be called first of all: it is decoded while this process imports what a search needs and opens the library.
    """
    if jobs == 0 or len(paths) != 1 or os.path.isdir(paths[0]):
        yield None
        return
    import dam.media.images.looks  # noqa: F401, PLC0415  brings numpy, which both processes need

    with Alone(ImageRequest(os.path.abspath(paths[0]), 0, transforms)) as begun:
        yield begun


@dataclass(frozen=True)
class PixelDigest:
    """The digest of an image's pixels, None where there is none to compare; or why it cannot be read."""

    digest: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class PixelRequest(Request[PixelDigest]):
    """The digest of the pixels of an image."""

    media_type: str

    def run(self) -> PixelDigest:
        """Decode the image."""
        from dam.media.images.pixel_digest import pixel_digest  # noqa: PLC0415  only here

        try:
            with open_source(self.path, linking=True), Path(self.path).open("rb") as stream, in_time():
                return PixelDigest(pixel_digest(stream, self.media_type))
        except (DecodeError, UnreadableFileError) as exc:
            return PixelDigest(error=str(exc))

    def give_up(self, reason: str) -> PixelDigest:
        """Say why it cannot be read."""
        return PixelDigest(error=reason)
