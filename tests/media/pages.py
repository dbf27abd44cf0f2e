"""Pages of words, as pictures."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

LINES = (
    "The river rises in the hills above the town,",
    "runs past mills and gardens for thirty miles,",
    "and ends in a lake.",
)


def page(lines: Sequence[str], size: tuple[int, int] = (900, 300), font: str | None = None) -> Image.Image:
    """A white page with lines in black, in the font that Pillow brings, or in another."""
    picture = Image.new("L", size, 255)
    draw = ImageDraw.Draw(picture)
    face = ImageFont.truetype(font, 26) if font else ImageFont.load_default(26)
    for number, text in enumerate(lines):
        draw.text((40, 40 + 50 * number), text, font=face, fill=0)
    return picture


def scan(*pages: Sequence[str]) -> bytes:
    """A PDF of pictures of pages."""
    out = io.BytesIO()
    first, *others = [page(lines, (900, 1200)) for lines in pages]
    first.save(out, "PDF", save_all=True, append_images=others)
    return out.getvalue()
