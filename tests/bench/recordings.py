"""Recordings for benchmarks: music that is computed, and speech where espeak-ng is; and encoding them with PyAV.

Each number gives another recording, and the same one every time.
"""

import io
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
Signal = NDArray[np.float64]

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
WORDS = Path(__file__).parents[2] / "doc"


def music(number: int, seconds: float) -> Signal:
    """Compute chords, a melody, a bass and drums: key, tempo, instruments and harmony are drawn by lot."""
    random = np.random.default_rng(number)
    beat = 60 / random.uniform(70, 160)
    scale = np.array(MAJOR if random.random() < 0.6 else MINOR) + random.integers(36, 48)
    degrees = random.integers(0, 7, 8)
    timbres = [random.uniform(0.2, 1, 8) ** 2 / np.arange(1, 9) ** random.uniform(0.3, 2) for _ in range(3)]
    pattern = random.random((3, 16)) < np.array([[0.3], [0.25], [0.5]])
    hits = [_hit(random, decay) for decay in (0.15, 0.1, 0.03)]
    signal = np.zeros(int((seconds + 8) * RATE))
    for number_of_beat in range(int(seconds / beat) + 1):
        start = number_of_beat * beat
        bar = number_of_beat // 4
        root = int(degrees[bar % 4 + (4 if bar // 4 % 4 == 3 else 0)])
        if number_of_beat % 4 == 0:
            for step in (0, 2, 4):
                _note(signal, start, 4 * beat, _pitch(scale, root + step) + 12, timbres[0], 0.25)
        _note(signal, start, beat, _pitch(scale, root) - 12, timbres[1], 0.5)
        for part in range(2):
            if random.random() < 0.7:
                step = int(random.integers(0, 8))
                _note(signal, start + part * beat / 2, beat / 2, _pitch(scale, step) + 24, timbres[2], 0.4)
        for drum, sound in enumerate(hits):
            for part in range(4):
                if pattern[drum, (number_of_beat * 4 + part) % 16]:
                    _add(signal, start + part * beat / 4, sound)
    return _normal(signal[: int(seconds * RATE)])


def _pitch(scale: NDArray[np.int64], step: int) -> int:
    return int(scale[step % 7]) + 12 * (step // 7)


def _note(signal: Signal, start: float, seconds: float, pitch: int, timbre: Signal, level: float) -> None:
    time = np.arange(int(seconds * 1.3 * RATE)) / RATE
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    partials = [
        level * weight * np.sin(2 * np.pi * frequency * (order + 1) * time) for order, weight in enumerate(timbre)
    ]
    _add(signal, start, np.sum(partials, axis=0) * np.exp(-2.5 * time / seconds))


def _hit(random: np.random.Generator, decay: float) -> Signal:
    time = np.arange(int(decay * 5 * RATE)) / RATE
    drum = np.sin(2 * np.pi * random.uniform(60, 250) * time * np.exp(-time))
    share = random.uniform(0, 1)
    return np.asarray(0.5 * np.exp(-time / decay) * (drum * share + random.normal(0, 0.5, len(time)) * (1 - share)))


def _add(signal: Signal, start: float, sound: Signal) -> None:
    place = int(start * RATE)
    some = sound[: max(0, len(signal) - place)]
    signal[place : place + len(some)] += some


def _normal(signal: Signal) -> Signal:
    return 0.8 * signal / max(1e-9, float(np.abs(signal).max()))


def can_speak() -> bool:
    """Tell whether there is a program that speaks."""
    return shutil.which("espeak-ng") is not None


def speech(number: int, seconds: float) -> Signal:
    """Speak words drawn by lot from the documentation, in a voice drawn by lot."""
    random = np.random.default_rng(10_000 + number)
    words = " ".join(path.read_text() for path in sorted(WORDS.glob("*.md"))).split()
    words = [word for word in words if word.isalpha()]
    said = " ".join(random.choice(words, int(seconds * 4)))
    voice = f"{random.choice(['en', 'en-us', 'en-gb-scotland'])}+{random.choice(['m1', 'm3', 'm7', 'f1', 'f2', 'f4'])}"
    pitch, speed = str(random.integers(20, 80)), str(random.integers(130, 200))
    command = ["espeak-ng", "-v", voice, "-p", pitch, "-s", speed, "--stdout", said]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(spoken)) as file:
        rate = file.getframerate()
        heard = np.frombuffer(spoken[44:], np.int16).astype(np.float64)
    times = np.arange(int(min(seconds, len(heard) / rate) * RATE)) / RATE
    return _normal(np.interp(times, np.arange(len(heard)) / rate, heard))


def samples(signal: Signal) -> NDArray[np.int16]:
    """Return the signal as 16-bit samples."""
    return (signal.clip(-1, 1) * 32767).astype(np.int16)


CODECS = {
    "mp3": ("mp3", "-c:a libmp3lame -b:a {}k"),
    "aac": ("adts", "-c:a aac -b:a {}k"),
    "opus": ("ogg", "-c:a libopus -b:a {}k"),
    "vorbis": ("ogg", "-c:a libvorbis -b:a {}k"),
    "flac": ("flac", "-c:a flac -ar {}"),
}
BIT_RATES = (48, 96, 192)
"""Kilobits a second. FLAC loses nothing, so it gets a sample rate instead."""
SAMPLE_RATES = {48: 16_000, 96: 32_000, 192: 48_000}


def encode(signal: Signal, codec: str, bit_rate: int) -> bytes:
    """Encode a signal as stereo with one of `CODECS` at one of `BIT_RATES`."""
    form, options = CODECS[codec]
    rate = SAMPLE_RATES[bit_rate] if codec == "flac" else bit_rate
    command = f"ffmpeg -v error -f s16le -ar {RATE} -ac 1 -i - -ac 2 {options.format(rate)} -f {form} -"
    return subprocess.run(command.split(), input=samples(signal).tobytes(), capture_output=True, check=True).stdout
