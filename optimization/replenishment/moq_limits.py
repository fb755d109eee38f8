"""Where a minimum order quantity is more than a limit of its item allows, and the order was placed all the same.

An order may then be nothing or at least the MOQ, whichever is expected to cost less, waste and holding included. Where it is the MOQ, a
limit of the item gave way: its shelf life (more is bought than is expected to sell in time) or the longest cover. Ordering nothing was
always possible, so this is a choice by cost and not a collision: the plan's status does not change, the table of limits names it.

Public: `moq_limit_rows`.
"""

import numpy as np
import polars as pl

from optimization.limits_schema import LIMITS_SCHEMA
from optimization.replenishment.cost_curves import shelf_life_demand
from optimization.replenishment.demand_scenarios import Floats
from optimization.replenishment.item_needs import ItemNeeds
from optimization.replenishment.order_sizes import first_size


def moq_limit_rows(planned: pl.DataFrame, needs: ItemNeeds, ordered_units: Floats) -> pl.DataFrame:
    """Return one row (columns `LIMITS_SCHEMA`) per item that is ordered although its smallest order is above its shelf life's demand
    (`moq_above_shelf_life`) or its longest cover (`moq_above_max_cover`); units are pieces, scope is "product at location".

    relaxed_by is the smallest order less what is allowed: no smaller order is accepted, so no smaller relaxation is possible.
    """
    smallest = first_size(needs.pack, needs.moq)
    left = np.maximum(needs.terms.position[:, None] - needs.demand.until_arrival, 0)
    in_time = np.maximum(shelf_life_demand(needs.demand, needs.terms) - left, 0).mean(axis=1)
    rows = [
        _rows(planned, limit, allowed, smallest, ordered_units, why)
        for limit, allowed, why in (
            ("moq_above_shelf_life", in_time, "are expected to sell within its shelf life"),
            ("moq_above_max_cover", needs.most, "are the longest cover"),
        )
    ]
    return pl.concat(rows)


def _rows(planned: pl.DataFrame, limit: str, allowed: Floats, smallest: Floats, units: Floats, why: str) -> pl.DataFrame:
    above = np.flatnonzero((units > 0) & (smallest > allowed * (1 + 1e-9) + 1e-9) & (units <= smallest * (1 + 1e-9)))
    keys = planned[above.tolist()]
    table = keys.select(
        limit_name=pl.lit(limit),
        scope=pl.format("{} at {}", "product_id", "location_id"),
        allowed=pl.Series(allowed[above], dtype=pl.Float64),
        used=pl.Series(units[above], dtype=pl.Float64),
        slack=pl.Series(allowed[above] - units[above], dtype=pl.Float64),
        shadow_price=pl.lit(None, dtype=pl.Float64),
        unit=pl.lit("units"),
        relaxed_by=pl.Series(smallest[above] - allowed[above], dtype=pl.Float64),
    )
    told = pl.format(
        "The smallest order of {} is {}, and {} {}: ordering it is expected to cost less than ordering nothing.",
        "scope",
        pl.col("used").round(1),
        pl.col("allowed").round(1),
        pl.lit(why),
    )
    return table.with_columns(sentence=told).select(pl.col(name).cast(kind) for name, kind in LIMITS_SCHEMA.items())
