"""What customers bought up to a day, as arrays that every method reads.

A *purchase* is one customer, product and day; its age is the number of days from it to the as-of day. Nothing after that day is in a
history, so whatever is computed from it is as of that day. Sums run over sorted arrays: the same rows give the same floats.

Public: `History`, `history_of`, `LINE_COLUMNS`.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Features = NDArray[np.float32]
LINE_COLUMNS = ("customer_key", "product_id", "business_day", "units", "net_revenue")


@dataclass(frozen=True)
class History:
    """customers, products: sorted keys; the arrays: one entry per purchase, sorted by customer, product and falling age.

    customer, product: positions in the keys; age [days]; units; revenue [currency].
    """

    as_of_day: date
    customers: pl.Series
    products: pl.Series
    customer: Ints
    product: Ints
    age: Ints
    units: Floats
    revenue: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Customers and products."""
        return len(self.customers), len(self.products)

    def matrix(self, half_life_days: float | None = None, within_days: int | None = None) -> sp.csr_matrix:
        """Customers by products: the days bought on, each halved every `half_life_days`, none older than `within_days`."""
        taken = slice(None) if within_days is None else self.age < within_days
        age = self.age[taken]
        weight = np.ones(len(age)) if half_life_days is None else 0.5 ** (age / half_life_days)
        return sp.csr_matrix((weight, (self.customer[taken], self.product[taken])), shape=self.shape)

    def popularity(self, half_life_days: float) -> Floats:
        """All customers' days on which each product was bought, halved every `half_life_days`."""
        counted = np.bincount(self.product, weights=0.5 ** (self.age / half_life_days), minlength=self.shape[1])
        return counted.astype(np.float64)

    @cached_property
    def last_age(self) -> Ints:
        """Days since each customer's last purchase."""
        least = np.full(self.shape[0], np.iinfo(np.int64).max)
        np.minimum.at(least, self.customer, self.age)
        return least

    @cached_property
    def customer_days(self) -> tuple[Ints, Ints]:
        """Customer and age of every day on which a customer bought anything, sorted by customer and falling age."""
        span = int(self.age.max(initial=0)) + 1
        coded = np.unique(self.customer * span + (span - 1 - self.age))
        return coded // span, span - 1 - coded % span

    def positions(self, keys: pl.Series) -> Ints:
        """Positions of customer keys; -1 for customers without a purchase."""
        return _positions(self.customers, keys)

    def product_positions(self, keys: pl.Series) -> Ints:
        """Positions of products; -1 for products nobody bought."""
        return _positions(self.products, keys)


def history_of(lines: pl.DataFrame, as_of_day: date, catalogue: pl.Series | None = None) -> History:
    """Return the history at the end of `as_of_day`.

    lines (any grain): LINE_COLUMNS; lines after the day, without customer or with units of 0 or less do not count. catalogue: ids of
    products that belong to the history whether bought or not. Raises ValueError for missing columns.
    """
    missing = sorted(set(LINE_COLUMNS) - set(lines.columns))
    if missing:
        raise ValueError(f"Order lines lack the columns {missing}.")
    known = lines.select(LINE_COLUMNS).filter(
        pl.col("customer_key").is_not_null(), pl.col("product_id").is_not_null(), pl.col("business_day") <= as_of_day, pl.col("units") > 0
    )
    customers, bought = known["customer_key"].unique().sort(), known["product_id"]
    products = (bought if catalogue is None else pl.concat([bought, catalogue.alias("product_id")])).unique().sort()
    coded = known.select(
        customer=_codes(known["customer_key"], customers),
        product=_codes(known["product_id"], products),
        age=(pl.lit(as_of_day) - pl.col("business_day")).dt.total_days(),
        units=pl.col("units").cast(pl.Float64),
        revenue=pl.col("net_revenue").cast(pl.Float64).fill_null(0.0),
    ).sort("customer", "product", "age", "units", "revenue", descending=[False, False, True, False, False])
    starts = _starts(*(coded[name].to_numpy() for name in ("customer", "product", "age")))
    one = coded[starts.tolist()] if len(starts) < coded.height else coded
    units, revenue = (np.add.reduceat(coded[name].to_numpy(), starts) if len(starts) else np.zeros(0) for name in ("units", "revenue"))
    customer, product, age = (one[name].to_numpy().astype(np.int64) for name in ("customer", "product", "age"))
    return History(as_of_day, customers, products, customer, product, age, units, revenue)


def _codes(values: pl.Series, keys: pl.Series) -> pl.Series:
    return values.cast(pl.String).cast(pl.Enum(keys.cast(pl.String))).to_physical().cast(pl.Int64)


def _starts(*sorted_columns: Ints) -> Ints:
    """Where a new combination begins in columns sorted together."""
    if not len(sorted_columns[0]):
        return np.zeros(0, dtype=np.int64)
    changes = np.zeros(len(sorted_columns[0]), dtype=bool)
    changes[0] = True
    for column in sorted_columns:
        changes[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changes)


def _positions(keys: pl.Series, wanted: pl.Series) -> Ints:
    where = pl.DataFrame({"key": keys, "position": np.arange(len(keys))})
    found = pl.DataFrame({"key": wanted}).join(where, on="key", how="left", maintain_order="left")
    return found["position"].fill_null(-1).to_numpy().astype(np.int64)
