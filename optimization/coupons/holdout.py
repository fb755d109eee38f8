"""The randomised hold-out: who gets no coupon so that the coupons' effect can be measured.

The lot depends on the customer, the draw's name and the seed only: the order of rows, other customers and a second run change nothing.

A lot is 64 bits of the key's bytes, stirred eight at a time into a start that the draw's name and the seed give, each time by the finaliser
of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014); all customers at once.
"""

import hashlib

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.linear_program.arrays import Floats

_WORD = 8
_INCREMENT = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_AT_ONCE = 250_000  # customers, so that memory stays small


def draw_lots(customer_keys: pl.Series, draw: str, seed: int) -> Floats:
    """Return one number in [0, 1) per customer, evenly spread over customers."""
    start = np.frombuffer(hashlib.blake2b(f"{seed}|{draw}|".encode(), digest_size=8).digest(), dtype="<u8")[0]
    parts = [_lots(customer_keys.slice(first, _AT_ONCE), start) for first in range(0, len(customer_keys), _AT_ONCE)]
    return np.concatenate([np.zeros(0), *parts])


def held_out(customer_keys: pl.Series, holdout_share: float, draw: str, seed: int) -> pl.Series:
    """Return True for the customers who are kept without coupon; their share is `holdout_share` up to chance."""
    return pl.Series("is_holdout", draw_lots(customer_keys, draw, seed) < holdout_share)


def _lots(keys: pl.Series, start: np.uint64) -> Floats:
    buffers = keys.to_arrow(compat_level=pl.CompatLevel.oldest()).buffers()  # ends of texts, and all their bytes in one piece
    ends = np.frombuffer(buffers[1], dtype="<i8")[: len(keys) + 1]
    text = np.frombuffer(buffers[2], dtype=np.uint8)[ends[0] : ends[-1]]
    lengths = np.diff(ends)
    longest = -(-int(lengths.max(initial=0)) // _WORD) * _WORD
    if (lengths == longest).all():
        padded = text.reshape(len(keys), longest)
    else:
        padded = np.zeros((len(keys), longest), dtype=np.uint8)
        padded[np.arange(longest) < lengths[:, None]] = text
    state = _stirred(lengths.astype(np.uint64) ^ start)
    for position, word in enumerate(np.ascontiguousarray(padded).view("<u8").T):
        state = np.where(lengths > position * _WORD, _stirred(state ^ word), state)  # a key's lot ends with the key
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53


def _stirred(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = state + _INCREMENT
    state = (state ^ (state >> np.uint64(30))) * _FIRST
    state = (state ^ (state >> np.uint64(27))) * _SECOND
    return state ^ (state >> np.uint64(31))
