"""Animations: frames, duration and loops, without decoding."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.images.animation import Animation, read_animation
from tests.media.pictures import FORMATS, picture, saved

FRAMES = [picture(seed=seed) for seed in range(4)]
FORMS = ("GIF", "WEBP", "PNG")


def animated(form: str, **options: Any) -> bytes:
    return saved(FRAMES[0], form, save_all=True, append_images=FRAMES[1:], **options)


def read(data: bytes, form: str) -> Animation | None:
    return read_animation(io.BytesIO(data), FORMATS[form])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("loop", [0, 1, 3])
def test_frames_duration_and_loops(form: str, loop: int) -> None:
    data = animated(form, duration=[100, 200, 300, 50], loop=loop)
    times = {0: 0, 1: 2, 3: 4} if form == "GIF" else {0: 0, 1: 1, 3: 3}  # GIF counts what comes after the first
    assert read(data, form) == Animation(4, 650, times[loop])


def test_a_gif_that_does_not_say_is_shown_once() -> None:
    assert read(animated("GIF", duration=40), "GIF") == Animation(4, 160, 1)


@pytest.mark.parametrize("form", FORMS)
def test_a_still_picture_is_no_animation(form: str) -> None:
    assert read(saved(FRAMES[0], form), form) is None
    assert read_animation(io.BytesIO(saved(FRAMES[0], "JPEG")), "image/jpeg") is None


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
@pytest.mark.parametrize("form", FORMS)
def test_exiftool_says_the_same(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{form.lower()}"
    path.write_bytes(animated(form, duration=120, loop=0))
    done = subprocess.run(["exiftool", "-j", "-n", path], capture_output=True, check=True)
    [said] = json.loads(done.stdout)
    found = read(path.read_bytes(), form)
    assert found is not None
    assert found.frames == said.get("FrameCount", said.get("AnimationFrames", 4))
    assert found.duration_ms == pytest.approx(1000 * said.get("Duration", 0.48), abs=1)


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
def test_damage_ends_quietly(form: str, data: st.DataObject) -> None:
    whole = animated(form)
    start = data.draw(st.integers(0, len(whole)))
    damage = data.draw(st.binary(max_size=8))
    end = data.draw(st.sampled_from([len(whole), start + len(damage)]))
    found = read(whole[:start] + damage + whole[start + len(damage) : end], form)
    assert found is None or found.frames > 1
