"""Recall and precision of the search for videos, and how exact the intervals are that it gives.

    python tests/bench/quality_video.py [--clips 48] [--folder FOLDER] [--jobs 2]

Makes clips with ffmpeg: dives into the Mandelbrot set, games of life, cellular automata, test patterns with noise, and
windows that move over photos and made pictures. The clips are put into a library; of each, these are looked for: two
other codecs (VP9, MPEG-4), a low quality, three other sizes, and two parts of 3 to 5 seconds that begin between the
moments that were sampled. Recall is by kind; precision over all that was found, where a clip of another seed is wrong.
As many clips that are not in the library are looked for too: nothing should be found. FOLDER keeps the clips.
Target: recall at least 0.95 for every kind, precision at least 0.99.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

DAM = str(Path(sys.executable).with_name("dam-cli"))
PHOTOS = Path(__file__).parents[1] / "test_data" / "images"
X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]
PARTS = {"part": (1.1, 0.37, 3), "long part": (0.6, 0.41, 5)}
"""The second at which it begins, how much later for each further clip, and its seconds."""
KINDS: dict[str, tuple[str, list[str]]] = {
    "vp9": ("webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k"]),
    "mpeg4": ("avi", ["-c:v", "mpeg4", "-q:v", "6"]),
    "low quality": ("mp4", [*X264, "-crf", "34"]),
    "quarter size": ("mp4", ["-vf", "scale=160:90", *X264]),
    "half size": ("mp4", ["-vf", "scale=320:180", *X264]),
    "larger": ("mp4", ["-vf", "scale=854:480", *X264]),
    **{kind: ("mkv", [*X264, "-crf", "26"]) for kind in PARTS},
}


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", *arguments], check=True)


def part_of(kind: str, number: int) -> tuple[float, int] | None:
    """The second at which a part begins, and its length."""
    if kind not in PARTS:
        return None
    first, step, length = PARTS[kind]
    return first + step * (number % 5), length


def source(number: int, picture: Path) -> list[str]:
    """What ffmpeg makes the original of a clip from, 640 × 360."""
    made = ["-f", "lavfi", "-t", str(8 + number % 5), "-i"]
    turn = number // 6
    match number % 6:
        case 0:
            around = np.exp(
                1j * (0.3 + 0.37 * turn)
            )  # another place on the edge of the set for each, seen from near by
            place = around / 2 - around**2 / 4
            at = f"start_x={place.real}:start_y={place.imag}"
            return [*made, f"mandelbrot=size=640x360:rate=25:start_scale=0.1:end_scale=0.005:{at}"]
        case 1:
            colours = f"mold=10:life_color=#00ff{turn * 13 % 100:02d}:death_color=#c0{turn * 7 % 100:02d}40"
            life = f"life=size=160x90:rate=5:ratio=0.{2 + turn % 4}:random_seed={number}:{colours}"
            return [*made, f"{life},scale=640:360,fps=25"]
        case 2:
            rule = (30, 54, 60, 90, 110, 126, 150)[turn % 7]
            return [*made, f"cellauto=size=80x45:rate=3:rule={rule}:random_seed={number}:scroll=1,scale=640:360,fps=25"]
    across = f"320+300*sin(t*{0.2 + 0.05 * (number % 7)}+{number})"
    down = f"180+170*cos(t*{0.15 + 0.03 * (number % 5)}+{number * 2})"
    crop = f"scale=1280:720,crop=640:360:x='{across}':y='{down}',noise=alls=4:allf=t"
    return ["-loop", "1", "-framerate", "25", "-t", str(8 + number % 5), "-i", str(picture), "-vf", crop]


def picture(folder: Path, number: int) -> Path:
    """A photo, or a made picture, another one for every clip: the photos are mirrored and cut in other ways."""
    path = folder / f"picture {number}.png"
    random = np.random.default_rng(number)
    photos = sorted(PHOTOS.glob("*.[jtw]*"))
    if number % 2 and number // 2 < len(photos) and "copy" not in photos[number // 2].name:
        made = Image.open(photos[number // 2]).convert("RGB").resize((1280, 720))
    else:
        coarse = [random.integers(0, 256, (n, n * 16 // 9, 3), dtype=np.uint8) for n in (5, 11, 40)]
        layers = [
            np.asarray(Image.fromarray(one).resize((1280, 720), Image.Resampling.BICUBIC), float) for one in coarse
        ]
        mixed = layers[0] / 2 + layers[1] / 4 + layers[2] / 8
        made = Image.fromarray(mixed.astype(np.uint8))
    made.save(path)
    return path


def make(folder: Path, number: int, *, variants: bool) -> None:
    """Make a clip and its variants, as far as they are not there."""
    original = folder / f"{number}.mp4"
    if not original.exists():
        ffmpeg(*source(number, picture(folder, number)), *X264, "-crf", "20", str(original))
    for kind, (suffix, options) in KINDS.items() if variants else ():
        path = folder / f"{number} {kind}.{suffix}"
        if not path.exists():
            part = part_of(kind, number)
            cut = ["-ss", str(part[0]), "-t", str(part[1])] if part else []
            ffmpeg("-i", str(original), *cut, *options, str(path))


def search(library: Any, path: Path) -> list[Any]:
    from dam.media.sample import Sample
    from dam.services.similar.methods.video import find_similar

    with library.read() as session:
        return find_similar(session, Sample(lambda: path.open("rb"), "video/mp4"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=48)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch, "clips")
        folder.mkdir(parents=True, exist_ok=True)
        numbers, strangers = range(options.clips), range(options.clips, 2 * options.clips)
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(lambda number: make(folder, number, variants=number in numbers), [*numbers, *strangers]))
        os.environ["DATABASE_URL"] = f"sqlite:///{scratch}/dam.sqlite3"
        originals = [str(folder / f"{number}.mp4") for number in numbers]
        subprocess.run([DAM, "add-asset", "-q", *originals], env=os.environ, check=True)
        from dam.services.library import open_library  # not before: the settings are read when it is imported

        with open_library() as library:
            measure(library, folder, numbers, strangers)


def measure(library: Any, folder: Path, numbers: range, strangers: range) -> None:
    found_of: dict[str, int] = defaultdict(int)
    errors: list[float] = []
    right, wrong = 0, []
    entity_of = {search(library, folder / f"{number}.mp4")[0].entity_id: number for number in numbers}
    for number in numbers:
        for kind, (suffix, _) in KINDS.items():
            matches = search(library, folder / f"{number} {kind}.{suffix}")
            wrong += [
                (number, kind, entity_of[m.entity_id], m.score) for m in matches if entity_of[m.entity_id] != number
            ]
            for match in (match for match in matches if entity_of[match.entity_id] == number):
                right += 1
                found_of[kind] += 1
                begin = (part_of(kind, number) or (0, 0))[0]
                errors.append(abs(match.details["match"][0] - match.details["query"][0] - begin))
    for kind in KINDS:
        print(f"recall  {kind:14} {found_of[kind] / len(numbers):.3f}")
    surprises = [(number, match.score) for number in strangers for match in search(library, folder / f"{number}.mp4")]
    print(f"precision {right / (right + len(wrong)):.4f} of {right + len(wrong)}; wrong: {wrong[:10]}")
    print(f"found for {len(strangers)} clips that are not there: {surprises}")
    print(f"offset off by {statistics.median(errors):.3f} s (median), {max(errors):.3f} s (most)")


if __name__ == "__main__":
    main()
