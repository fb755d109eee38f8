"""What came of buyers' decisions: what the quantity proposed and the quantity ordered would each have meant, once the cover has passed.

Judged on the day the next order could have arrived, like `decision_value`. Demand of the cover is what was sold, plus on days that ended
without stock the estimate of `demand.lost_demand`; where there is no estimate for such a day, demand is only known to have been at least
what was sold, and `basis` says so. Stock that was there without the order and the quantity serve it: what they cannot serve is *lost*,
what remains is *left*. The cost of the change is the margin of the sales lost more, and holding what is left more for one order cycle;
waste and holding beyond it are left out. A decision that came after its order day changed nothing and is listed when it became known.
"""

from datetime import date, timedelta

import polars as pl

from assets.as_of import Versions

ITEM = ["product_id", "location_id"]
REVIEWED = {
    "decided_on": pl.Date(),
    "order_day": pl.Date(),
    "product_id": pl.String(),
    "location_id": pl.String(),
    "override_action": pl.String(),
    "reason": pl.String(),
    "outcome": pl.String(),
    "proposed_units": pl.Float64(),
    "order_units": pl.Float64(),
    "stock_units": pl.Float64(),
    "expected_units": pl.Float64(),
    "sold_units": pl.Float64(),
    "estimated_lost_units": pl.Float64(),
    "stockout_days": pl.Int64(),
    "realised_lost_units_proposed": pl.Float64(),
    "realised_lost_units": pl.Float64(),
    "realised_left_units_proposed": pl.Float64(),
    "realised_left_units": pl.Float64(),
    "expected_cost_change": pl.Float64(),
    "realised_cost_change": pl.Float64(),
    "basis": pl.String(),
    "sentence": pl.String(),
    "stock_source": pl.String(),
}


def reviewed_overrides(
    orders: pl.DataFrame,
    overrides: Versions,
    panel: pl.DataFrame,
    lost: pl.DataFrame,
    day: date,
    lost_sale_cost_share: float,
    holding_cost_per_year: float,
) -> pl.DataFrame:
    """The decisions judged on `day` and those that came too late and became known on it (columns REVIEWED), sorted.

    orders: decisions.replenishment_orders with expected_cost_change (empty where the day was not decided again); panel: business_day,
    items, units, is_censored as known on `day`; lost: as_of_day, items, lost_units of `demand.lost_demand` up to `day`.
    """
    known = overrides.as_of(day).filter("is_in_time").drop("is_in_time")
    arrival_after_next = pl.col("next_order_day") + (pl.col("expected_arrival_on") - pl.col("order_day"))
    due = orders.filter(arrival_after_next == day).drop("override_action", "override_units").join(known, on=["order_day", *ITEM])
    judged = _realised(_as_ordered(due), panel, lost, day)
    rows = judged.with_columns(**_costs(lost_sale_cost_share, holding_cost_per_year)).with_columns(sentence=_sentence())
    late = overrides.frame.filter(~pl.col("is_in_time") & (pl.col("known_on") == day)).with_columns(
        decided_on=pl.col("order_day") - timedelta(days=1),
        outcome=pl.lit("too_late"),
        sentence=pl.format(
            "Too late: {} of {} at {} was recorded after {}, when the order went out.", "override_action", *ITEM, "order_day"
        ),
    )
    told = [
        frame.select((pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name) for name, kind in REVIEWED.items())
        for frame in (rows, late)
    ]
    return pl.concat(told).sort("decided_on", *ITEM, "outcome")


def _as_ordered(due: pl.DataFrame) -> pl.DataFrame:
    """The quantity that went out; `not_decided_again` where the stored order still holds another one."""
    due = due.with_columns(proposed_units=pl.coalesce("proposed_units", "order_units"))  # orders of an older version hold only one
    units = (
        pl.when(pl.col("override_action") == "reject")
        .then(0.0)
        .when(pl.col("override_action") == "edit")
        .then("override_units")
        .otherwise(pl.coalesce("override_units", "proposed_units"))
    )
    is_honoured = (pl.col("order_units") - units).abs() < 1e-9
    return due.with_columns(
        decided_on="as_of_day",
        outcome=pl.when(is_honoured).then(pl.lit("honoured")).otherwise(pl.lit("not_decided_again")),
        expected_cost_change=pl.when(is_honoured).then("expected_cost_change"),
        order_units=units,
        stock_units=pl.col("on_hand") + pl.col("in_transit_units"),
        expected_units="expected_demand_until_cover",
    )


def _realised(due: pl.DataFrame, panel: pl.DataFrame, lost: pl.DataFrame, day: date) -> pl.DataFrame:
    """Adds what was sold and probably lost from the order day on until `day`, and what each quantity makes of it."""
    days = panel.join(lost.rename({"as_of_day": "business_day"}), on=["business_day", *ITEM], how="left")
    keys = ["decided_on", *ITEM]
    sales = (
        due.select("decided_on", "order_day", *ITEM)
        .join(days, on=ITEM)
        .filter((pl.col("business_day") >= pl.col("order_day")) & (pl.col("business_day") < day))
    )
    came = sales.group_by(keys).agg(
        sold_units=pl.col("units").sum(),
        stockout_days=pl.col("is_censored").sum().cast(pl.Int64),
        estimated_days=(pl.col("is_censored") & pl.col("lost_units").is_not_null()).sum().cast(pl.Int64),
        estimated_lost_units=pl.col("lost_units").filter(pl.col("is_censored")).sum(),
    )
    counts = ("sold_units", "stockout_days", "estimated_days", "estimated_lost_units")
    joined = due.join(came, on=keys, how="left").with_columns(pl.col(counts).fill_null(0))
    wanted = pl.col("sold_units") + pl.col("estimated_lost_units")
    outcomes = {}
    for name, units in (("_proposed", "proposed_units"), ("", "order_units")):
        there = pl.col("stock_units") + pl.col(units)
        outcomes[f"realised_lost_units{name}"] = (wanted - there).clip(lower_bound=0.0)
        outcomes[f"realised_left_units{name}"] = (there - wanted).clip(lower_bound=0.0)
    out, unknown = pl.col("stockout_days"), pl.col("stockout_days") - pl.col("estimated_days")
    basis = (
        pl.when(out == 0)
        .then(pl.lit("observed"))
        .when(unknown == 0)
        .then(pl.format("estimated on {} days without stock", out))
        .otherwise(pl.format("at least: {} of {} days without stock have no estimate", unknown, out))
    )
    return joined.with_columns(**outcomes, basis=basis)


def _costs(lost_sale_cost_share: float, holding_cost_per_year: float) -> dict[str, pl.Expr]:
    margin = (pl.col("unit_price") - pl.col("unit_cost")).clip(lower_bound=0.0) * lost_sale_cost_share
    cycle_days = (pl.col("next_order_day") - pl.col("order_day")).dt.total_days()
    holding = pl.col("unit_cost") * holding_cost_per_year / 365 * cycle_days
    more_lost = pl.col("realised_lost_units") - pl.col("realised_lost_units_proposed")
    more_left = pl.col("realised_left_units") - pl.col("realised_left_units_proposed")
    return {"realised_cost_change": margin * more_lost + holding * more_left}


def _sentence() -> pl.Expr:
    """What the change from the proposal came to; `wanted` is a lower bound where basis says `at least`."""
    wanted = (pl.col("sold_units") + pl.col("estimated_lost_units")).round(1)
    change = pl.col("realised_cost_change").round(2)
    verdict = (
        pl.when(change.is_null())
        .then(pl.lit("what it came to is unknown without cost, price and stock"))
        .when(change > 0)
        .then(pl.format("it cost {}", change))
        .when(change < 0)
        .then(pl.format("it saved {}", -change))
        .otherwise(pl.lit("it made no difference"))
    )
    return pl.format(
        "{} of {} at {}, {} proposed and {} ordered: {} were wanted ({}) and {} were there without it; {}.",
        pl.col("override_action").str.to_titlecase(),
        *ITEM,
        pl.col("proposed_units").round(1),
        pl.col("order_units").round(1),
        wanted,
        "basis",
        pl.col("stock_units").round(1).cast(pl.String).fill_null("an unknown number"),
        verdict,
    )
