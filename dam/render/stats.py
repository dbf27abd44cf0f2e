"""Statistics on stdout: as JSON, or as tables with bars."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from shutil import get_terminal_size

from dam.render.json_output import write_document
from dam.render.text import counted, human_size, line, safe
from dam.services.stats import Share, Stats, Surplus

MAX_ROWS = 12
"""Rows of a table for people; JSON has all."""
NAME_WIDTH = 28
_BLOCKS = " ▏▎▍▌▋▊▉█"
_FIXED_WIDTH = NAME_WIDTH + 26


def stats(found: Stats, *, as_json: bool) -> None:
    """Write statistics."""
    if as_json:
        write_document(**asdict(found))
        return
    line(f"{counted(found.assets, 'asset')}, {human_size(found.bytes)}")
    _table("by kind", found.kinds)
    _table("by format", found.formats)
    growth = [Share(each.month, each.assets, each.total_bytes) for each in found.months]
    _table("added, and the bytes that the library then held", growth, -1)
    _table("taken", found.taken, -1)
    _table("by camera", found.cameras)
    _table("by tag", found.tags)
    _surplus("equal images with other metadata", found.content)
    _surplus("images with equal pixels, as far as they have been compared", found.pixels)


def _table(title: str, shares: Sequence[Share], end: int = 1) -> None:
    """Write the first rows, or with `end` -1 the last ones, with a bar of the bytes."""
    if not shares:
        return
    shown = shares[:MAX_ROWS] if end == 1 else shares[-MAX_ROWS:]
    left = f" (of {len(shares):,})" if len(shown) < len(shares) else ""
    line(f"\n{title}{left}")
    width = max(8, min(60, get_terminal_size().columns - _FIXED_WIDTH))
    largest = max(share.bytes for share in shown)
    for share in shown:
        name = safe(share.name)
        name = name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1]}…"
        text = f"  {name:<{NAME_WIDTH}} {share.assets:>10,} {human_size(share.bytes):>9}  "
        line((text + bar(share.bytes / largest if largest else 0, width)).rstrip())


def bar(fraction: float, width: int) -> str:
    """Return a bar of at most `width` characters, in eighths of one where the terminal has such blocks."""
    if not _has_blocks():
        return "#" * round(fraction * width)
    eighths = round(fraction * width * 8)
    return _BLOCKS[8] * (eighths // 8) + (_BLOCKS[eighths % 8] if eighths % 8 else "")


def _has_blocks() -> bool:
    try:
        _BLOCKS.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _surplus(name: str, surplus: Surplus) -> None:
    if surplus.groups:
        taken = f"{counted(surplus.assets, 'asset')} too many, {human_size(surplus.bytes)}"
        line(f"\n{name}: {counted(surplus.groups, 'group')}, {taken}")
