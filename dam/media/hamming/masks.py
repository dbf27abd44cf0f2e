"""Families of fronts: sets of bits, one of which at least is equal in any two 64-bit hashes that are near.

A family for a radius has for every choice of `radius` differing bits a front without any of them. The bits are cut into
bands, and a front is some whole bands. The more bits it has, the fewer unrelated hashes agree in it, and the more of
them the family needs. There are two kinds:

- Of `radius + k` bands any k: what differs lies in at most `radius` of them (the pigeonhole principle).
- The bands are the points of the affine space with some dimensions over the numbers modulo a prime, the fronts its
  hyperplanes. To meet every hyperplane takes at least `dimensions * (prime - 1) + 1` points (Jamison 1977; Brouwer and
  Schrijver 1978), so fewer leave one clean. Radius 4 takes the 12 lines of 9 points, with 21 bits each, where any 2 of
  6 bands are 15 fronts, or the 30 hyperplanes of 16 points, with 32 bits each, where any 4 of 8 bands are 70.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise, product
from math import comb

BITS = 64
MOST_CHOSEN = 8
MOST_FRONTS = 1000
PRIMES = (2, 3, 5, 7)
STARTING, SORTING, COMPARING, SCANNING = 100_000.0, 14.0, 5.0, 1.0
"""Nanoseconds for a front whatever the hashes, to sort a hash, to compare two with an equal front, and to compare two
in a scan of all pairs."""


def cheapest(count: int, radius: int, crowding: Callable[[Sequence[int]], float]) -> Sequence[int]:
    """Return the family by which `count` hashes are searched the quickest; none where comparing all with all is.

    `crowding` tells how probable it is that two unrelated hashes agree in a front of a family.
    """
    best: Sequence[int] = []
    least = count / 2 * SCANNING
    for fronts in families(radius):
        fixed = len(fronts) * (STARTING / count + SORTING)
        if fixed < least:
            cost = fixed + len(fronts) * COMPARING * count / 2 * crowding(fronts)
            best, least = (fronts, cost) if cost < least else (best, least)
    return best


def families(radius: int) -> Iterator[list[int]]:
    """Yield the families for a radius of 1–63, each as a list of fronts, a front as the number with its bits set."""
    for chosen in range(1, min(MOST_CHOSEN, BITS - radius) + 1):
        bands = radius + chosen
        if comb(bands, chosen) <= MOST_FRONTS:
            yield _fronts(combinations(range(bands), chosen), bands)
    for prime in PRIMES:
        dimensions = -(-radius // (prime - 1))
        if dimensions > 1 and prime**dimensions <= BITS:
            yield _fronts(_hyperplanes(dimensions, prime), prime**dimensions)


def _hyperplanes(dimensions: int, prime: int) -> Iterator[list[int]]:
    """Yield the numbers of the points in each hyperplane: their products with its normal are equal modulo the prime."""
    points = list(product(range(prime), repeat=dimensions))
    for normal in points:
        if next(filter(None, normal), 0) == 1:  # its multiples are normals of the same hyperplanes
            products = [sum(a * b for a, b in zip(normal, point, strict=True)) % prime for point in points]
            yield from ([number for number, at in enumerate(products) if at == offset] for offset in range(prime))


def _fronts(choices: Iterator[Sequence[int]], bands: int) -> list[int]:
    """Return the bits of some choices of bands; all bands are equally wide but for one bit."""
    edges = [BITS * band // bands for band in range(bands + 1)]
    bits = [(1 << end) - (1 << begin) for begin, end in pairwise(edges)]
    return [sum(bits[band] for band in chosen) for chosen in choices]
