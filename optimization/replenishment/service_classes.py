"""Which items matter (ABC) and which are hard to foresee (XYZ), and soft targets of service per class.

A   the items that make the first 80 % of revenue (or margin), B those up to 95 %, C the rest; the item that crosses a share belongs above
X   weekly demand varies by less than half its mean (coefficient of variation sd / mean), Y by less than the mean, Z by more

A target of service is never a stock that must be there: it raises what a lost sale is said to cost until the newsvendor's fractile
shortage / (shortage + overage) reaches the target, so that budget, volume and shelf life still weigh against it. A target below what pays
anyway changes nothing. Without targets the fractile is the economic one. Sources: Silver, Pyke and Thomas, Inventory and Production
Management in Supply Chains (ABC, cost-equivalent service); Snyder and Shen, Fundamentals of Supply Chain Theory, section 4.3.

Public: `ServiceClassSettings`, `SERVICE_CLASSES`, `service_classes`, `service_uplifts`, `with_service_targets`, `keeping_cost_at_target`,
`service_achieved`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.replenishment.cost_curves import CostTerms, expected_at
from optimization.replenishment.demand_scenarios import DemandScenarios, Floats, demand_scenarios
from optimization.replenishment.item_needs import item_terms
from optimization.replenishment.settings import ReplenishmentSettings

KEY = ("product_id", "location_id")
SERVICE_CLASSES = tuple(value + variation for value in "ABC" for variation in "XYZ")
_STEP = 1e-4  # of a unit, for slopes of expected cost
_ROUNDING = 1e-9  # a cumulative share that misses a border by less lies on it


@dataclass(frozen=True)
class ServiceClassSettings:
    """abc_shares: cumulative shares of value at which A and B end. xyz_variation: coefficients of variation at which X and Y end."""

    abc_shares: tuple[float, float] = (0.80, 0.95)
    xyz_variation: tuple[float, float] = (0.5, 1.0)

    def __post_init__(self) -> None:
        """Refuse borders that leave no classes."""
        if not 0 < self.abc_shares[0] <= self.abc_shares[1] <= 1:
            raise ValueError(f"Expected abc_shares rising within (0, 1], got {self.abc_shares}.")
        if not 0 < self.xyz_variation[0] <= self.xyz_variation[1]:
            raise ValueError(f"Expected xyz_variation rising above 0, got {self.xyz_variation}.")


def service_classes(items: pl.DataFrame, settings: ServiceClassSettings | None = None) -> pl.DataFrame:
    """Return the class of each item (grain: product_id, location_id), sorted by key.

    items: product_id, location_id, value (revenue or margin over a window, money), mean_units and sd_units (of weekly demand). Returns
    product_id, location_id, value_share, cumulative_share (this item and all above it), abc, variation (sd / mean, null where the mean is
    0), xyz, service_class. Items without value are C, items without demand Z; of equal values the earlier key comes first. Raises
    ValueError for missing columns, repeated keys and numbers that are missing or not finite.
    """
    settings = settings or ServiceClassSettings()
    numbers = ("value", "mean_units", "sd_units")
    _refuse(items, (*KEY, *numbers))
    if not items.select(pl.all_horizontal(pl.col(name).cast(pl.Float64).is_finite().fill_null(False).all() for name in numbers)).item():
        raise ValueError(f"Expected finite {', '.join(numbers)} on every row.")
    value = pl.col("value").clip(lower_bound=0)
    ranked = items.sort("value", *KEY, descending=[True, False, False]).with_columns(
        value_share=pl.when(value.sum() > 0).then(value / value.sum()).otherwise(0.0),
        variation=pl.when(pl.col("mean_units") > 0).then(pl.col("sd_units") / pl.col("mean_units")),
    )
    above = pl.col("cumulative_share") - pl.col("value_share")
    first, second = settings.abc_shares
    steady, lively = settings.xyz_variation
    return (
        ranked.with_columns(cumulative_share=pl.col("value_share").cum_sum())
        .with_columns(
            abc=pl.when((value > 0) & (above < first - _ROUNDING))
            .then(pl.lit("A"))
            .when((value > 0) & (above < second - _ROUNDING))
            .then(pl.lit("B"))
            .otherwise(pl.lit("C")),
            xyz=pl.when(pl.col("variation") < steady)
            .then(pl.lit("X"))
            .when(pl.col("variation") < lively)
            .then(pl.lit("Y"))
            .otherwise(pl.lit("Z")),
        )
        .select(
            *KEY,
            "value_share",
            "cumulative_share",
            "abc",
            "variation",
            "xyz",
            service_class=pl.col("abc") + pl.col("xyz"),
        )
        .sort(KEY)
    )


def service_uplifts(
    items: pl.DataFrame, classes: pl.DataFrame, targets: Mapping[str, float] | None = None, settings: ReplenishmentSettings | None = None
) -> pl.DataFrame:
    """Return what the targets add to each item's lost-sale cost (grain: product_id, location_id), sorted by key.

    items: as `read_items` gives them, with forecast and none blocked. classes: as `service_classes` gives them; an item without a class has
    no target. Returns product_id, location_id, service_class, lost_sale_cost and overage_cost (money per unit; the latter null without a
    target) and the columns of `with_service_targets`.
    """
    targets, settings = targets or {}, settings or ReplenishmentSettings()
    terms = item_terms(items, settings)
    known = items.select(KEY).join(classes.select(*KEY, "service_class"), on=KEY, how="left", maintain_order="left")
    wished = np.array([targets.get(name, np.nan) for name in known["service_class"].to_list()], dtype=np.float64)
    rows = np.flatnonzero((wished > 0) & (wished < 1))
    overage = np.full(items.height, np.nan)
    overage[rows] = keeping_cost_at_target(demand_scenarios(items).part(rows), terms.part(rows), wished[rows])
    costs = known.with_columns(lost_sale_cost=pl.Series(terms.lost_sale_cost), overage_cost=pl.Series(overage).fill_nan(None))
    return with_service_targets(costs, targets).sort(KEY)


def with_service_targets(items: pl.DataFrame, targets: Mapping[str, float] | None = None) -> pl.DataFrame:
    """Return `items` with service_target, economic_fractile, service_cost_uplift and lost_sale_multiplier added.

    items: any columns and service_class, lost_sale_cost (money per unit lost), overage_cost (money per unit left over; see
    `keeping_cost_at_target`). targets: class to the chance of not running out in a cycle that is wished for; a class not named has none,
    and no targets at all change nothing. service_cost_uplift: money per unit that a lost sale counts on top, 0 where the economic fractile
    reaches the target already. lost_sale_multiplier: the same as a factor on lost_sale_cost (null where lost_sale_cost is 0 and the uplift
    is not). Raises ValueError for classes that do not exist and targets outside (0, 1).
    """
    targets = targets or {}
    _refuse(items, ("service_class", "lost_sale_cost", "overage_cost"), keyed=False)
    unknown = sorted(set(targets) - set(SERVICE_CLASSES))
    if unknown:
        raise ValueError(f"Expected service classes {', '.join(SERVICE_CLASSES)}, got {', '.join(unknown)}.")
    wrong = {name: target for name, target in targets.items() if not 0 < target < 1}
    if wrong:
        raise ValueError(f"Expected targets of service in (0, 1), got {wrong}.")
    lost, over, target = pl.col("lost_sale_cost"), pl.col("overage_cost"), pl.col("service_target")
    known = items.with_columns(
        service_target=pl.col("service_class").replace_strict(dict(targets), default=None, return_dtype=pl.Float64),
        economic_fractile=pl.when(lost + over > 0).then(lost / (lost + over)),
    )
    uplift = (target * over / (1 - target) - lost).clip(lower_bound=0).fill_null(0.0)
    return known.with_columns(service_cost_uplift=uplift).with_columns(
        lost_sale_multiplier=pl.when(pl.col("service_cost_uplift") == 0)
        .then(1.0)
        .when(lost > 0)
        .then(1 + pl.col("service_cost_uplift") / lost)
    )


def keeping_cost_at_target(demand: DemandScenarios, terms: CostTerms, target: Floats) -> Floats:
    """Return per item the overage cost (money per unit left over) with which the newsvendor's rule says what the plan's own curves say.

    At the smallest order after which demand outruns stock with a chance of no more than 1 - target, one unit more costs some expected
    holding and waste m. A plan goes that far where lost_sale_cost x (1 - target) >= m, and the newsvendor where its overage cost is
    m / target. Demand lost before anything can arrive is no order's doing and counts neither way. Where the shelf
    life ends before the next delivery no cost reaches the target: what is asked for later is lost all the same. `terms.lost_sale_cost` is
    not read.
    """
    short = demand.after_arrival - np.maximum(terms.position[:, None] - demand.until_arrival, 0)
    levels = np.sort(short, axis=1)
    column = np.ceil(target * levels.shape[1] - _ROUNDING).astype(np.int64) - 1
    order = np.maximum(levels[np.arange(len(levels)), np.clip(column, 0, levels.shape[1] - 1)], 0.0)
    free = replace(terms, lost_sale_cost=np.zeros_like(order), line_cost=0.0)
    pair = np.column_stack([np.maximum(order - _STEP, 0.0), order + _STEP])
    cost = expected_at(pair, demand, free).cost
    return (cost[:, 1] - cost[:, 0]) / (pair[:, 1] - pair[:, 0]) / target


def service_achieved(orders: pl.DataFrame, classes: pl.DataFrame) -> pl.DataFrame:
    """Return target and achieved chance of not running out per class (grain: service_class), sorted.

    orders: product_id, location_id, stockout_chance_with (null without a forecast: not counted). classes: product_id, location_id,
    service_class, service_target. Returns service_class (null first: items without one), items, service_target (null where there is none),
    service_achieved (mean chance of the class) and items_below_target.
    """
    joined = orders.filter(pl.col("stockout_chance_with").is_not_null()).join(classes, on=list(KEY))
    chance = 1 - pl.col("stockout_chance_with")
    return (
        joined.group_by("service_class")
        .agg(
            items=pl.len().cast(pl.Int64),
            service_target=pl.col("service_target").max(),
            service_achieved=chance.mean(),
            items_below_target=(chance < pl.col("service_target") - _ROUNDING).sum().cast(pl.Int64),
        )
        .sort("service_class")
    )


def _refuse(items: pl.DataFrame, columns: tuple[str, ...], keyed: bool = True) -> None:
    missing = [name for name in columns if name not in items.columns]
    if missing:
        raise ValueError(f"Items lack the columns {missing}.")
    if keyed and items.select(KEY).is_duplicated().any():
        raise ValueError("Items repeat a key; expected one row per product and location.")
