"""Where, when and by what a video was recorded, as each kind of camera writes it."""

import io
import struct
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from dam.media.files.media_type import HEAD_BYTES, media_type
from dam.media.metadata import container_tags
from dam.media.metadata.fields import Fields
from dam.media.metadata.moments import Moment
from dam.media.sample import Sample, obstacle
from tests.media.clips import audio, scenes, video
from tests.media.recordings import iso_file, mdpm, transport_stream, with_keys

approximately: Any = pytest.approx
APPLE = "com.apple.quicktime."
PARIS = "+48.8577+002.2950+035.000/"


def common(data: bytes, name: str = "") -> Fields:
    return Sample(lambda: io.BytesIO(data), media_type(data, name)).metadata.common


def test_quicktime_keys() -> None:
    said = {"location.ISO6709": PARIS, "make": "Apple", "model": "iPhone 15 Pro", "title": "Tower"}
    said |= {"creationdate": "2024-05-03T16:20:30+0200", "keywords": "sea,sky", "camera.lens_model": "Wide"}
    keys = {APPLE + name: value for name, value in said.items()}
    assert common(with_keys(video(scenes(1, 1)), keys)) == Fields(
        taken=Moment("2024-05-03T16:20:30", 120),
        make="Apple",
        model="iPhone 15 Pro",
        lens="Wide",
        latitude=48.8577,
        longitude=2.295,
        altitude=35,
        title="Tower",
        keywords=("sea", "sky"),
    )


def test_user_data_of_mp4() -> None:
    created = {"creation_time": "2024-05-03T14:20:30Z", "location": "-33.5000+151.2100/"}
    found = common(video(scenes(1, 1), metadata=created))
    assert found == Fields(taken=Moment("2024-05-03T14:20:30", 0), latitude=-33.5, longitude=151.21)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+48.8577+002.2950/", (48.8577, 2.295, None)),
        ("-4851.5+00221.0-10/", (-48.858333, 2.35, -10)),
        ("+485130-0022100+35.5CRSWGS_84/", (48.858333, -2.35, 35.5)),
        ("+99.0+002.0/", (None, None, None)),
        ("+00.0000+000.0000/", (None, None, None)),
        ("Berlin", (None, None, None)),
    ],
)
def test_positions(written: str, expected: tuple[float | None, ...]) -> None:
    found = container_tags.fields({"location": written})
    assert (found.latitude, found.longitude, found.altitude) == approximately(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"creation_time": "2009-10-27 12:14:34"}, Moment("2009-10-27T12:14:34")),
        ({"date": "Mon Mar 10 15:04:43 2003"}, Moment("2003-03-10T15:04:43")),
        ({"date": "2001/ 1/27  1:42PM"}, Moment("2001-01-27T13:42:00")),
        ({"date": "2005/11/28/ 09:19"}, Moment("2005-11-28T09:19:00")),
        ({"date": "2024-05-03", "creation_time": "2024-05-04T01:02:03.000000Z"}, Moment("2024-05-04T01:02:03", 0)),
        ({"date": "2024"}, None),
        ({"creation_time": "1970-01-01T00:00:00.000000Z"}, None),
        ({"creation_time": "1904-01-01T00:00:00.000000Z", "date": "Mon Foo 10 15:04:43 2003"}, None),
    ],
)
def test_times(tags: dict[str, str], expected: Moment | None) -> None:
    assert container_tags.fields(tags).taken == expected


def test_the_time_of_an_avi_file_is_local() -> None:
    plain = video(scenes(1, 1), "avi", "mpeg4")
    dated = b"IDIT" + struct.pack("<I", 26) + b"Mon Mar 10 15:04:43 2003\n\0"
    end = plain.index(b"LIST", 12)  # the list of headers: the date goes to its end
    size = int.from_bytes(plain[end + 4 : end + 8], "little")
    place = end + 8 + size
    longer = plain[: end + 4] + struct.pack("<I", size + len(dated)) + plain[end + 8 : place] + dated + plain[place:]
    data = longer[:4] + struct.pack("<I", len(longer) - 8) + longer[8:]
    assert common(data).taken == Moment("2003-03-10T15:04:43")
    assert Sample(lambda: io.BytesIO(data), "video/x-msvideo").container.created is None


SONY = {
    0x18: bytes.fromhex("02202405"),  # an hour east
    0x19: bytes.fromhex("03162030"),
    0xA0: struct.pack(">HH", 1, 50),
    0xA1: struct.pack(">HH", 28, 10),
    0xB1: b"N\0\0\0",
    0xB2: struct.pack(">HH", 48, 1),
    0xB3: struct.pack(">HH", 51, 1),
    0xB4: struct.pack(">HH", 300, 10),
    0xB5: b"W\0\0\0",
    0xB6: struct.pack(">HH", 2, 1),
    0xB7: struct.pack(">HH", 21, 1),
    0xB8: struct.pack(">HH", 0, 1),
    0xE0: bytes.fromhex("0108ffff"),
    0xE4: b"HDR-",
    0xE5: b"CX12",
    0xE6: b"\0\0\0\0",
}


def test_a_camcorder_writes_into_the_stream() -> None:
    found = common(transport_stream(mdpm(SONY)), "a.mts")
    assert found == Fields(
        taken=Moment("2024-05-03T16:20:30", 60),
        exposure_seconds=0.02,
        aperture=2.8,
        make="Sony",
        model="HDR-CX12",
        latitude=approximately(48.858333, abs=1e-6),
        longitude=approximately(-2.35),
    )


@pytest.mark.parametrize("cut", [24, 30, 60])
def test_a_damaged_one_says_what_it_can(cut: int) -> None:
    found = common(transport_stream(mdpm(SONY)[:cut]), "a.mts")
    assert found.model is None


def test_a_video_that_is_damaged_says_nothing() -> None:
    assert common(video(scenes(1, 1))[:2000], "a.mp4") == Fields()


def test_audio_of_any_brand_is_audio() -> None:
    def type_of(data: bytes, brand: bytes) -> str:
        data = data[:8] + brand + data[12:]
        return media_type(data[:HEAD_BYTES], "", lambda: io.BytesIO(data))

    sound = audio(1, "mp4", "aac")
    for brand in (b"isom", b"iso5", b"mp42", b"dash", b"qt  "):
        assert type_of(sound, brand) == "audio/mp4"
    assert type_of(sound, b"3gp6") == "audio/3gpp"
    moving = video(scenes(1, 1), sound="aac")
    assert type_of(moving, b"3gp6") == "video/3gpp"
    assert type_of(moving, b"isom") == "video/mp4"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (iso_file(b"isom", b"soun", padding=20_000), "a", "audio/mp4"),
        (iso_file(b"3gp5", b"soun", b"vide", padding=20_000), "a", "video/3gpp"),
        (iso_file(b"3g2a", b"soun", b"text", padding=20_000), "a", "audio/3gpp2"),
        (iso_file(b"isom", b"vide", b"soun"), "book.M4B", "audio/mp4"),  # pictures of chapters
        (iso_file(b"isom", b"meta"), "a", "video/mp4"),
        (iso_file(b"isom", b"soun")[:60], "a.mp4", "video/mp4"),
    ],
)
def test_the_tracks_decide(data: bytes, name: str, expected: str) -> None:
    assert media_type(data[:HEAD_BYTES], name, lambda: io.BytesIO(data)) == expected


def test_what_is_audio_can_be_decoded() -> None:
    sound = audio(1, "mp4", "aac")
    for brand in (b"3gp6", b"3g2a", b"isom"):
        data = sound[:8] + brand + sound[12:]
        found = media_type(data[:HEAD_BYTES], "", partial(io.BytesIO, data))
        assert obstacle(found) is None, found


def test_a_container_has_its_time_in_utc() -> None:
    data = video(scenes(1, 1), metadata={"creation_time": "2024-05-03T16:20:30+02:00"})
    created = Sample(lambda: io.BytesIO(data), "video/mp4").container.created
    assert created == datetime(2024, 5, 3, 14, 20, 30, tzinfo=UTC)
