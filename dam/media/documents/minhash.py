"""MinHash of texts: estimates the Jaccard similarity of two sets of word shingles from 256 bytes each.

A. Broder, "On the resemblance and containment of documents" (1997): under a random
permutation of all shingles, the minimum of two sets is the same with a probability equal to their Jaccard similarity.
There are 128 permutations here, each a multiplication and addition modulo 2^32. 16 bits of each minimum are stored
(P. Li and A. C. König, "b-Bit Minwise Hashing", 2010): different minima agree in them with probability 1/65,536.
"""

import re
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS = 3
"""Number of words of a shingle."""

MIN_WORDS = 16
"""Minimum number of words. A shorter text is a single shingle, so it only matches an equal text."""

PERMUTATIONS = 128
INDEXED_PERMUTATIONS = 24
"""Number of permutations whose minima are index keys."""

BLOCK_SHINGLES = 512
"""Number of shingles processed at once, so that intermediate results stay in the processor's cache."""

CACHED_POWERS = 1 << 17
"""Number of powers that are cached, one per byte of text."""

MinHash: TypeAlias = NDArray[np.uint16]
Numbers: TypeAlias = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_POINT = 0xD1342543DE82EF95
"""Point at which the polynomials of words are evaluated: odd, so that it has an inverse modulo 2^64."""
_INVERSE = pow(_POINT, -1, 1 << 64)

# Separators of words: white space, and all ASCII characters except letters and digits.
_APART = bytes.maketrans(
    bytes(code for code in range(128) if not chr(code).isalnum()),
    b" " * sum(not chr(code).isalnum() for code in range(128)),
)
_NO_WORD = re.compile(r"[\W_]+")

# Chinese and Japanese are written without spaces: each character counts as a word. Thai, Lao, Burmese and Khmer are
# also written without spaces, but with letters: each three consecutive letters count as a word.
_SIGNS = "\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS = "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff"
_WITHOUT_SPACES = re.compile(f"[{_SIGNS}{_LETTERS}]")
_SIGN = re.compile(f"([{_SIGNS}])")
_LETTER = re.compile(f"(?=([{_LETTERS}]{{1,3}}))[{_LETTERS}]")
_WORD_MARKS = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece]")


def fingerprint(text: str) -> MinHash | None:
    """Return the MinHash of a text, shape (128,); None without words."""
    shingles = _shingles(text)
    if not len(shingles):
        return None
    factors, shifts = _permutations()
    first = np.full(PERMUTATIONS, 0xFFFFFFFF, np.uint32)
    buffer = np.empty((PERMUTATIONS, min(BLOCK_SHINGLES, len(shingles))), np.uint32)
    for start in range(0, len(shingles), BLOCK_SHINGLES):
        some = shingles[start : start + BLOCK_SHINGLES]
        places = buffer[:, : len(some)]
        np.multiply(factors[:, None], some, out=places)
        places += shifts[:, None]
        np.minimum(first, places.min(axis=1), out=first)
    return first.astype(np.uint16)


def similarity(one: MinHash, other: MinHash) -> NDArray[np.float64]:
    """Return the estimated Jaccard similarity of MinHashes, shape (…); the shapes broadcast."""
    equal: NDArray[np.float64] = (one == other).mean(axis=-1)
    return equal


def to_bytes(minhash: MinHash) -> bytes:
    """Return the stored form of a MinHash, 256 bytes."""
    return minhash.astype("<u2").tobytes()


def from_bytes(stored: bytes) -> MinHash:
    """Return MinHashes from their concatenated stored forms, shape (n, 128)."""
    return np.frombuffer(stored, "<u2").astype(np.uint16).reshape(-1, PERMUTATIONS)


def index_keys(fingerprints: MinHash) -> NDArray[np.int64]:
    """Return the index keys of MinHashes of shape (…, 128), shape (…, 24): number and minimum of a permutation."""
    return fingerprints[..., :INDEXED_PERMUTATIONS].astype(np.int64) + (np.arange(INDEXED_PERMUTATIONS) << 16)


def shingles_of(text: str) -> NDArray[np.uint32]:
    """Return the set of a text's shingles as hashes, ascending, shape (n,)."""
    return np.unique(_shingles(text))


def _shingles(text: str) -> NDArray[np.uint32]:
    """Return the hashes of a text's shingles, in order."""
    words = _numbers_of_words(_separated(text))
    if len(words) < MIN_WORDS:
        if not len(words):
            return np.empty(0, np.uint32)
        places = np.arange(1, len(words) + 1, dtype=np.uint64) * _GOLDEN
        whole = np.array([np.bitwise_xor.reduce(_mixed(words + places))])
        return (_mixed(whole) >> np.uint64(32)).astype(np.uint32)
    last = len(words) - SHINGLE_WORDS + 1
    runs = words[:last].copy()
    for place in range(1, SHINGLE_WORDS):
        runs = _mixed(runs) + words[place : last + place]
    return (_mixed(runs) >> np.uint64(32)).astype(np.uint32)


def _separated(text: str) -> bytes:
    """Return the words of a text in lower case, separated by spaces."""
    if text.isascii():
        return text.lower().encode().translate(_APART)
    text = text.casefold()
    if _WITHOUT_SPACES.search(text):
        text = _SIGN.sub(r" \1 ", text)
        text = _LETTER.sub(r" \1 ", _WORD_MARKS.sub("", text))
    return _NO_WORD.sub(" ", text).encode("utf-8", "replace")


def _numbers_of_words(separated: bytes) -> Numbers:
    """Return the hash of each word: a polynomial of the random numbers of its bytes, modulo 2^64."""
    data = np.frombuffer(separated, np.uint8)
    within = np.zeros(len(data) + 2, np.bool_)
    np.not_equal(data, ord(" "), out=within[1:-1])
    edges = np.flatnonzero(within[1:] != within[:-1])
    starts, ends = edges[::2], edges[1::2]
    sums = np.zeros(len(data) + 1, np.uint64)
    np.take(_letters(), data.astype(np.intp), out=sums[1:], mode="clip")
    sums[1:] *= _powers(_POINT, len(data))
    np.cumsum(sums, out=sums)
    return (sums[ends] - sums[starts]) * _powers(_INVERSE, len(data))[starts]


def _powers(base: int, count: int) -> Numbers:
    """Return the first powers of a number, modulo 2^64."""
    return _first_powers(base)[:count] if count <= CACHED_POWERS else _all_powers(base, count)


@cache
def _first_powers(base: int) -> Numbers:
    return _all_powers(base, CACHED_POWERS)


def _all_powers(base: int, count: int) -> Numbers:
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.multiply.accumulate(powers)


def _mixed(numbers: Numbers) -> Numbers:
    """Mix the bits of each number with the finaliser of splitmix64."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


@cache
def _letters() -> Numbers:
    """Return a random number for each byte."""
    return _mixed(np.arange(1, 257, dtype=np.uint64) * _GOLDEN)


@cache
def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the factors (odd, so that they are bijective) and summands of the permutations."""
    numbers = _mixed(np.arange(1, 2 * PERMUTATIONS + 1, dtype=np.uint64) * np.uint64(_POINT))
    halves = (numbers >> np.uint64(32)).astype(np.uint32)
    return halves[:PERMUTATIONS] | np.uint32(1), halves[PERMUTATIONS:]
