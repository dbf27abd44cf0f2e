"""Queries answered by brute force: in Python, from the loaded components of each asset. The oracle of the tests."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dam.core.folding import folded
from dam.media.kinds import kind_of
from dam.services.query.amounts import duration, number, size
from dam.services.query.moments import interval
from dam.services.query.tree import And, Between, Condition, Node, Not, Or, Regex, Text, Word

COLUMNS = {
    "name": [("file_properties", "original_filename"), ("source_path", "filename")],
    "title": [("annotation", "title"), ("description", "title"), ("document", "title"), ("audio_tags", "title")],
    "camera": [("camera", "make"), ("camera", "model")],
    "text": [("document_text", "text")],
    "tag": [("tag", "tag")],
    "width": [("dimensions", "width")],
    "rating": [("annotation", "rating"), ("description", "rating")],
    "iso": [("capture", "iso")],
    "aperture": [("capture", "aperture")],
    "size": [("file_properties", "file_size_bytes")],
    "taken": [("capture", "local_time")],
    "added": [("entity", "created_at")],
}
SEARCHED = [
    ("source_path", "filename"), ("tag", "tag"), ("annotation", "title"), ("description", "title"),
    ("description", "description"), ("document_text", "text"),
]  # fmt: skip
WHOLE = ("width", "rating", "iso", "dimensions.height")


@dataclass(frozen=True)
class Asset:
    """An asset with its components by name."""

    entity_id: int
    components: dict[str, list[Any]]

    def values(self, columns: Sequence[tuple[str, str]]) -> list[Any]:
        found = [getattr(each, column) for name, column in columns for each in self.components.get(name, ())]
        return [value for value in found if value is not None]


def matching(assets: Sequence[Asset], tree: Node, now: datetime) -> list[int]:
    """The ids of the assets that match, newest first; those in the trash only where the tree asks for it."""
    hidden = not asks_for_trash(tree)
    return [
        asset.entity_id
        for asset in sorted(assets, key=lambda asset: -asset.entity_id)
        if matches(asset, tree, now) and not (hidden and "trashed" in asset.components)
    ]


def asks_for_trash(tree: Node) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return any(map(asks_for_trash, parts))
        case Not(part):
            return asks_for_trash(part)
        case Condition("is", _, values):
            return Text("trash") in values
    return False


def matches(asset: Asset, tree: Node, now: datetime) -> bool:
    match tree:
        case And(parts):
            return all(matches(asset, part, now) for part in parts)
        case Or(parts):
            return any(matches(asset, part, now) for part in parts)
        case Not(part):
            return not matches(asset, part, now)
        case Word(text, prefix):
            return any(has_phrase(value, text, prefix) for value in asset.values(SEARCHED))
        case Condition():
            return any(meets(asset, tree, value, now) for value in tree.values)
    raise AssertionError(tree)


def split(text: str) -> list[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return "".join(each.lower() if each.isalnum() else " " for each in plain).split()


def has_phrase(value: str, phrase: str, prefix: bool) -> bool:  # noqa: FBT001
    wanted, there = split(phrase), split(value)
    for start in range(len(there) - len(wanted) + 1):
        some = there[start : start + len(wanted)]
        if some == wanted or (prefix and some[:-1] == wanted[:-1] and some[-1].startswith(wanted[-1])):
            return bool(wanted)
    return False


def meets(asset: Asset, node: Condition, value: Any, now: datetime) -> bool:  # noqa: C901, PLR0911  one for each
    name = node.name
    if name == "kind":
        return str(kind_of(asset.components["file_properties"][0].media_type)) == value.text
    if name == "ext":
        return any(each.lower().endswith("." + value.text.lower()) for each in asset.values(COLUMNS["name"]))
    if name == "is":
        return {"trash": "trashed", "failed": "system_failure"}[value.text] in asset.components
    if name == "has":
        return has(asset, value.text)
    if name == "none":  # none of all the values
        return not any(has(asset, each.text) for each in node.values if isinstance(each, Text))
    columns = COLUMNS.get(name) or [tuple(name.split("."))]
    there = asset.values(columns)  # type: ignore[arg-type]
    if name == "rating":
        there = there[:1]
    if isinstance(value, Regex):
        return any(re.search(value.pattern, each, re.IGNORECASE) for each in there)
    if name == "tag":
        return any(
            is_tag(folded(each), folded(unicodedata.normalize("NFC", value.text)), node.operator) for each in there
        )
    if name in ("taken", "added"):
        return any(in_time(name, each, node.operator, value, now) for each in there)
    if name in ("name", "title", "camera", "text", "description.description"):
        return any(in_text(each, node.operator, value) for each in there)
    return any(in_numbers(name, each, node.operator, value) for each in there)


def has(asset: Asset, name: str) -> bool:
    return name in asset.components if name not in ("title", "width") else bool(asset.values(COLUMNS[name]))


def glob(pattern: str, text: str) -> bool:
    r"""Whether a text matches a glob: ASCII without case, other letters in four cases and two forms."""
    cases = (pattern, pattern.lower(), pattern.upper(), pattern.title()) if not pattern.isascii() else (pattern,)
    for case in {unicodedata.normalize(form, case) for case in cases for form in ("NFC", "NFD")}:
        parts = re.findall(r"\\[*?\\]|.", case, re.DOTALL)
        source = "".join({"*": ".*", "?": "."}.get(part, re.escape(part[-1])) for part in parts)
        if re.fullmatch(source, text, re.DOTALL | re.IGNORECASE | re.ASCII):
            return True
    return False


def in_text(there: str, operator: str, value: Any) -> bool:
    if operator == ":=":
        return bool(there == value.text)
    if operator == ":" and isinstance(value, Text):
        is_glob = re.search(r"(?<!\\)(?:\\\\)*[*?]", value.text)
        return glob(value.text if is_glob else f"*{value.text}*", there)
    return compared(there, operator, value, lambda text: (text, text, True))


def compared(there: Any, operator: str, value: Any, read: Any) -> bool:
    if isinstance(value, Between):
        low = read(value.low.text)[0] if value.low else None
        high, belongs = read(value.high.text)[1:] if value.high else (None, True)
        return (low is None or there >= low) and (high is None or there < high or (belongs and there == high))
    low, high, belongs = read(value.text)
    if operator == ">":
        return bool(there > high or (not belongs and there == high))
    if operator == ">=":
        return bool(there >= low)
    if operator == "<":
        return bool(there < low)
    return bool(there < high or (belongs and there == high))


def is_tag(there: str, wanted: str, operator: str) -> bool:
    if operator == ":=":
        return there == wanted
    if re.search(r"[*?]", wanted):
        return glob(wanted, there) or glob(f"{wanted}/*", there)
    return there == wanted or there.startswith(f"{wanted}/")


def in_numbers(name: str, there: float, operator: str, value: Any) -> bool:
    read = size if name == "size" else duration if name == "duration" else number
    if operator in (":", ":=") and isinstance(value, Text):
        amount = read(value.text)
        assert amount
        step = amount.step or (0 if name in (*WHOLE, "size") else 1)
        if operator == ":=" or not step:
            return there == amount.value
        start = amount.value if name == "size" else amount.value - step / 2
        return start <= there < start + step
    return compared(there, operator, value, lambda text: (read(text).value, read(text).value, True))  # type: ignore[union-attr]


def in_time(name: str, there: Any, operator: str, value: Any, now: datetime) -> bool:
    def read(text: str) -> tuple[Any, Any, bool]:
        found = interval(text, now.replace(tzinfo=None))
        assert found
        ends: list[Any] = [found.start, found.end]
        if name == "taken":
            ends = [end.isoformat(timespec="seconds") for end in ends]
        else:
            ends = [end.replace(tzinfo=now.tzinfo) for end in ends]
        return ends[0], ends[1], found.start == found.end

    if operator in (":", ":=") and isinstance(value, Text):
        low, high, is_moment = read(value.text)
        return bool(there >= low and (is_moment or there < high))
    return compared(there, operator, value, read)
