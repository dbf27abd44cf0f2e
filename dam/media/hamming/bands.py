"""The four bands of a 64-bit perceptual hash, by which multi-index hashing looks hashes up.

A hash is a picture of 8 × 8 bits, its first row in the most significant byte. A band has the 16 bits of every other
row and every other column: neighbouring bits are alike, so 16 neighbours together would say little, and many hashes
would share them.
"""

from typing import Any

BAND_BITS = 16
BANDS = (0, 1, 8, 9)
"""The place of each band's last bit: of the last row and column, and of the neighbours."""

_PIECES = ((0, 0x0055), (15, 0x00AA), (24, 0x5500), (39, 0xAA00))
"""How far each row of a band is shifted to its place among the 16 bits, beyond the band's own shift, and its bits."""


def gather(bits: Any, band: int) -> Any:
    """Return the 16 bits of a band as an integer: of an integer, or of each in an array of them."""
    first, second, third, fourth = ((bits >> (band + shift)) & mask for shift, mask in _PIECES)
    return first | second | third | fourth


def band_sql(band: int, value: str) -> str:
    """Return the SQL of `gather` for a column or another expression, with the brackets that PostgreSQL would set."""
    first, second, third, fourth = (f"(({value} >> {band + shift}) & {mask})" for shift, mask in _PIECES)
    return f"((({first} | {second}) | {third}) | {fourth})"
