"""The table of supplier orders: one row per supplier, also those from whom nothing is ordered today.

Public: `supplier_table`.
"""

import polars as pl

from optimization.replenishment.sentences import number


def supplier_table(orders: pl.DataFrame, suppliers: pl.DataFrame) -> pl.DataFrame:
    """Return supplier_id, order_day, order_lines, order_units, order_value, min_order_value, fixed_order_cost, expected_saving, sentence.

    Money in the shop's currency; expected_saving is what the lines save in expected cost, less the supplier's fixed cost where it is used.
    """
    bought = orders.filter(pl.col("order_units") > 0)
    sums = bought.group_by("supplier_id").agg(
        order_lines=pl.len().cast(pl.Int64),
        order_units=pl.col("order_units").sum(),
        order_value=pl.col("order_value").sum(),
        lines_saving=pl.col("expected_saving").sum(),
    )
    days = orders.group_by("supplier_id").agg(pl.col("order_day").max())
    table = suppliers.join(days, on="supplier_id", how="left").join(sums, on="supplier_id", how="left").sort("supplier_id")
    table = table.with_columns(pl.col("order_lines", "order_units", "order_value", "lines_saving").fill_null(0)).with_columns(
        expected_saving=pl.when(pl.col("order_lines") > 0).then(pl.col("lines_saving") - pl.col("fixed_order_cost")).otherwise(0.0)
    )
    sentences = [_sentence(row) for row in table.iter_rows(named=True)]
    return table.with_columns(sentence=pl.Series(sentences, dtype=pl.String)).select(
        "supplier_id",
        "order_day",
        "order_lines",
        "order_units",
        "order_value",
        "min_order_value",
        "fixed_order_cost",
        "expected_saving",
        "sentence",
    )


def _sentence(row: dict[str, object]) -> str:
    lines, value, saving = (float(str(row[name])) for name in ("order_lines", "order_value", "expected_saving"))
    if not lines:
        return f"Nothing is ordered from {row['supplier_id']} today."
    return f"{number(lines, 0)} lines worth {number(value, 2)} from {row['supplier_id']}, expected to save {number(saving, 2)}."
