"""Read the items of a plan: which columns there are, what is mended and flagged, what rejects a row.

A row is blocked (it orders nothing and says why) where cost, price or stock are unknown, where cost is not above 0, or where the product is
discontinued; it has no forecast where a demand quantile is missing. Negative stock counts as 0, a missing pack or MOQ as 1, both flagged.
`lost_sale_multiplier` (optional, 1) says how often the margin of a lost sale counts.

Public: `ITEM_COLUMNS`, `COVER_LEVELS`, `LEAD_LEVELS`, `read_items`, `read_suppliers`.
"""

from collections.abc import Mapping

import polars as pl

from optimization.replenishment.overrides import OVERRIDE_COLUMNS, with_override_columns
from optimization.replenishment.path_columns import PATH_COLUMNS, with_path_columns

COVER_LEVELS: Mapping[str, float] = {
    "cover_q05": 0.05,
    "cover_q10": 0.10,
    "cover_q25": 0.25,
    "cover_q50": 0.50,
    "cover_q75": 0.75,
    "cover_q80": 0.80,
    "cover_q90": 0.90,
    "cover_q95": 0.95,
    "cover_q975": 0.975,
    "cover_q99": 0.99,
}
LEAD_LEVELS: Mapping[str, float] = {"lead_q10": 0.10, "lead_q50": 0.50, "lead_q90": 0.90}

KEY = ("product_id", "location_id")
WEIGHT_COLUMN: Mapping[str, pl.DataType] = {"lost_sale_multiplier": pl.Float64()}
ITEM_COLUMNS: Mapping[str, pl.DataType] = {
    "product_id": pl.String(),
    "location_id": pl.String(),
    "supplier_id": pl.String(),
    "order_day": pl.Date(),
    "is_order_day": pl.Boolean(),
    "unit_cost": pl.Float64(),
    "unit_price": pl.Float64(),
    "volume_m3": pl.Float64(),
    "pack_units": pl.Int64(),
    "moq_units": pl.Int64(),
    "shelf_life_days": pl.Float64(),
    "on_hand": pl.Float64(),
    "on_hand_flag": pl.String(),
    "in_transit_units": pl.Float64(),
    "lead_time_days": pl.Int64(),
    "review_days": pl.Int64(),
    "next_order_day": pl.Date(),
    "lead_mean_units": pl.Float64(),
    "cover_mean_units": pl.Float64(),
    **dict.fromkeys((*COVER_LEVELS, *LEAD_LEVELS), pl.Float64()),
    "forecast_model": pl.String(),
    "stock_source": pl.String(),
    "discontinued": pl.Boolean(),
}


def read_items(items: pl.DataFrame) -> pl.DataFrame:
    """Return the items sorted by key, typed, mended, with `blocked_because` (null = may be ordered), `has_forecast` and `flags` (joined
    by ';'). A buyer's decisions stand in the optional columns `OVERRIDE_COLUMNS`, sample paths of demand in `PATH_COLUMNS`.

    Raises ValueError for missing columns, missing keys, duplicate keys, impossible overrides or paths: those are errors of the caller, not
    of the shop's data.
    """
    missing = [column for column in ITEM_COLUMNS if column not in items.columns]
    if missing:
        raise ValueError(f"Items lack the columns {missing}.")
    columns = {**ITEM_COLUMNS, **OVERRIDE_COLUMNS, **WEIGHT_COLUMN, **PATH_COLUMNS}
    told = with_path_columns(_with_weight(with_override_columns(items)))
    typed = told.select(pl.col(column).cast(kind) for column, kind in columns.items()).sort(KEY)
    if typed.select(pl.any_horizontal(pl.col(column).is_null().any() for column in (*KEY, "order_day"))).item():
        raise ValueError("Items need product_id, location_id and order_day on every row.")
    repeated = typed.filter(pl.struct(KEY).is_duplicated())
    if repeated.height:
        raise ValueError(f"Items repeat the key {repeated.select(KEY).row(0)}; expected one row per product and location.")
    numbers = [column for column, kind in ITEM_COLUMNS.items() if kind == pl.Float64()]
    known = typed.with_columns(pl.when(pl.col(column).is_finite()).then(pl.col(column)).alias(column) for column in numbers)
    demand = [pl.col(column) for column in ("lead_mean_units", "cover_mean_units", *COVER_LEVELS, *LEAD_LEVELS)]
    judged = known.with_columns(
        blocked_because=_blocked_because(),
        has_forecast=pl.all_horizontal(column.is_not_null() for column in demand),
        flags=pl.concat_str([_flag(condition, name) for name, condition in _flags().items()], separator="").str.strip_prefix(";"),
    )
    return judged.with_columns(
        pl.col("on_hand").clip(lower_bound=0),
        pl.col("in_transit_units").fill_null(0).clip(lower_bound=0),
        pl.col("pack_units").fill_null(1).clip(lower_bound=1),
        pl.col("moq_units").fill_null(0).clip(lower_bound=0),
        pl.col("volume_m3").fill_null(0).clip(lower_bound=0),
        pl.col("is_order_day").fill_null(False),
        pl.col("discontinued").fill_null(False),
        pl.col("supplier_id").fill_null(""),
        pl.col("lead_time_days").fill_null(0).clip(lower_bound=0),
        pl.col("review_days").fill_null(1).clip(lower_bound=1),
        *(column.clip(lower_bound=0) for column in demand),
    )


def _with_weight(items: pl.DataFrame) -> pl.DataFrame:
    """Return the items with `lost_sale_multiplier`, 1 where a caller has none. Raises ValueError for one that is not above 0."""
    name = "lost_sale_multiplier"
    told = items if name in items.columns else items.with_columns(pl.lit(1.0).alias(name))
    told = told.with_columns(pl.col(name).cast(pl.Float64).fill_null(1.0))
    if told.filter(~(pl.col(name).is_finite() & (pl.col(name) > 0))).height:
        raise ValueError("Expected lost_sale_multiplier above 0.")
    return told


def _blocked_because() -> pl.Expr:
    return (
        pl.when(pl.col("discontinued").fill_null(False))
        .then(pl.lit("the product is discontinued"))
        .when(pl.col("unit_cost").is_null() & pl.col("unit_price").is_null())
        .then(pl.lit("neither its unit cost nor its price is known"))
        .when(pl.col("unit_cost").is_null())
        .then(pl.lit("its unit cost is unknown"))
        .when(pl.col("unit_cost") <= 0)
        .then(pl.lit("its unit cost is not above 0"))
        .when(pl.col("unit_price").is_null())
        .then(pl.lit("its price is unknown"))
        .when(pl.col("on_hand").is_null())
        .then(pl.lit("its stock is unknown"))
        .when(pl.col("supplier_id").is_null())
        .then(pl.lit("it has no supplier"))
        .when(pl.col("lead_time_days").is_null() | pl.col("review_days").is_null())
        .then(pl.lit("its lead time or review days are unknown"))
        .otherwise(None)
    )


def _flags() -> dict[str, pl.Expr]:
    return {
        "negative_stock_as_0": pl.col("on_hand") < 0,
        "pack_missing_as_1": pl.col("pack_units").is_null() | (pl.col("pack_units") < 1),
        "moq_negative_as_0": pl.col("moq_units") < 0,
        "in_transit_missing_as_0": pl.col("in_transit_units").is_null() | (pl.col("in_transit_units") < 0),
        "volume_missing_as_0": pl.col("volume_m3").is_null() | (pl.col("volume_m3") < 0),
        "no_margin": pl.col("unit_price") <= pl.col("unit_cost"),
        "no_forecast": ~pl.all_horizontal(pl.col(column).is_not_null() for column in COVER_LEVELS),
    }


def _flag(condition: pl.Expr, name: str) -> pl.Expr:
    return pl.when(condition.fill_null(False)).then(pl.lit(f";{name}")).otherwise(pl.lit(""))


def read_suppliers(suppliers: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Return supplier_id, min_order_value, fixed_order_cost (both 0 where unknown) for every supplier of `items`, sorted.

    Raises ValueError for missing columns, duplicate suppliers or negative terms.
    """
    missing = [column for column in ("supplier_id", "min_order_value", "fixed_order_cost") if column not in suppliers.columns]
    if missing:
        raise ValueError(f"Suppliers lack the columns {missing}.")
    if suppliers["supplier_id"].is_duplicated().any():
        raise ValueError("Suppliers repeat a supplier_id; expected one row per supplier.")
    terms = suppliers.select(
        pl.col("supplier_id").cast(pl.String),
        *(pl.col(name).cast(pl.Float64).fill_nan(None).fill_null(0) for name in ("min_order_value", "fixed_order_cost")),
    )
    if terms.filter((pl.col("min_order_value") < 0) | (pl.col("fixed_order_cost") < 0)).height:
        raise ValueError("Expected min_order_value and fixed_order_cost of 0 or more.")
    names = items.select("supplier_id").unique().sort("supplier_id")
    return (
        names.join(terms, on="supplier_id", how="left")
        .with_columns(pl.col("min_order_value", "fixed_order_cost").fill_null(0))
        .sort("supplier_id")
    )
