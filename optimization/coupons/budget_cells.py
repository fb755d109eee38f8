"""The cells of a coupon budget: one segment and one kind of coupon, with averages over the segment's eligible customers."""

import polars as pl

CELL_SCHEMA = {
    "segment": pl.String,
    "coupon_id": pl.String,
    "customers": pl.Int64,
    "face_value": pl.Float64,
    "mean_gain": pl.Float64,
    "mean_cost": pl.Float64,
    "mean_value": pl.Float64,
}


def cells_from_candidates(candidates: pl.DataFrame, face_values: pl.DataFrame) -> pl.DataFrame:
    """Return cells (grain: segment, coupon_id) averaged over candidates (see `candidates.py`).

    `face_values`: coupon_id, face_value (money). A category column of the candidates is kept.
    """
    category = [pl.col("category").first()] if "category" in candidates.columns else []
    averages = [
        pl.len().cast(pl.Int64).alias("customers"),
        pl.col("expected_gain").mean().alias("mean_gain"),
        pl.col("expected_cost").mean().alias("mean_cost"),
        pl.col("value").mean().alias("mean_value"),
    ]
    ordered = candidates.sort("customer_key", "coupon_id")  # so that the last digits of sums do not depend on the order of rows
    cells = ordered.group_by("segment", "coupon_id").agg(averages + category)
    return cells.join(face_values.select("coupon_id", "face_value"), on="coupon_id", how="left").sort("segment", "coupon_id")


def prepare_cells(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells sorted by segment, then cheaper coupon, then id, with a category column. Raises ValueError naming what is wrong."""
    missing = sorted(set(CELL_SCHEMA) - set(cells.columns))
    if missing:
        raise ValueError(f"Coupon cells lack the columns {', '.join(missing)}.")
    category = pl.col("category").cast(pl.String) if "category" in cells.columns else pl.lit(None, dtype=pl.String).alias("category")
    ordered = cells.select([pl.col(name).cast(kind) for name, kind in CELL_SCHEMA.items()] + [category])
    ordered = ordered.sort("segment", "mean_cost", "coupon_id")
    numbers = pl.col("mean_gain", "mean_cost", "mean_value", "face_value")
    for wrong, what in (
        (pl.any_horizontal(pl.col(*CELL_SCHEMA).is_null()), "has an empty field"),
        (~pl.all_horizontal(numbers.is_finite()), "has a number that is not finite"),
        ((pl.col("mean_cost") < 0) | (pl.col("customers") < 0), "has a negative cost or count"),
        (pl.struct("segment", "coupon_id").is_duplicated(), "appears twice"),
        (
            (pl.col("mean_value") - (pl.col("mean_gain") - pl.col("mean_cost"))).abs() > 1e-6 * (1 + pl.col("mean_value").abs()),
            "has a value that is not gain less cost",
        ),
    ):
        found = ordered.filter(wrong)
        if found.height:
            raise ValueError(f"The cell of segment {found['segment'][0]!r} and coupon {found['coupon_id'][0]!r} {what}.")
    return ordered
