"""The detectors that are left out because of a file's first byte could not have said anything of it."""

import filetype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.files import media_type as module


def matched(head: bytes, matchers: object) -> str | None:
    found = filetype.match(head, matchers)
    return found.mime if found else None


@given(head=st.binary(min_size=1, max_size=600))
def test_any_head_is_recognised_as_by_all_detectors(head: bytes) -> None:
    everything = module._matchers_without_containers()
    assert matched(head, module._matchers_for(head[0])) == matched(head, everything)


SIGNS = [
    *(
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"BM",
        b"II*\0",
        b"8BPS",
        b"\0\0\1\0",
        b"\0\0\0\x20ftypmp42",
    ),
    *(
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"ID3\3",
        b"\xff\xfb",
        b"OggS",
        b"fLaC",
        b"\0\0\1\xba",
        b"FLV\1",
    ),
    *(
        b"%PDF-1.7",
        b"\x1f\x8b\x08",
        b"BZh9",
        b"7z\xbc\xaf\x27\x1c",
        b"\xfd7zXZ\0",
        b"\x7fELF",
        b"MZ",
        b"SQLite format 3\0",
    ),
    *(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"\0\1\0\0\0",
        b"OTTO\0",
        b"wOF2\0\1\0\0",
        b"\0asm\1\0\0\0",
        b"\x28\xb5\x2f\xfd",
    ),
]


@pytest.mark.parametrize("sign", SIGNS, ids=repr)
def test_a_known_sign_is_recognised_as_by_all_detectors(sign: bytes) -> None:
    head = sign + bytes(8192 - len(sign))
    assert matched(head, module._matchers_for(head[0])) == matched(head, module._matchers_without_containers())


def test_a_tar_archive_is_recognised_by_what_stands_far_behind() -> None:
    head = b"name".ljust(257, b"\0") + b"ustar\x0000" + bytes(300)
    assert module.media_type(head, "a") == "application/x-tar"


def test_most_detectors_are_left_out() -> None:
    assert len(module._matchers_for(0)) < len(filetype.types) // 2
