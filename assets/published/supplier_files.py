"""Orders as files that a supplier could receive: one CSV per supplier and order day, from the published tables and nothing else.

Decides what a supplier is told: what, how much, where to, at what cost, and when it is expected; nothing of why. Rows are sorted by
location and product, and the same orders give the same bytes. Text that a spreadsheet would take for a formula gets an apostrophe in front
(`spreadsheet`). File names hold letters, digits, `-` and `_` of the supplier's id and a checksum of the whole id, so that no id can name
another folder and two ids never share a file.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from assets.published.spreadsheet import BYTE_ORDER_MARK, guarded

LONGEST_NAME = 40
ITEM = ["location_id", "product_id"]
COLUMNS = (
    *("supplier_id", "order_day", "expected_arrival_on", "line", "product_id", "product_name", "location_id"),
    *("packs", "pack_units", "units", "unit_cost", "line_value", "currency"),
)


class NoSuchOrdersError(ValueError):
    """There are no orders of that day or supplier; the message is one sentence."""


@dataclass(frozen=True)
class SupplierFile:
    """One file that was written; value in the shop's currency, `without_cost` lines have none and are not in it."""

    path: Path
    supplier_id: str
    order_day: date
    lines: int
    units: float
    value: float
    without_cost: int


def write_supplier_files(
    database: Path, folder: Path, currency: str, day: date | None = None, supplier: str | None = None, delimiter: str = ","
) -> list[SupplierFile]:
    """Write the orders decided as of `day` (default: the newest one) into `folder`, which is made where it is not there.

    Each file ends with a line of totals (`line` = total). Suppliers from whom nothing is ordered get no file. Raises `NoSuchOrdersError`
    for a day that was not decided and for a supplier who is none of that day's.
    """
    orders = read_orders(database, day)
    if supplier is not None:
        if supplier not in orders["supplier_id"]:
            named = ", ".join(map(repr, orders["supplier_id"].unique().sort()))
            raise NoSuchOrdersError(f"No orders are planned with supplier {supplier!r} that day; it has {named}.")
        orders = orders.filter(pl.col("supplier_id") == supplier)
    bought = orders.filter(pl.col("order_units") > 0).with_columns(currency=pl.lit(currency))
    folder.mkdir(parents=True, exist_ok=True)
    parts = bought.sort("supplier_id", "order_day").partition_by("supplier_id", "order_day", maintain_order=True)
    return [_write(part.sort(ITEM), folder, delimiter) for part in parts]


def read_orders(database: Path, day: date | None) -> pl.DataFrame:
    """The published order rows of one as-of day with product names; raises `NoSuchOrdersError` where it was not decided."""
    with duckdb.connect(str(database), read_only=True) as connection:
        days = [each for (each,) in connection.execute("select distinct as_of_day from replenishment_orders order by 1").fetchall()]
        chosen = days[-1] if day is None and days else day
        if chosen not in days:
            span = f"decided are {len(days)} days from {days[0]} to {days[-1]}" if days else "no day is decided"
            raise NoSuchOrdersError(f"No orders were decided as of {chosen}; {span}.")
        return connection.execute(
            "select orders.*, products.product_name from replenishment_orders as orders left join products using (product_id) "
            "where as_of_day = ? order by all",
            [chosen],
        ).pl()


def file_name(supplier_id: str, order_day: date) -> str:
    """`order_<day>_<supplier>_<checksum>.csv`, whatever the id holds."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", supplier_id).strip("-")[:LONGEST_NAME] or "supplier"
    return f"order_{order_day}_{plain}_{hashlib.sha256(supplier_id.encode()).hexdigest()[:8]}.csv"


def _write(orders: pl.DataFrame, folder: Path, delimiter: str) -> SupplierFile:
    first = orders.row(0, named=True)
    lines = orders.select(
        *("supplier_id", "order_day", "expected_arrival_on"),
        line=pl.int_range(1, pl.len() + 1).cast(pl.String),
        product_id="product_id",
        product_name="product_name",
        location_id="location_id",
        packs="order_packs",
        pack_units="pack_units",
        units="order_units",
        unit_cost="unit_cost",
        line_value=(pl.col("order_units") * pl.col("unit_cost")).round(2),
        currency="currency",
    )
    total = lines.select(
        *("supplier_id", "order_day"),
        line=pl.lit("total"),
        units=pl.col("units").sum(),
        line_value=pl.col("line_value").sum().round(2),
        currency="currency",
    ).head(1)
    text = pl.concat([lines, total], how="diagonal").select(COLUMNS).pipe(guarded)
    content = BYTE_ORDER_MARK + text.with_columns(_plain(name) for name in ("units", "unit_cost", "line_value")).write_csv(
        separator=delimiter, line_terminator="\r\n"
    )
    path = folder / file_name(first["supplier_id"], first["order_day"])
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content.encode())
    os.replace(beside, path)
    return SupplierFile(
        path,
        first["supplier_id"],
        first["order_day"],
        lines.height,
        float(lines["units"].sum()),
        float(lines["line_value"].sum()),
        lines["unit_cost"].null_count(),
    )


def _plain(name: str) -> pl.Expr:
    """A number as people write it: `24`, not `24.0`; money keeps its digits up to the sixth."""
    value = pl.col(name).round(6)
    whole = (value == value.round(0)).fill_null(False)
    return pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(value.cast(pl.String)).alias(name)
