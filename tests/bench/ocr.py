"""Words that are read on rendered pages, and in photographs that have none.

    python tests/bench/ocr.py [--pages 40] [--photographs FOLDER] [--fonts FOLDER]

Target: a character error rate below 2 % on 40 pages in five languages, rendered with the fonts DejaVu, each page with
another size, weight and noise; nothing in 28 of 30 photographs without words. MIN_CONFIDENCE was chosen on others.
"""

import argparse
import random
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from dam.media.words.recognition import read_picture

FONTS = "/usr/share/fonts/truetype/dejavu"
FACES = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSansMono.ttf")
SIZES = (22, 24, 26, 30)
PAGE = (1240, 1754)
"""A4 at 150 pixels per inch."""
LINES = 22

WORDS = {
    "de": "Fluss Hügel Stadt Straße über grün Mühle Garten dreißig Kilometer schließlich See Ufer Häuser "
    "alte zwischen Wiesen Brücke läuft Öfen Äpfel größer und die der das nicht wird später Wasser "
    "Übung 1984 Größe",
    "en": "river hills town above runs past mills gardens thirty miles ends lake shore old houses between "
    "meadows bridge water and the of is not later larger which through quickly 1066 every village "
    "market",
    "es": "río colinas ciudad sobre corre molinos jardines treinta millas termina lago orilla casas viejas "
    "entre puente agua año niño mañana también después qué más señor corazón español 1492 pequeño "
    "según",
    "fr": "rivière collines ville au-dessus coule moulins jardins trente kilomètres finit lac rive maisons "
    "vieilles entre prés pont eau été être où ça très après français élève naïf 1789 hôtel forêt",
    "it": "fiume colline città sopra scorre mulini giardini trenta miglia finisce lago riva case vecchie "
    "fra prati ponte acqua è più perché così però già libertà virtù università 1861 felicità ancora",
}


def main() -> None:
    """Print the error rates of the pages, and what is read in the photographs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--fonts", type=Path, default=Path(FONTS))
    arguments = parser.parse_args()
    measure_pages(arguments.pages, arguments.fonts)
    if arguments.photographs:
        measure_photographs(sorted(arguments.photographs.iterdir()))


def measure_pages(count: int, fonts: Path) -> None:
    """Print the character error rate by language, and the CPU time of a page."""
    errors, characters = dict.fromkeys(WORDS, 0), dict.fromkeys(WORDS, 0)
    used = time.process_time()
    for number in range(count):
        language = list(WORDS)[number % len(WORDS)]
        lines = lines_of(language, number)
        read = " ".join(line.text for line in read_picture(drawn(lines, number, fonts)))
        expected = " ".join(lines)
        errors[language] += distance(expected, read)
        characters[language] += len(expected)
    used = (time.process_time() - used) / count
    for language in WORDS:
        print(f"{language}: {100 * errors[language] / max(1, characters[language]):.2f} % of {characters[language]:,}")
    total = 100 * sum(errors.values()) / sum(characters.values())
    print(f"{count} pages: character error rate {total:.2f} % (target: 2 %), {used:.1f} s of CPU a page")


def measure_photographs(paths: list[Path]) -> None:
    """Print in how many photographs nothing is read."""
    empty = 0
    for path in paths:
        with Image.open(path) as picture:
            lines = read_picture(ImageOps.exif_transpose(picture))
        empty += not lines
        if lines:
            print(f"{path.name}: {[(line.text, line.confidence) for line in lines]}")
    print(f"nothing in {empty} of {len(paths)} photographs")


def lines_of(language: str, seed: int) -> list[str]:
    """Lines of words in a random order, with the punctuation of sentences."""
    chooser = random.Random(seed)
    words = WORDS[language].split()
    return [f"{' '.join(chooser.sample(words, 7)).capitalize()}{chooser.choice('.,;:!')}" for _ in range(LINES)]


def drawn(lines: list[str], seed: int, fonts: Path) -> Image.Image:
    """A page: its face, size, weight and noise depend on the seed."""
    size = SIZES[seed % len(SIZES)]
    face = ImageFont.truetype(
        str(fonts / FACES[seed // 2 % len(FACES)]), size if "Mono" not in FACES[seed // 2 % 5] else 18
    )
    page = Image.new("L", PAGE, 255 - seed % 3 * 12)
    draw = ImageDraw.Draw(page)
    for number, text in enumerate(lines):
        draw.text((80, 100 + number * 70), text, font=face, fill=seed % 4 * 20)
    noisy = np.asarray(page.filter(ImageFilter.GaussianBlur(seed % 3 * 0.4)), np.float64)
    noisy = noisy + np.random.default_rng(seed).normal(0, seed % 5 * 3, noisy.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def distance(expected: str, read: str) -> int:
    """Levenshtein distance."""
    row = np.arange(len(read) + 1)
    codes = np.frombuffer(read.encode("utf-32-le"), np.uint32)
    for number, letter in enumerate(expected, 1):
        replaced = row[:-1] + (codes != ord(letter))
        best = np.minimum(replaced, row[1:] + 1)
        # Insertions run along the row: the least of what is to the left, plus the way
        row = np.minimum.accumulate(np.concatenate(([number], best)) - np.arange(len(row))) + np.arange(len(row))
    return int(row[-1])


if __name__ == "__main__":
    main()
