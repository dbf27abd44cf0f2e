"""The growth of a library as SVG: bytes by month, stacked by kind. Text only: no library draws it."""

from collections.abc import Iterator, Sequence
from html import escape

from dam.render.text import counted, human_size
from dam.services.stats import Month, Stats

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 60, 50
COLOURS = {
    "image": "#4878a8",
    "video": "#d1803a",
    "audio": "#5b9a5b",
    "document": "#a85b74",
    "other": "#8a8a8a",
}
GRID_LINES = 4
MAX_LABELS = 12
MAX_MONTHS = 1200
"""A hundred years; months without an asset are drawn, too."""


def growth(stats: Stats) -> str:
    """Return the drawing: a bar for each month from the first to the last, as high as what the library then held."""
    months = _filled(stats.months)
    largest = max((sum(held.values()) for _, held in months), default=0) or 1
    title = f"{counted(stats.assets, 'asset')}, {human_size(stats.bytes)}"
    body = [
        f'<text x="{LEFT}" y="24" font-size="16" font-weight="bold">{escape(title)}</text>',
        *_legend([kind for kind in COLOURS if any(kind in held for _, held in months)]),
        *_grid(largest),
        *_bars(months, largest),
        *_labels(months),
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#333">'
    )
    return "\n".join([head, f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', *body, "</svg>"]) + "\n"


def _filled(months: Sequence[Month]) -> list[tuple[str, dict[str, int]]]:
    """Return each month from the first to the last, with the bytes that the library then held by kind."""
    if not months:
        return []
    came = {month.month: month.kinds for month in months}
    (first, last), held = (_number(months[place].month) for place in (0, -1)), dict[str, int]()
    found = []
    for number in range(first, last + 1):
        name = f"{number // 12:04}-{number % 12 + 1:02}"
        held = {kind: held.get(kind, 0) + came.get(name, {}).get(kind, 0) for kind in {**held, **came.get(name, {})}}
        found.append((name, held))
    return found[-MAX_MONTHS:]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _legend(kinds: Sequence[str]) -> Iterator[str]:
    for place, kind in enumerate(kinds):
        x = LEFT + place * 100
        yield f'<rect x="{x}" y="36" width="12" height="12" fill="{COLOURS[kind]}"/>'
        yield f'<text x="{x + 18}" y="46">{kind}</text>'


def _grid(largest: int) -> Iterator[str]:
    for step in range(GRID_LINES + 1):
        y = _y(largest * step / GRID_LINES, largest)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        label = human_size(largest * step / GRID_LINES)
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'


def _bars(months: Sequence[tuple[str, dict[str, int]]], largest: int) -> Iterator[str]:
    for place, (name, held) in enumerate(months):
        x, width = _x(place, len(months))
        below = 0
        for kind, colour in COLOURS.items():
            if size := held.get(kind, 0):
                top, bottom = _y(below + size, largest), _y(below, largest)
                about = escape(f"{name} {kind}: {human_size(size)}")
                box = f'x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{bottom - top:.1f}"'
                yield f'<rect {box} fill="{colour}"><title>{about}</title></rect>'
                below += size


def _labels(months: Sequence[tuple[str, dict[str, int]]]) -> Iterator[str]:
    every = max(1, -(-len(months) // MAX_LABELS))
    for place in range(0, len(months), every):
        x, width = _x(place, len(months))
        yield f'<text x="{x + width / 2:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{months[place][0]}</text>'


def _x(place: int, count: int) -> tuple[float, float]:
    """Return where a bar begins, and how wide it is."""
    step = (WIDTH - LEFT - RIGHT) / count
    width = min(60.0, step * 0.85)
    return LEFT + place * step + (step - width) / 2, width


def _y(size: float, largest: int) -> float:
    return HEIGHT - BOTTOM - size / largest * (HEIGHT - TOP - BOTTOM)
