"""What is wrong with the shop's files: the broken rows every real export has.

About 0.2 % of order lines are spoilt copies: negative prices, missing ids, impossible days, foreign currency, wrong signs, exact
duplicates; a few sell a product nobody has heard of, which is no fault. The competitor price file is CSV and holds text in numbers,
impossible dates and lines with too few or too many fields. Spoilt rows are added to the good ones, so that the truth stays whole.
"""

from pathlib import Path

import numpy as np
import polars as pl

SPOILT_SHARE = 0.0018
UNKNOWN_PRODUCT_SHARE = 0.0002


def spoil_order_lines(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Add spoilt copies of some rows (with order ids of their own, but for the duplicates) at the end."""
    sales = frame.filter(pl.col("line_type") == "sale")
    n = int(np.ceil(len(sales) * SPOILT_SHARE))
    rows = sales[np.sort(rng.choice(len(sales), min(n, len(sales)), replace=False))]
    fault = pl.Series("fault", rng.integers(0, 7, len(rows)))
    own_id = pl.when(pl.col("fault") == 0).then("order_id").otherwise("X" + pl.col("order_id"))
    spoilt = rows.with_columns(fault).with_columns(
        order_id=pl.when(pl.col("fault") == 1).then(None).otherwise(own_id),
        product_id=pl.when(pl.col("fault") == 2).then(None).otherwise("product_id"),
        unit_price=pl.when(pl.col("fault") == 3).then(-pl.col("unit_price")).otherwise("unit_price"),
        order_ts=pl.when(pl.col("fault") == 4).then(pl.datetime(1970, 1, 1)).otherwise("order_ts").cast(pl.Datetime("us")),
        currency=pl.when(pl.col("fault") == 5).then(pl.lit("USD")).otherwise("currency"),
        units=pl.when(pl.col("fault") == 6).then(-pl.col("units")).otherwise("units"),
    )
    unknown = sales[np.sort(rng.choice(len(sales), int(np.ceil(len(sales) * UNKNOWN_PRODUCT_SHARE)), replace=False))].with_columns(
        order_id="U" + pl.col("order_id"), product_id=pl.lit("P-OLD-") + pl.col("product_id").str.slice(-1)
    )
    return pl.concat([frame, spoilt.drop("fault"), unknown])


def negative_counts(on_hand: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Now and then a counted stock is below zero where the shelf is empty: something was sold that was not on the books."""
    is_off = (on_hand == 0) & (rng.random(len(on_hand)) < 0.002)
    return np.where(is_off, -rng.integers(1, 4, len(on_hand)), on_hand)


def write_competitor_csv(frame: pl.DataFrame, path: Path, rng: np.random.Generator) -> None:
    """Write the table as CSV with spoilt cells and ragged lines."""
    text = frame.with_columns(pl.col("observed_on").dt.strftime("%Y-%m-%d"), pl.col("price").cast(pl.String)).with_row_index("row")
    n = max(2, round(len(frame) * 0.002))
    rows = rng.choice(len(frame), 2 * n, replace=False)
    not_numbers = pl.Series([("n/a", "12,99", "sold out")[i % 3] for i in range(n)])
    numbers = pl.DataFrame({"row": pl.Series(rows[:n]).cast(pl.UInt32), "price_fault": not_numbers})
    dates = pl.DataFrame({"row": pl.Series(rows[n:]).cast(pl.UInt32), "date_fault": ["2025-13-45"] * n})
    spoilt = (
        text.join(numbers, on="row", how="left", maintain_order="left")
        .join(dates, on="row", how="left", maintain_order="left")
        .with_columns(price=pl.coalesce("price_fault", "price"), observed_on=pl.coalesce("date_fault", "observed_on"))
        .select(frame.columns)
    )
    lines = spoilt.write_csv(datetime_format="%Y-%m-%d %H:%M:%S").splitlines()
    middle = len(lines) // 2
    lines[middle:middle] = ["2025-06-01,Onda,P00001", "2025-06-01,Onda,P00001,4.99,true,2025-06-01 07:00:00,extra,cells"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
