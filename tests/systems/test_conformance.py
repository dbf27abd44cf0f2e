"""Every system has a sample, gives what it declares, and gives it again."""

import io
import re
from functools import cache, partial
from typing import Any

import pytest

from dam.media.files.media_type import media_type
from dam.media.sample import Sample
from dam.services.components.ecs import values_of
from dam.systems.system import Row, System, all_systems, complete_sets, current_set, labels_in, systems_for
from tests.media.clips import audio, scenes, video
from tests.media.described import described_jpeg, exif_block, face_xmp, keywords_xmp
from tests.media.documents import made
from tests.media.pages import LINES, page, scan
from tests.media.pictures import picture, saved
from tests.media.sounds import CODECS, TUNE_IN_VORBIS, recording, tune

ANIMATED = ("GIF", "WEBP", "PNG")

# One content or more for each system, by its name; what takes time to make is made when a test needs it.
# A new system needs a line here.
SAMPLES = {
    "audio_streams": lambda: [video(scenes(1, 1), sound="aac"), audio(1, "wav", "pcm_s16le")],
    "container": lambda: [video(scenes(1, 1), "matroska"), audio(1, "flac", "flac")],
    "document_language": [made("rivers.docx"), made("rivers.pdf")],
    "ocr": lambda: [saved(page(LINES[:2]), "PNG"), scan(LINES[:1])],
    "ocr_language": lambda: [saved(page(LINES[:2]), "PNG")],
    "document": [made(name) for name in ("rivers.docx", "rivers.odt", "rivers.pdf", "locked.pdf", "lengths.xls")],
    "document_fingerprint": [made("rivers.rtf"), made("rivers.epub"), b"a few words"],
    "document_text": [made("slides.pptx"), made("lengths.ods"), "grün".encode()],
    "audio_fingerprint": lambda: [
        recording(tune(1, 5)),
        recording(tune(2, 5), "mp3"),
        video(scenes(1, 1), sound="aac", signal=tune(3, 5)),
    ],
    "audio_properties": lambda: [recording(tune(1, 1), codec) for codec in CODECS] + [TUNE_IN_VORBIS.read_bytes()],
    "audio_tags": lambda: [recording(tune(1, 1), codec, metadata={"title": "Tune"}) for codec in CODECS],
    "image_animation": [saved(picture(), form, save_all=True, append_images=[picture(seed=2)]) for form in ANIMATED],
    "camera": [described_jpeg()],
    "capture": [described_jpeg(), saved(picture(), "PNG", exif=exif_block())],
    "description": [described_jpeg(), described_jpeg(xmp=keywords_xmp("a"))],
    "gps": [described_jpeg()],
    "image_regions": [described_jpeg(xmp=face_xmp("Ada"))],
    "image_metadata": [described_jpeg(), saved(picture(), "TIFF")],
    "image_ahash": [saved(picture(), "JPEG"), saved(picture("P"), "GIF")],
    "image_data_digest": [saved(picture(), form) for form in ("JPEG", "PNG", "WEBP", "GIF")],
    "image_dhash": [saved(picture(), "WEBP"), saved(picture("RGBA"), "PNG")],
    "image_dimensions": [saved(picture(), "AVIF"), saved(picture("1"), "BMP")],
    "image_luma": [saved(picture(), "JPEG"), saved(picture("LA"), "PNG")],
    "image_xmp_sidecar": [saved(picture(), "JPEG")],
    "image_phash": [saved(picture(), "PNG"), saved(picture("CMYK"), "TIFF")],
    "video_dimensions": lambda: [video(scenes(1, 1), rotation=90)],
    "video_fingerprint": lambda: [video(scenes(1, 2)), video(scenes(1, 1), "avi", "mpeg4")],
    "video_streams": lambda: [video(scenes(1, 1), "webm", "libvpx-vp9"), video(scenes(1, 1), "mov")],
}


@cache
def contents_of(name: str) -> list[bytes]:
    contents: Any = SAMPLES.get(name, [])
    return list(contents() if callable(contents) else contents)


def samples_of(system: System) -> list[Sample]:
    sidecar = keywords_xmp("a") if system.name == "image_xmp_sidecar" else None
    contents = contents_of(system.name)
    return [Sample(partial(io.BytesIO, data), media_type(data, ""), sidecar=sidecar) for data in contents]


def values(rows: list[Row]) -> list[dict[str, Any]]:
    return [row if isinstance(row, dict) else values_of(row) for row in rows]


EVERY_SYSTEM = [
    pytest.param(system, id=system.name, marks=[pytest.mark.sweep] if system.on_request else [])  # which take seconds
    for system in all_systems()
]


@pytest.mark.parametrize("system", EVERY_SYSTEM)
class TestEverySystem:
    def test_has_a_sample_of_its_kind(self, system: System) -> None:
        assert samples_of(system), f"add a sample for {system.name} to SAMPLES in tests/systems/test_conformance.py"
        assert all(sample.kind in system.kinds for sample in samples_of(system))

    def test_gives_the_component_that_it_declares(self, system: System) -> None:
        for sample in samples_of(system):
            given = [system.table_of(row) for row in system(sample)]
            assert system.produces in given
            assert set(given) <= set(system.tables)

    def test_is_deterministic(self, system: System) -> None:
        for first, second in zip(samples_of(system), samples_of(system), strict=True):
            assert values(system(first)) == values(system(second))

    def test_leaves_the_sample_as_it_was(self, system: System) -> None:
        for sample, fresh in zip(samples_of(system), samples_of(system), strict=True):
            system(sample)
            for other in systems_for(sample.kind, on_request=system.on_request):
                assert values(other(sample)) == values(other(fresh))

    def test_is_declared_whole(self, system: System) -> None:
        assert re.fullmatch(r"[a-z0-9_]{1,64}", system.name)
        assert system.version >= 1
        assert system.kinds
        assert system.run.__doc__
        assert all(system in systems_for(kind, on_request=system.on_request) for kind in system.kinds)


def test_no_sample_is_left_over() -> None:
    assert set(SAMPLES) == {system.name for system in all_systems()}


def test_every_system_is_in_todays_set() -> None:
    for system in all_systems():
        for kind in system.kinds:
            assert (system.label in labels_in(current_set(kind))) != system.on_request
            assert any(system.label in labels_in(each) for each in complete_sets(kind))


def test_dimensions_are_those_displayed() -> None:
    data = saved(picture(size=(40, 20)), "TIFF", tiffinfo={0x0112: 6})
    [system] = [system for system in all_systems() if system.name == "image_dimensions"]
    [component] = system(Sample(lambda: io.BytesIO(data), "image/tiff"))
    assert values([component]) == [{"width": 20, "height": 40}]
