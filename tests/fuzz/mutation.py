"""Changes of bytes and of JSON, as chance has it."""

import json
import random
from typing import Any

MAX_BYTES = 200_000
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3, 2**31, 2**63, 10**30, 1.5, float("inf"), float("nan"), [], {}, [[]], {"id": 1}),
    *("", "\0", "\ud800", "\u202e\x1b[2J", "x" * 999, "ff", "f" * 32, "f" * 64, "/", "../../etc/passwd"),
    *("2026-13-45T00:00:00", "2026-01-01", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59.999999-23:00"),
    *(
        "entities",
        "component_tag",
        "component_verdict",
        "component_trashed",
        "operations",
        "alembic_version",
        "library",
    ),
)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return bytes that differ a little: flipped, cut out, repeated, or cut off."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if not changed:
            changed += chance.randbytes(8)
        at, length = chance.randrange(len(changed)), chance.choice((1, 2, 4, 16, 256))
        match chance.randrange(6):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at : at + length] = chance.choice((b"\0", b"\xff", b"\x7f\xff\xff\xff")) * length
            case 2:
                del changed[at : at + length]
            case 3:
                changed[at:at] = changed[at : at + length]
            case 4:
                del changed[at:]
            case _:
                changed[at : at + length] = chance.randbytes(length)
    return bytes(changed[:MAX_BYTES])


def mutated_lines(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Return lines of JSON that differ a little: one is gone, or elsewhere, or there twice, or says something else."""
    changed = list(lines)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at, other = chance.randrange(len(changed)), chance.randrange(len(changed))
        match chance.randrange(8):
            case 0 if len(changed) > 1:
                del changed[at]
            case 1:
                changed.insert(other, changed[at])
            case 2:
                changed[at], changed[other] = changed[other], changed[at]
            case 3:
                changed[at] = mutated(changed[at], chance).replace(b"\n", b"")
            case _:
                changed[at] = _mutated_json(changed[at], chance)
    return changed


def _mutated_json(line: bytes, chance: random.Random) -> bytes:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return json.dumps(_mutated_value(content, chance)).encode()


def _mutated_value(value: Any, chance: random.Random) -> Any:
    """Return a value in which one is another, or gone."""
    if not value or not isinstance(value, dict | list) or chance.random() < 0.05:
        return chance.choice(VALUES)
    changed: Any = value.copy()
    key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if chance.random() < 0.1:
        del changed[key]
    else:
        changed[key] = _mutated_value(value[key], chance)
    return changed
