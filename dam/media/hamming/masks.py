"""Families of bit masks: any two 64-bit hashes within a Hamming distance agree in at least one mask of a family.

A family for a radius has for every choice of `radius` differing bits a mask without any of them. The bits are cut into
bands, and a mask is some whole bands. The more bits it has, the fewer unrelated hashes agree in it, and the more of
them the family needs. There are two kinds:

- Of `radius + k` bands any k: what differs lies in at most `radius` of them (the pigeonhole principle).
- The bands are the points of the affine space with some dimensions over the numbers modulo a prime, the masks its
  hyperplanes. To meet every hyperplane takes at least `dimensions * (prime - 1) + 1` points (Jamison 1977; Brouwer and
  Schrijver 1978), so fewer leave one clean. Radius 4 takes the 12 lines of 9 points, with 21 bits each, where any 2 of
  6 bands are 15 masks, or the 30 hyperplanes of 16 points, with 32 bits each, where any 4 of 8 bands are 70.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise, product
from math import comb

BITS = 64
MAX_CHOSEN_BANDS = 8
MAX_MASKS = 1000
PRIMES = (2, 3, 5, 7)
STARTING, SORTING, COMPARING, SCANNING = 100_000.0, 14.0, 5.0, 1.0
"""Nanoseconds for a mask whatever the hashes, to sort a hash, to compare two that agree in a mask, and to compare two
in a scan of all pairs."""


def cheapest(count: int, radius: int, crowding: Callable[[Sequence[int]], float]) -> Sequence[int]:
    """Return the family by which `count` hashes are searched the quickest; none where comparing all with all is.

    `crowding` tells how probable it is that two unrelated hashes agree in a mask of a family.
    """
    best: Sequence[int] = []
    least = count / 2 * SCANNING
    for masks in families(radius):
        fixed = len(masks) * (STARTING / count + SORTING)
        if fixed < least:
            cost = fixed + len(masks) * COMPARING * count / 2 * crowding(masks)
            best, least = (masks, cost) if cost < least else (best, least)
    return best


def families(radius: int) -> Iterator[list[int]]:
    """Yield the families for a radius of 1–63, each as a list of masks, a mask as the number with its bits set."""
    for chosen in range(1, min(MAX_CHOSEN_BANDS, BITS - radius) + 1):
        bands = radius + chosen
        if comb(bands, chosen) <= MAX_MASKS:
            yield _masks(combinations(range(bands), chosen), bands)
    for prime in PRIMES:
        dimensions = -(-radius // (prime - 1))
        if dimensions > 1 and prime**dimensions <= BITS:
            yield _masks(_hyperplanes(dimensions, prime), prime**dimensions)


def _hyperplanes(dimensions: int, prime: int) -> Iterator[list[int]]:
    """Yield the numbers of the points in each hyperplane: their products with its normal are equal modulo the prime."""
    points = list(product(range(prime), repeat=dimensions))
    for normal in points:
        if next(filter(None, normal), 0) == 1:  # its multiples are normals of the same hyperplanes
            products = [sum(a * b for a, b in zip(normal, point, strict=True)) % prime for point in points]
            yield from ([number for number, at in enumerate(products) if at == offset] for offset in range(prime))


def _masks(choices: Iterator[Sequence[int]], bands: int) -> list[int]:
    """Return the bits of some choices of bands; all bands are equally wide but for one bit."""
    edges = [BITS * band // bands for band in range(bands + 1)]
    bits = [(1 << end) - (1 << begin) for begin, end in pairwise(edges)]
    return [sum(bits[band] for band in chosen) for chosen in choices]
