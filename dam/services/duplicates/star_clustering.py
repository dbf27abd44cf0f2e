"""Groups around keepers: every member is alike to its keeper itself, never only to another member.

Assets are numbered by rank, 0 the one to be kept before all others. In the order of their ranks, each that is not taken
yet becomes a keeper, and takes, in the same order, all that are not taken yet, alike to it, and not to be kept apart
from one that it has taken. So the result depends on nothing but the ranks. Equal assets share one value of a `Key`, and
what is near are values: a thousand equal ones make no million pairs.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dam.media.hamming.all_pairs import Hashes
from dam.media.hamming.near_values import NearValues

Numbers: TypeAlias = NDArray[np.int64]

MAX_PAIRS = 200_000
"""Candidate pairs looked at together, about."""
UNASSIGNED = -1
MAX_KINDS = 8
"""How many kinds of keys there may be."""


class Table(NamedTuple):
    """Lists of numbers: that of row r is `items[starts[r]:starts[r + 1]]`."""

    starts: Numbers
    items: Numbers

    @classmethod
    def of(cls, rows: Numbers, items: Numbers, count: int) -> "Table":
        """Put items into the lists of their rows; rows below 0 are left out."""
        order = np.argsort(rows, kind="stable")
        order = order[np.searchsorted(rows[order], 0) :]
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows[order], minlength=count))])
        return cls(starts, items[order])

    @property
    def lengths(self) -> Numbers:
        """How many items each row has."""
        return np.diff(self.starts)

    def look_up(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Return the items of some rows in one array, and for each the place in `rows` that it is there for."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        places = np.repeat(np.arange(len(rows)), lengths)
        before = np.cumsum(lengths) - lengths
        return self.items[np.arange(len(places)) - before[places] + self.starts[rows][places]], places


class Key(NamedTuple):
    """One way of being a candidate: a keeper's value is near to a member's value."""

    keeper_values: Numbers
    """The value of each asset as a keeper; below 0: none."""
    near: Table
    """The values that are near to each value."""
    member_values: Numbers
    """The value of each asset as a member; below 0: none."""
    kind: int = 0
    """Handed on with the pairs that this key gives."""

    def of(self, assets: Numbers) -> "Key":
        """Return the key of some assets, in a new order; those below 0 have no value."""
        keepers, members = (np.append(values, -1)[assets] for values in (self.keeper_values, self.member_values))
        return self._replace(keeper_values=keepers, member_values=members)

    def has_any(self) -> NDArray[np.bool_]:
        """Tell which assets have a value."""
        any_: NDArray[np.bool_] = (self.keeper_values >= 0) | (self.member_values >= 0)
        return any_


class Pairs(NamedTuple):
    """Candidates: a keeper's rank, a higher one of a member, and the kind of the key that they were found by."""

    keepers: Numbers
    members: Numbers
    kinds: Numbers

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "Pairs":
        """Return some of them."""
        return Pairs(self.keepers[chosen], self.members[chosen], self.kinds[chosen])


AreDuplicates: TypeAlias = Callable[[Pairs], NDArray[np.bool_]]
"""Tells of each pair whether the two are alike."""


def equality_key(values: Numbers) -> Key:
    """Return the key of assets with equal values; below 0: equal to nobody."""
    return Key(values, _each_itself(int(values.max(initial=-1)) + 1), values)


def explicit_key(keepers: Numbers, members: Numbers, count: int) -> Key:
    """Return the key of given pairs among `count` assets."""
    itself = np.arange(count)
    return Key(itself, Table.of(keepers, members, count), itself)


def hash_key(hashes: Hashes, known: NDArray[np.bool_], radius: int) -> Key:
    """Return the key of assets whose hashes differ in at most `radius` bits; only those known count."""
    return crossing_key(hashes, hashes, known, radius)


def crossing_key(keepers: Hashes, members: Hashes, known: NDArray[np.bool_], radius: int, *, kind: int = 0) -> Key:
    """Return the key of keepers whose hash differs in at most `radius` bits from another hash of the members.

    Assets whose hash is near to no other's have no value: most, in most libraries.
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
    """Return for each asset the rank of its keeper (its own, where it is one), shape (count,).

    `apart` has the pairs of ranks of which no group has both, shape (n, 2), the lower first; no two of a pair that the
    are_duplicates calls alike.
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
    """Decide which of a block are keepers, and what they take."""
    while len(pairs.keepers):
        pairs = _settle(pairs, keeper, are_duplicates)
    undecided = block[keeper[block] == UNASSIGNED]
    keeper[undecided] = undecided


def _kept_apart(keeper: Numbers, apart: Numbers) -> Numbers:
    """Return whom the first keeper with two that are to be kept apart must not take, as `keeper * count + member`."""
    together = apart[(keeper[apart[:, 0]] == keeper[apart[:, 1]]) & (keeper[apart[:, 0]] != UNASSIGNED)]
    if not len(together):
        return np.empty(0, np.int64)
    first = int(keeper[together[:, 0]].min())
    out: set[int] = set()
    of_first = together[keeper[together[:, 0]] == first]
    for one, other in of_first[np.lexsort(of_first.T)].tolist():  # by the higher rank: the lower one's lot is known
        if one not in out:
            out.add(other)
    return first * len(keeper) + np.array(sorted(out), np.int64)


def _blocks(keys: list[Key], members: list[Table], keeper: Numbers) -> Iterator[Numbers]:
    """Yield the ranks that are still to be decided, some at a time, so that their candidates are not too many."""
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
    """Return the pairs of keepers in a block with free members of higher rank, ascending, each once."""
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
    """Let each member meet the first keeper that it may belong to, where that one is a keeper for sure.

    Returns the pairs that are still open. Nothing is decided that a pair of lower rank could change: a candidate keeper
    that is no member in any open pair is a keeper, and a member's first pair comes before its others.
    """
    members, at, places = np.unique(pairs.members, return_index=True, return_inverse=True)
    first = pairs.keepers[at][places]  # the pairs are ascending
    meets = (first == pairs.keepers) & ~np.isin(pairs.keepers, members)
    met = pairs.where(meets)
    alike = are_duplicates(met)
    keeper[met.members[alike]] = met.keepers[alike]
    keeper[met.keepers] = met.keepers
    left = pairs.where(~meets)
    return left.where(~_is_taken(left.keepers, keeper) & ~_is_taken(left.members, keeper))


def _is_taken(ranks: Numbers, keeper: Numbers) -> NDArray[np.bool_]:
    taken: NDArray[np.bool_] = (keeper[ranks] != UNASSIGNED) & (keeper[ranks] != ranks)
    return taken
