"""Offers as arrays: what the programs read. With millions of offers, names as text would cost more than the search for the plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.linear_program.arrays import Floats, Integers

Codes = NDArray[np.int32]
RowNumbers = NDArray[np.int16]


def run_starts(codes: NDArray[Any]) -> Integers:
    """Return the positions at which a run of equal codes begins, the first included."""
    return np.concatenate([np.zeros(min(len(codes), 1), dtype=np.int64), np.flatnonzero(codes[1:] != codes[:-1]) + 1])


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

    def rows(self, row_of_name: Mapping[str, int]) -> RowNumbers:
        """Return per offer the row of its name, -1 for a name without."""
        table = np.array([*(row_of_name.get(name, -1) for name in self.names), -1], dtype=np.int16)
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
    """What limits are written over, in the program's order of columns: labels, cost per coupon (money), and gain where it is asked for."""

    segment: Labels
    coupon: Labels
    category: Labels
    cost: Floats
    gain: Callable[[], Floats]


@dataclass(frozen=True)
class Offers:
    """Offers sorted by customer, then cheaper coupon, then id.

    keys: customer keys, sorted, one per group. segment: one label per group. `starts` is each group's first offer. All others: one per
    offer; `source` is its row in `frame`, where the numbers that are needed for chosen offers only stay.
    """

    keys: pl.Series
    segment: Labels
    group: Codes
    starts: Integers
    coupon: Labels
    category: Labels
    value: Floats
    source: Codes
    frame: pl.DataFrame

    @property
    def count(self) -> int:
        """Number of offers."""
        return len(self.value)

    @property
    def offers_of_group(self) -> Integers:
        """Number of offers per group."""
        return np.diff(np.append(self.starts, self.count))

    def numbers(self, column: str, offers: Integers | Codes) -> Floats:
        """Return a column of the candidates for some offers."""
        return self.frame[column].to_numpy()[self.source[offers]]

    def priced(self, columns: Integers | Codes) -> PricedOffers:
        """Return what limits are written over, for some offers."""
        return PricedOffers(
            segment=self.segment.at(self.group[columns]),
            coupon=self.coupon.at(columns),
            category=self.category.at(columns),
            cost=self.numbers("expected_cost", columns),
            gain=lambda: self.numbers("expected_gain", columns),
        )

    def fingerprint(self) -> list[object]:
        """Return what identifies the offers, for `hash_inputs`."""
        names = [list(label.names) for label in (self.segment, self.coupon, self.category)]
        numbers = (self.numbers(name, slice(None)) for name in ("expected_gain", "expected_cost", "redemption_probability"))  # type: ignore[arg-type]
        return [self.keys, *names, self.segment.codes, self.coupon.codes, self.category.codes, self.starts, *numbers]
