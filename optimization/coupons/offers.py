"""Offers as arrays: what the programs read. With millions of offers, names as text would cost more than the search for the plan."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.linear_program.arrays import Floats, Integers

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Labels:
    """A name per offer: `codes` are positions in `names` (sorted), -1 where there is none."""

    codes: Codes
    names: tuple[str, ...]

    @staticmethod
    def of(names: pl.Series) -> "Labels":
        """Return the labels of a text column."""
        known = names.unique().drop_nulls().sort()
        codes = names.cast(pl.Enum(known)).to_physical().cast(pl.Int32).fill_null(-1)
        return Labels(codes.to_numpy(), tuple(known.to_list()))

    def rows(self, row_of_name: Mapping[str, int]) -> Codes:
        """Return per offer the row of its name, -1 for a name without."""
        table = np.array([*(row_of_name.get(name, -1) for name in self.names), -1], dtype=np.int32)
        return table[self.codes]

    def at(self, positions: Integers | Codes) -> "Labels":
        """Return the labels of some offers."""
        return Labels(self.codes[positions], self.names)

    def text(self, positions: Integers | None = None) -> pl.Series:
        """Return the names as a text column, null for -1 and at negative positions."""
        codes = self.codes if positions is None else np.where(positions >= 0, self.codes[positions], -1)
        return gather_names(self.names, codes)


def gather_names(names: tuple[str, ...], codes: Integers | Codes) -> pl.Series:
    """Return names[codes] as text, null where a code is negative."""
    with_none = pl.Series([*names, None], dtype=pl.String)
    return with_none.gather(pl.Series(np.where(codes < 0, len(names), codes).astype(np.uint32)))


@dataclass(frozen=True)
class PricedOffers:
    """What limits are written over: labels, cost and gain per coupon (money), in the program's order of columns."""

    segment: Labels
    coupon: Labels
    category: Labels
    cost: Floats
    gain: Floats


@dataclass(frozen=True)
class Offers:
    """Offers sorted by customer, then cheaper coupon, then id.

    keys: customer keys, sorted, one per group. segment: one label per group. All others: one per offer; `starts` is each group's first.
    """

    keys: pl.Series
    segment: Labels
    group: Integers
    starts: Integers
    coupon: Labels
    category: Labels
    gain: Floats
    cost: Floats
    value: Floats
    redemption: Floats

    @property
    def count(self) -> int:
        """Number of offers."""
        return len(self.value)

    @property
    def offers_of_group(self) -> Integers:
        """Number of offers per group."""
        return np.diff(np.append(self.starts, self.count))

    def priced(self, columns: Integers) -> PricedOffers:
        """Return what limits are written over, for some offers."""
        return PricedOffers(
            segment=self.segment.at(self.group[columns]),
            coupon=self.coupon.at(columns),
            category=self.category.at(columns),
            cost=self.cost[columns],
            gain=self.gain[columns],
        )

    def fingerprint(self) -> list[object]:
        """Return what identifies the offers, for `hash_inputs`."""
        names = [list(label.names) for label in (self.segment, self.coupon, self.category)]
        codes = [self.segment.codes, self.coupon.codes, self.category.codes]
        return [self.keys, *names, *codes, self.starts, self.gain, self.cost, self.redemption]
