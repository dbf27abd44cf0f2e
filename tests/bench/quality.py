"""Recall and precision of find-duplicates on altered copies, and the time of the whole scan, in one run.

    python tests/bench/quality.py [FOLDER] [--originals 300] [--imagededup PYTHON] [--side 1200] [--seed 1]

Of each original nine copies are made: half size, JPEG quality 30, 2 % cropped, brighter, PNG, grey, mirrored, turned by
a quarter, a small text over it. Originals are the pictures of FOLDER (at most `side` pixels long; cut into quarters
where they are too few, since the quarters of a photo are other pictures), and made ones for what is missing. A pair is
right when both are of the same original: recall is by kind, over all copies, whether the copy is in the group of its
original; precision, over all pairs of keeper and member. PYTHON is an interpreter that can import imagededup, a peer:
it gets the same files, and its time is that of its pHash alone. Target: recall at least 0.98 with --transforms at
precision 1.000, in less time than the peer. doc/similarity.md has the figures, and which targets are not met.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from dam.media.images.perceptual_hash import Reductions
from dam.media.images.small_luma import MIN_INFORMATION, information, small_luma

DAM = str(Path(sys.executable).with_name("dam-cli"))

PEER = """
import json, sys, time
from unittest.mock import MagicMock
for name in ("", ".models", ".transforms", ".models.vision_transformer"):  # its networks are not used here
    sys.modules["torchvision" + name] = MagicMock()
from imagededup.methods import DHash, PHash
folder, method, distance = sys.argv[1:]
began = time.perf_counter()
found = {"PHash": PHash, "DHash": DHash}[method](verbose=False).find_duplicates(
    image_dir=folder, max_distance_threshold=int(distance))
print("\\n" + json.dumps({"seconds": time.perf_counter() - began, "found": found}))
"""


def cropped(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    return picture.crop((width // 100, height // 100, width - width // 100, height - height // 100))


def captioned(picture: Image.Image) -> Image.Image:
    copy = picture.copy()
    ImageDraw.Draw(copy).text((10, copy.height - 30), "holiday 2026", fill="white", font_size=20, stroke_width=1)
    return copy


Altered = tuple[Callable[[Image.Image], Image.Image], str, dict[str, Any]]
KINDS: dict[str, Altered] = {
    "half": (lambda picture: picture.resize((picture.width // 2, picture.height // 2)), "jpg", {"quality": 90}),
    "q30": (lambda picture: picture, "jpg", {"quality": 30}),
    "crop": (cropped, "jpg", {"quality": 90}),
    "brighter": (lambda picture: ImageEnhance.Brightness(picture).enhance(1.25), "jpg", {"quality": 90}),
    "png": (lambda picture: picture, "png", {"compress_level": 1}),
    "grey": (lambda picture: picture.convert("L"), "jpg", {"quality": 90}),
    "mirrored": (lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "jpg", {"quality": 90}),
    "turned": (lambda picture: picture.transpose(Image.Transpose.ROTATE_90), "jpg", {"quality": 90}),
    "text": (captioned, "jpg", {"quality": 90}),
}
UPRIGHT = [kind for kind in KINDS if kind not in ("mirrored", "turned")]


def real(folder: Path, side: int) -> Iterator[Image.Image]:
    """Yield the pictures of a folder, each once, and then the quarters of each."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    for part in range(5):
        for path in paths:
            with Image.open(path) as opened:
                picture = opened.convert("RGB")
            if min(picture.size) < (300 if part == 0 else 900):
                continue
            if part:
                half_width, half_height = picture.width // 2, picture.height // 2
                left, top = half_width * ((part - 1) % 2), half_height * ((part - 1) // 2)
                picture = picture.crop((left, top, left + half_width, top + half_height))
            picture.thumbnail((side, side))
            yield picture


def made(seed: int, side: int) -> Iterator[Image.Image]:
    """Yield made pictures: soft forms of many sizes, with grain."""
    for number in range(seed, sys.maxsize):
        chance = np.random.default_rng(number)
        height = side * 3 // 4
        layers = np.zeros((height, side, 3))
        for cells in (3, 7, 17, 41):
            coarse = Image.fromarray(chance.integers(0, 256, (cells, cells + 1, 3), dtype=np.uint8))
            layers += np.asarray(coarse.resize((side, height), Image.Resampling.BICUBIC)) / cells
        layers = 255 * (layers - layers.min()) / np.ptp(layers) + chance.normal(0, 4, layers.shape)
        yield Image.fromarray(layers.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))


def distinct(pictures: Iterator[Image.Image], count: int) -> list[Image.Image]:
    """Return pictures that are not too plain, and of which no two are the same, however turned, mirrored or lit.

    Wallpapers come in several sizes, by day and by night, and the quarters of some are mirror images: whoever finds
    these is right. As far as 8 × 8 pixels tell.
    """
    chosen: list[Image.Image] = []
    seen: list[Any] = []
    plain = same = 0
    for picture in pictures if count > 0 else ():
        tiny = np.asarray(picture.convert("L").resize((8, 8), Image.Resampling.BOX), np.float64)
        tiny -= tiny.mean()
        tiny /= max(float(np.linalg.norm(tiny)), 1.0)
        if information(small_luma(Reductions(picture.convert("L")))) < MIN_INFORMATION:
            plain += 1
        elif any((np.vdot(tiny, other) > 0.85) for other in seen):
            same += 1
        else:
            seen += [np.rot90(turned, turns) for turned in (tiny, tiny.T) for turns in range(4)]
            chosen.append(picture)
            if len(chosen) == count:
                break
    print(f"{len(chosen)} originals; left out {plain} too plain for a hash, {same} like another one")
    return chosen


def make_copies(originals: list[Image.Image], folder: Path) -> int:
    """Write originals and copies, named `<number>_<kind>`; return how many."""
    for number, picture in enumerate(originals):
        picture.save(folder / f"{number:04}_original.jpg", quality=92)
        with Image.open(folder / f"{number:04}_original.jpg") as original:
            original.load()
            for kind, (alter, suffix, options) in KINDS.items():
                alter(original.convert("RGB")).save(folder / f"{number:04}_{kind}.{suffix}", **options)
    return len(originals) * (len(KINDS) + 1)


def timed(*command: str, env: dict[str, str]) -> tuple[float, str]:
    began = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return time.perf_counter() - began, done.stdout


def groups_of(out: str) -> list[list[str]]:
    """Names of each group, the keeper's first."""
    documents = [json.loads(line) for line in out.splitlines()][:-1]
    return [[asset["names"][0] for asset in (group["keeper"], *group["members"])] for group in documents]


def tell(title: str, groups: list[list[str]], originals: int, seconds: float) -> None:
    """Print recall by kind, and precision."""
    found: Counter[str] = Counter()
    pairs = wrong = 0
    for keeper, *members in groups:
        of_keeper = [name for name in (keeper, *members) if name[:4] == keeper[:4]]
        pairs += len(members)
        wrong += 1 + len(members) - len(of_keeper)
        if any("_original" in name for name in of_keeper):
            found.update(Path(name).stem[5:] for name in of_keeper)
    recalls = {kind: found[kind] / originals for kind in KINDS}
    over_all = sum(recalls.values()) / len(KINDS)
    upright = sum(recalls[kind] for kind in UPRIGHT) / len(UPRIGHT)
    precision = 1 - wrong / pairs if pairs else 1.0
    told = " ".join(f"{kind} {recall:.3f}" for kind, recall in recalls.items())
    print(
        f"{title:<34} recall {over_all:.4f} (upright {upright:.4f})  precision {precision:.4f} ({wrong} wrong of "
        f"{pairs})  {seconds:5.1f} s\n    {told}",
        flush=True,
    )


def peer_groups(found: dict[str, list[str]]) -> list[list[str]]:
    """Groups around the originals: what a peer's answer, pairs, is worth for the same question."""
    return [[name, *others] for name, others in found.items() if "_original" in name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--originals", type=int, default=300)
    parser.add_argument("--imagededup", metavar="PYTHON")
    parser.add_argument("--side", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        pictures = Path(scratch, "pictures")
        pictures.mkdir()
        originals = distinct(real(options.folder, options.side), options.originals) if options.folder else []
        originals += distinct(made(options.seed, options.side), options.originals - len(originals))
        count = make_copies(originals, pictures)
        env = os.environ | {"DATABASE_URL": f"sqlite:///{scratch}/library/dam.sqlite3"}
        ingest, _ = timed(DAM, "add-asset", "-q", str(pictures), env=env)
        print(f"{count} files of {len(originals)} originals; ingest {ingest:.1f} s", flush=True)
        for words in (
            ["--transforms"],
            *(["--match", match, "--ahash-threshold=4", "--transforms"] for match in ("any", "majority", "all")),
            ["--phash-threshold=6", "--dhash-threshold=6", "--transforms"],
            [],
        ):
            seconds, out = timed(DAM, "find-duplicates", *words, "--json", env=env)
            tell(
                " ".join(words).replace("-threshold", "") or "defaults",
                groups_of(out),
                len(originals),
                ingest + seconds,
            )
        if not options.imagededup:
            print("imagededup: not asked for")
            return
        for method, distance in (("PHash", "4"), ("PHash", "10"), ("DHash", "4")):
            seconds, out = timed(options.imagededup, "-c", PEER, str(pictures), method, distance, env=dict(os.environ))
            answer = json.loads(out.splitlines()[-1])
            tell(f"imagededup {method} ≤ {distance}", peer_groups(answer["found"]), len(originals), seconds)


if __name__ == "__main__":
    main()
