"""The manifest under any damage: what is read is true, and what is missing is named."""

import json
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.services.manifest.lines import Line, header, numbered, parse
from dam.services.manifest.reader import Damage, find_end, read
from dam.storage.memory import MemoryManifest

BATCHES = [
    numbered(number, [f'"say":{number * 10 + each}' for each in range(number % 3 + 1)]) for number in range(1, 7)
]


def manifest_of(*segments: bytes) -> MemoryManifest:
    manifest = MemoryManifest()
    for segment in segments:
        manifest.append(segment, new_segment=True)
    return manifest


def segment(*batches: int) -> bytes:
    return header("an-id") + "".join(BATCHES[number - 1] for number in batches).encode()


def said(manifest: MemoryManifest, after: int = 0) -> tuple[list[int], list[Damage]]:
    items = list(read(manifest, after))
    lines = [item.content["say"] for item in items if isinstance(item, Line)]
    return lines, [item for item in items if isinstance(item, Damage)]


WHOLE = said(manifest_of(segment(1, 2, 3), segment(4, 5, 6)))


def test_all_lines_come_back_in_order() -> None:
    assert WHOLE[0] == sorted(WHOLE[0])
    assert len(WHOLE[0]) == sum(len(batch.splitlines()) for batch in BATCHES)
    assert WHOLE[1] == []
    assert said(manifest_of(segment(1, 2, 3), segment(4, 5, 6)), after=4)[0] == [50, 51, 52, 60]


def test_a_line_is_valid_json_after_its_checksum() -> None:
    for line in segment(1, 2).splitlines():
        assert json.loads(line[9:])


@given(place=st.integers(0, 10_000), bits=st.integers(1, 255))
def test_a_changed_byte_is_named_and_nothing_false_is_read(place: int, bits: int) -> None:
    data = bytearray(segment(1, 2, 3, 4))
    data[place % len(data)] ^= bits
    lines, damage = said(manifest_of(bytes(data), segment(5, 6)))
    assert damage
    assert set(lines) <= set(WHOLE[0])
    assert len(lines) >= len(WHOLE[0]) - 2  # a newline that has gone makes one line of two


@given(st.data())
def test_a_cut_is_named_unless_whole_batches_are_missing_at_the_end(data: st.DataObject) -> None:
    whole = segment(1, 2, 3, 4)
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    lines, damage = said(manifest_of(whole[:begin] + whole[end:], segment(5, 6)))
    assert bool(damage) == (begin < end)
    assert set(lines) <= set(WHOLE[0])
    ends = {len(segment(*range(1, last + 1))) for last in range(5)}
    lines, damage = said(manifest_of(whole[:begin]))
    assert bool(damage) == (begin not in ends | {0})


@given(st.binary())
def test_anything_can_be_read(content: bytes) -> None:
    manifest = manifest_of(content)
    assert all(isinstance(item, Line | Damage) for item in read(manifest))
    assert find_end(manifest).batch >= 0
    assert parse(content) is None


def test_a_segment_that_is_missing_is_named() -> None:
    assert "before batch 4" in said(manifest_of(segment(4, 5, 6)))[1][0].detail
    assert said(manifest_of(segment(1), b"", segment(2)))[1] == []


def test_what_a_killed_process_began_and_the_next_one_wrote_whole_is_no_damage() -> None:
    for cut in (1, 9, 40, len(BATCHES[1]) - 1):
        torn = segment(1) + BATCHES[1][:cut].encode() + b"\n" + "".join(BATCHES[1:6]).encode()
        lines, damage = said(manifest_of(torn))
        assert damage == []
        assert sorted(set(lines)) == WHOLE[0]


def test_a_batch_twice_changes_nothing_later() -> None:
    lines, damage = said(manifest_of(segment(1, 2, 3, 2)))
    assert (lines, damage) == (WHOLE[0][: len(lines)], [])


def test_the_end() -> None:
    assert find_end(manifest_of()).batch == 0
    assert (find_end(manifest_of(segment(1, 2))).batch, find_end(manifest_of(segment(1, 2))).is_whole) == (2, True)
    torn = find_end(manifest_of(segment(1, 2)[:-1]))
    assert (torn.batch, torn.is_whole, torn.has_newline) == (2, False, False)
    half = find_end(manifest_of(segment(1) + BATCHES[1].splitlines(keepends=True)[0].encode()))
    assert (half.batch, half.is_whole, half.has_newline) == (2, False, True)
    assert find_end(manifest_of(segment(1, 2), b"rotten")).batch == 2


@pytest.mark.parametrize("number", ["1e999", str(10**30), "-1", "null", "[]"])
def test_a_batch_that_has_no_number_is_damage(number: str) -> None:
    line = numbered(7, ['"x":1']).split(" ", 1)[1].replace('"b":7', f'"b":{number}').strip().encode()
    assert parse(b"%08x %b\n" % (crc32(line), line)) is None
