"""Star clustering: every member of a group is a duplicate of the group's keeper.

Assets are numbered by rank; rank 0 is the best. In order of rank, each unassigned asset becomes a keeper. It takes, in
the same order, all unassigned duplicates that do not conflict with a member that it has taken. So the result depends
on the ranks only. Equal assets share one value of a `Key`, and values are compared instead of assets: a thousand equal
assets do not make a million pairs.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dam.media.hamming.all_pairs import Hashes
from dam.media.hamming.near_values import NearValues

Numbers: TypeAlias = NDArray[np.int64]

MAX_PAIRS = 200_000
"""Approximate maximum number of candidate pairs that are processed together."""
UNASSIGNED = -1
MAX_KINDS = 8
"""Maximum number of kinds of keys."""


class Table(NamedTuple):
    """Lists of numbers (CSR): row r is `items[starts[r]:starts[r + 1]]`."""

    starts: Numbers
    items: Numbers

    @classmethod
    def of(cls, rows: Numbers, items: Numbers, count: int) -> "Table":
        """Build a table of `count` rows; items with a row below 0 are excluded."""
        order = np.argsort(rows, kind="stable")
        order = order[np.searchsorted(rows[order], 0) :]
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows[order], minlength=count))])
        return cls(starts, items[order])

    @property
    def lengths(self) -> Numbers:
        """The number of items of each row."""
        return np.diff(self.starts)

    def look_up(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return the items of some rows in one array, and for each item the index in `rows`."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        places = np.repeat(np.arange(len(rows)), lengths)
        before = np.cumsum(lengths) - lengths
        return self.items[np.arange(len(places)) - before[places] + self.starts[rows][places]], places


class Key(NamedTuple):
    """A way to find candidates: pairs whose keeper's value is near the member's value."""

    keeper_values: Numbers
    """The value of each asset as a keeper; below 0: none."""
    near: Table
    """The values near each value."""
    member_values: Numbers
    """The value of each asset as a member; below 0: none."""
    kind: int = 0
    """Passed on with the pairs that the key finds."""

    def of(self, assets: Numbers) -> "Key":
        """Return the key of some assets in a new order; assets below 0 have no value."""
        keepers, members = (np.append(values, -1)[assets] for values in (self.keeper_values, self.member_values))
        return self._replace(keeper_values=keepers, member_values=members)

    def has_any(self) -> NDArray[np.bool_]:
        """Return which assets have a value."""
        any_: NDArray[np.bool_] = (self.keeper_values >= 0) | (self.member_values >= 0)
        return any_


class Pairs(NamedTuple):
    """Candidate pairs: ranks of keepers, higher ranks of members, and the kinds of the keys that found them."""

    keepers: Numbers
    members: Numbers
    kinds: Numbers

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Pairs":
        """Return the chosen pairs."""
        return Pairs(self.keepers[chosen], self.members[chosen], self.kinds[chosen])


AreDuplicates: TypeAlias = Callable[[Pairs], NDArray[np.bool_]]
"""Returns whether each pair is a duplicate."""


def equality_key(values: Numbers) -> Key:
    """Return the key of assets with equal values; values below 0 equal none."""
    return Key(values, _each_itself(int(values.max(initial=-1)) + 1), values)


def explicit_key(keepers: Numbers, members: Numbers, count: int) -> Key:
    """Return the key of explicit pairs among `count` assets."""
    itself = np.arange(count)
    return Key(itself, Table.of(keepers, members, count), itself)


def hash_key(hashes: Hashes, known: NDArray[np.bool_], radius: int) -> Key:
    """Return the key of assets whose hashes are within a Hamming distance; only `known` hashes are valid."""
    return crossing_key(hashes, hashes, known, radius)


def crossing_key(keepers: Hashes, members: Hashes, known: NDArray[np.bool_], radius: int, *, kind: int = 0) -> Key:
    """Return the key of keepers and members with different hashes, within a Hamming distance.

    Assets without a near hash have no value; these are most assets in most libraries.
    """
    sides = [keepers] if keepers is members else [keepers, members]
    everyone = bool(known.all())  # then nothing is copied
    hashes = [side if everyone else side[known] for side in sides]
    near = NearValues.of(hashes[0] if len(hashes) == 1 else np.concatenate(hashes), radius)
    values = np.full((len(sides), len(known)), -1, np.int64)
    side, place = np.divmod(near.places, max(1, int(known.sum())))
    values[side, place if everyone else np.flatnonzero(known)[place]] = near.numbers
    itself = np.arange(len(near.values))
    rows = np.concatenate([itself, near.one, near.other])
    table = Table.of(rows, np.concatenate([itself, near.other, near.one]), len(itself))
    return Key(values[0], table, values[-1], kind)


def _each_itself(count: int) -> Table:
    return Table(np.arange(count + 1), np.arange(count))


def group(count: int, keys: list[Key], are_duplicates: AreDuplicates, apart: Numbers | None = None) -> Numbers:
    """Return the rank of each asset's keeper (its own rank for a keeper), shape (count,).

    `apart` contains pairs of ranks that must not share a group, shape (n, 2), the lower rank first. `are_duplicates`
    must reject these pairs.
    """
    keeper = np.full(count, UNASSIGNED, np.int64)
    members = [Table.of(key.member_values, np.arange(count), len(key.near.starts) - 1) for key in keys]
    for block in _blocks(keys, members, keeper):
        refused = np.empty(0, np.int64)
        _decide(block, _candidates(keys, members, block, keeper), keeper, are_duplicates)
        while apart is not None and len(more := _kept_apart(keeper, apart)):
            refused = np.append(refused, more)
            keeper[np.isin(keeper, block)] = UNASSIGNED
            pairs = _candidates(keys, members, block, keeper)
            _decide(
                block, pairs.where(~np.isin(pairs.keepers * count + pairs.members, refused)), keeper, are_duplicates
            )
    return keeper


def _decide(block: Numbers, pairs: Pairs, keeper: Numbers, are_duplicates: AreDuplicates) -> None:
    """Decide which assets of a block are keepers, and assign their members."""
    while len(pairs.keepers):
        pairs = _settle(pairs, keeper, are_duplicates)
    undecided = block[keeper[block] == UNASSIGNED]
    keeper[undecided] = undecided


def _kept_apart(keeper: Numbers, apart: Numbers) -> Numbers:
    """Return the conflicting members of the first keeper that has any, as `keeper * count + member`."""
    together = apart[(keeper[apart[:, 0]] == keeper[apart[:, 1]]) & (keeper[apart[:, 0]] != UNASSIGNED)]
    if not len(together):
        return np.empty(0, np.int64)
    first = int(keeper[together[:, 0]].min())
    out: set[int] = set()
    of_first = together[keeper[together[:, 0]] == first]
    for one, other in of_first[
        np.lexsort(of_first.T)
    ].tolist():  # in order of the higher rank, so that the lower one is decided
        if one not in out:
            out.add(other)
    return first * len(keeper) + np.array(sorted(out), np.int64)


def _blocks(keys: list[Key], members: list[Table], keeper: Numbers) -> Iterator[Numbers]:
    """Yield the undecided ranks in blocks with a limited number of candidates."""
    weights = np.ones(len(keeper), np.int64)
    for key, table in zip(keys, members, strict=True):
        sums = np.concatenate([[0], np.cumsum(table.lengths[key.near.items])])
        near = np.diff(sums[key.near.starts])
        has = key.keeper_values >= 0
        weights[has] += near[key.keeper_values[has]]
    start = 0
    while start < len(keeper):
        ahead = start + np.flatnonzero(keeper[start : start + MAX_PAIRS] == UNASSIGNED)
        if len(ahead):
            fitting = int(np.searchsorted(np.cumsum(weights[ahead]), MAX_PAIRS, "right"))
            yield ahead[: max(1, fitting)]
            start = int(ahead[max(1, fitting) - 1]) + 1
        else:
            start += MAX_PAIRS


def _candidates(keys: list[Key], members: list[Table], block: Numbers, keeper: Numbers) -> Pairs:
    """Return the distinct pairs of keepers in a block and unassigned members of higher rank, ascending."""
    found = [_candidates_by(key, table, block, keeper) for key, table in zip(keys, members, strict=True)]
    keepers, others, kinds = (np.concatenate(column) for column in zip(*found, strict=True))
    codes = np.unique((keepers * len(keeper) + others) * MAX_KINDS + kinds)
    pairs, kinds = np.divmod(codes, MAX_KINDS)
    return Pairs(*np.divmod(pairs, len(keeper)), kinds)


def _candidates_by(key: Key, table: Table, block: Numbers, keeper: Numbers) -> Pairs:
    ranks = block[key.keeper_values[block] >= 0]
    values, places = key.near.look_up(key.keeper_values[ranks])
    members, again = table.look_up(values)
    keepers = ranks[places[again]]
    open_ = (members > keepers) & (keeper[members] == UNASSIGNED)
    return Pairs(keepers[open_], members[open_], np.full(int(open_.sum()), key.kind))


def _settle(pairs: Pairs, keeper: Numbers, are_duplicates: AreDuplicates) -> Pairs:
    """Decide the first pair of each member whose candidate keeper is certainly a keeper; return the open pairs.

    A pair of lower rank can change none of these decisions: a candidate keeper that is not a member in any open pair is
    a keeper, and the first pair of a member takes precedence over its others.
    """
    members, at, places = np.unique(pairs.members, return_index=True, return_inverse=True)
    first = pairs.keepers[at][places]  # the pairs are ascending
    meets = (first == pairs.keepers) & ~np.isin(pairs.keepers, members)
    met = pairs.where(meets)
    matching = are_duplicates(met)
    keeper[met.members[matching]] = met.keepers[matching]
    keeper[met.keepers] = met.keepers
    left = pairs.where(~meets)
    return left.where(~_is_taken(left.keepers, keeper) & ~_is_taken(left.members, keeper))


def _is_taken(ranks: Numbers, keeper: Numbers) -> NDArray[np.bool_]:
    taken: NDArray[np.bool_] = (keeper[ranks] != UNASSIGNED) & (keeper[ranks] != ranks)
    return taken
