"""Random damages of blobs, database, manifest and marker: see tests/bench/damage.py, which does a thousand."""

from pathlib import Path

import pytest

from tests.bench.damage import DAMAGES, HEALED, NAMED, SILENT, VOID, run

FLIPS = ("flip-database", "zeros-database")
"""A bit of a row that changes is seen by no check of SQLite; nor is a block that is not in use."""


@pytest.mark.sweep
def test_damages_are_named_and_healed(tmp_path: Path) -> None:
    results = run(3 * len(DAMAGES), 1, list(DAMAGES), tmp_path)
    for name, counts in results.items():
        if name not in FLIPS:
            assert counts == {NAMED: 3, HEALED: 3}, (name, counts)
        else:
            assert set(counts) <= {NAMED, HEALED, SILENT, VOID, "left"}, (name, counts)


def test_one_damage_of_each_part(tmp_path: Path) -> None:
    kinds = ["swap-blobs", "cut-database", "flip-manifest", "flip-marker"]
    results = run(len(kinds), 1, kinds, tmp_path)
    assert results == {name: {NAMED: 1, HEALED: 1} for name in kinds}
