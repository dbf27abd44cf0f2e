"""What a sample shares among the systems of a file."""

import io
from typing import BinaryIO

import pytest

from dam.core.errors import DecodeError
from dam.media.sample import Sample


def test_a_reader_runs_once() -> None:
    calls = []

    def read(stream: BinaryIO, media_type: str) -> bytes:
        calls.append(media_type)
        return stream.read()

    sample = Sample(lambda: io.BytesIO(b"content"), "text/plain")
    assert [sample.decoded(read), sample.decoded(read)] == [b"content", b"content"]
    assert calls == ["text/plain"]


def test_damage_is_found_once_and_told_each_time() -> None:
    calls = []

    def read(_stream: BinaryIO, media_type: str) -> bytes:
        calls.append(media_type)
        raise DecodeError("damaged")

    sample = Sample(lambda: io.BytesIO(b"content"), "text/plain")
    for _ in range(2):
        with pytest.raises(DecodeError, match="damaged"):
            sample.decoded(read)
    assert calls == ["text/plain"]


def test_readers_do_not_meet() -> None:
    sample = Sample(lambda: io.BytesIO(b"content"), "text/plain")
    assert sample.decoded(lambda stream, _: stream.read(3)) == b"con"
    assert sample.decoded(lambda _, media_type: media_type) == "text/plain"
