"""How much a lost sale counts in the plan of each item: its margin, times what closed-loop replays found, times what a service target asks.

Classes are read from the plan's own inputs: the cost class from what the coming period's demand would cost if it were lost (A the first
80 %, B the next 15 %, C the rest), ABC of the service class from the same demand at selling prices, XYZ from the forecast's spread (10 to
90 % quantile) brought to a week.

Public: `LostSaleWeights`, `with_lost_sale_weights`, `cost_classes`, `COST_CLASSES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.replenishment.demand_scenarios import Floats, demand_scenarios
from optimization.replenishment.item_needs import item_terms
from optimization.replenishment.read_items import KEY, read_items
from optimization.replenishment.service_classes import keeping_cost_at_target, service_classes, with_service_targets
from optimization.replenishment.settings import ReplenishmentSettings

COST_CLASSES = ("A", "B", "C")
CLASS_SHARES = (0.80, 0.95)
WEEK_DAYS = 7.0
TENTH_TO_NINETIETH = 2.5631031  # standard deviations of a normal distribution between its 10 and 90 % quantiles


def _nothing() -> dict[str, float]:
    return {}


@dataclass(frozen=True)
class LostSaleWeights:
    """shortage_weight: per cost class how often a lost sale's cost counts, 1 where a class is missing. service_targets: per service class
    (AX … CZ) the chance of not running out that is wished for; raises ValueError for weights that are not above 0."""

    shortage_weight: Mapping[str, float] = field(default_factory=_nothing)
    service_targets: Mapping[str, float] = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        wrong = {name: value for name, value in self.shortage_weight.items() if not (np.isfinite(value) and value > 0)}
        if wrong:
            raise ValueError(f"Expected shortage weights above 0, got {wrong}.")


def with_lost_sale_weights(items: pl.DataFrame, weights: LostSaleWeights, settings: ReplenishmentSettings) -> pl.DataFrame:
    """Return `items` (see `read_items`) with cost_class, shortage_weight, service_class, service_target and lost_sale_multiplier.

    The multiplier is what `plan_replenishment` multiplies an item's lost-sale cost by: the shortage weight, or more where the service
    target asks for more. Items without a forecast or blocked have no classes and the multiplier 1.
    """
    read = read_items(items)
    planned = read.filter(pl.col("has_forecast") & pl.col("blocked_because").is_null())
    if planned.is_empty():
        empty = {"cost_class": pl.String, "shortage_weight": pl.Float64, "service_class": pl.String, "service_target": pl.Float64}
        nothing = [pl.lit(None, dtype=kind).alias(name) for name, kind in empty.items()]
        return items.with_columns(*nothing, lost_sale_multiplier=pl.lit(1.0))
    terms = item_terms(planned, settings)
    week = planned["cover_mean_units"] * WEEK_DAYS / (planned["lead_time_days"] + planned["review_days"])
    classes = [COST_CLASSES[number] for number in cost_classes((week * terms.lost_sale_cost).to_numpy()).tolist()]
    weight = np.array([weights.shortage_weight.get(name, 1.0) for name in classes])
    known = planned.select(KEY).with_columns(
        cost_class=pl.Series(classes, dtype=pl.String), shortage_weight=pl.Series(weight), lost_sale_cost=terms.lost_sale_cost * weight
    )
    known = known.join(_service(planned, week), on=KEY, how="left", maintain_order="left")
    target = known["service_class"].replace_strict(dict(weights.service_targets), default=0.5, return_dtype=pl.Float64).to_numpy()
    known = with_service_targets(
        known.with_columns(overage_cost=pl.Series(keeping_cost_at_target(demand_scenarios(planned), terms, target)).clip(lower_bound=0)),
        weights.service_targets,
    )
    multiplier = pl.col("shortage_weight") * pl.col("lost_sale_multiplier").fill_null(1.0)
    added = known.with_columns(lost_sale_multiplier=multiplier).select(
        *KEY, "cost_class", "shortage_weight", "service_class", "service_target", "lost_sale_multiplier"
    )
    return items.join(added, on=KEY, how="left", maintain_order="left").with_columns(pl.col("lost_sale_multiplier").fill_null(1.0))


def cost_classes(value: Floats) -> NDArray[np.int64]:
    """Return 0, 1 or 2 (A, B, C) per item: those that make up the first 80 % of `value` (money), the next 15 %, the rest; of equal values
    the earlier row comes first."""
    order = np.argsort(-value, kind="stable")
    before = np.concatenate([[0.0], np.cumsum(value[order])[:-1]]) / max(float(value.sum()), 1e-9)
    classes = np.empty(value.size, dtype=np.int64)
    classes[order] = np.searchsorted(np.array(CLASS_SHARES), before, side="right")
    return classes


def _service(planned: pl.DataFrame, week: pl.Series) -> pl.DataFrame:
    days = (planned["lead_time_days"] + planned["review_days"]).cast(pl.Float64)
    spread = (planned["cover_q90"] - planned["cover_q10"]).clip(lower_bound=0) / TENTH_TO_NINETIETH * (WEEK_DAYS / days).sqrt()
    measured = planned.select(KEY).with_columns(value=week * planned["unit_price"], mean_units=week, sd_units=spread)
    return service_classes(measured).select(*KEY, "service_class")
