"""The randomised hold-out: who gets no coupon so that the coupons' effect can be measured.

The lot depends on the customer, the draw's name and the seed only: the order of rows, other customers and a second run change nothing.
"""

import hashlib

import numpy as np
import polars as pl

from optimization.linear_program.arrays import Floats


def draw_lots(customer_keys: pl.Series, draw: str, seed: int) -> Floats:
    """Return one number in [0, 1) per customer, evenly spread over customers."""
    prefix = f"{seed}|{draw}|".encode()
    digests = b"".join(hashlib.blake2b(prefix + key.encode(), digest_size=8).digest() for key in customer_keys.to_list())
    return np.frombuffer(digests, dtype=">u8").astype(np.float64) / 2.0**64


def held_out(customer_keys: pl.Series, holdout_share: float, draw: str, seed: int) -> pl.Series:
    """Return True for the customers who are kept without coupon; their share is `holdout_share` up to chance."""
    return pl.Series("is_holdout", draw_lots(customer_keys, draw, seed) < holdout_share)
