"""The joint newsvendor: how much of each item to buy once, under one budget and the warehouses' volumes, as a linear program.

The expected gain of an item is cut into increments of one pack, each gaining no more than the one before (a newsvendor's expected cost is
convex). The program buys the best increments that the rooms hold; its duals say what one more unit of money or of volume is worth. MOQs,
suppliers' terms and fixed costs are not in it (`plan_replenishment` has them): this is the textbook's program, and a bound on them all.
Source: Hadley and Whitin (1963), the newsvendor with a budget; Lau and Lau (1996) for several limits.

Public: `JointNewsvendorPlan`, `plan_joint_newsvendor`, `newsvendor_increments`, `INCREMENT_COLUMNS`.
"""

import time
from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.certificate import PlanCertificate, hash_inputs, relative_gap
from optimization.limits_schema import LIMITS_SCHEMA
from optimization.linear_program import SOLVER, SolveOptions, solver_version
from optimization.replenishment.check_joint_newsvendor import check_joint_newsvendor
from optimization.replenishment.cost_curves import expected_at
from optimization.replenishment.increment_prices import solve_by_prices
from optimization.replenishment.increment_program import Floats, IncrementAnswer, Increments, solve_increments
from optimization.replenishment.item_needs import item_needs
from optimization.replenishment.sentences import number
from optimization.replenishment.settings import ReplenishmentLimits, ReplenishmentSettings
from optimization.replenishment.whole_increments import whole_increments

KEY = ("product_id", "location_id")
INCREMENT_COLUMNS = (*KEY, "increment", "units", "unit_cost", "volume_m3", "expected_gain")
MOST_INCREMENTS = 400
"""Items that would need more are cut into larger pieces of several packs."""
WHOLE_PROGRAM = 5_000
"""Above this many increments prices are several times faster than one program, and as exact."""


@dataclass(frozen=True)
class JointNewsvendorPlan:
    """orders: product_id, location_id, order_units (whole increments), program_units (what the program buys, fractions allowed),
    order_value and expected_gain (money, of order_units), sorted by key. limits: `LIMITS_SCHEMA`, with the program's duals as shadow
    prices. program_value: gain of the program with fractions. certificate: value of order_units against the program's bound."""

    orders: pl.DataFrame
    limits: pl.DataFrame
    program_value: float
    certificate: PlanCertificate


def newsvendor_increments(items: pl.DataFrame, settings: ReplenishmentSettings | None = None) -> pl.DataFrame:
    """Return the increments that gain something, from items as `read_items` gives them (with forecast, none blocked).

    Columns `INCREMENT_COLUMNS` (grain: product_id, location_id, increment from 1): units (one pack, or several where an item would have
    more than `MOST_INCREMENTS`), unit_cost (money), volume_m3 (per unit), expected_gain (money: expected cost without the increment less
    that with it, without line cost).
    """
    settings = settings or ReplenishmentSettings()
    needs = item_needs(items, settings)
    packs = np.rint(needs.packed / needs.pack).astype(np.int64)
    size = np.maximum(-(-packs // MOST_INCREMENTS), 1)
    count = packs // size
    width = int(count.max(initial=0))
    units = np.minimum(np.arange(width + 1), count[:, None]) * (size * needs.pack)[:, None]
    cost = expected_at(units, needs.demand, needs.terms).cost - settings.order_line_cost * (units > 0)
    row, step = np.nonzero(np.arange(1, width + 1) <= count[:, None])
    gain = (cost[:, :-1] - cost[:, 1:])[row, step]
    found = items.select(*KEY, "unit_cost", "volume_m3")[row].with_columns(
        increment=pl.Series(step + 1, dtype=pl.Int64),
        units=pl.Series((size * needs.pack)[row], dtype=pl.Float64),
        expected_gain=pl.Series(gain, dtype=pl.Float64),
    )
    return found.filter(pl.col("expected_gain") > 0).select(INCREMENT_COLUMNS)


def plan_joint_newsvendor(
    increments: pl.DataFrame, limits: ReplenishmentLimits, options: SolveOptions | None = None, integer_variables: int = 1_000
) -> JointNewsvendorPlan:
    """Return what to buy of `increments` (columns `INCREMENT_COLUMNS`) under the budget and the volumes of `limits`.

    Room of a warehouse is warehouse_volume_m3 less warehouse_volume_used_m3 (nothing where it is not given). Up to `WHOLE_PROGRAM`
    increments (or `options.most_variables`) the program goes to PuLP whole, above by prices and a PuLP core. Whole increments come from an
    integer program up to `integer_variables` of them and by rounding down and filling up above; the certificate's gap is against the
    program with fractions or better. Raises ValueError for columns that are missing, increments that are not numbered from 1, change
    their size or gain more than the one before, and for rooms below 0.
    """
    options = options or SolveOptions()
    started = time.perf_counter()
    table = _read(increments)
    places = sorted(limits.warehouse_volume_m3)
    program = _increments(table, limits, places)
    by_prices = len(program.gain) > min(options.most_variables, WHOLE_PROGRAM)
    answer = solve_by_prices(program) if by_prices else solve_increments(program, options)
    whole = whole_increments(program, answer, options, min(integer_variables, options.most_variables))
    orders = _orders(table, answer, whole.taken)
    bound = min(answer.bound, whole.bound)
    gap = relative_gap(whole.value, bound)
    violations = check_joint_newsvendor(increments, limits, orders)
    certificate = PlanCertificate(
        plan="joint_newsvendor",
        status="empty" if not len(program.gain) else "optimal" if gap is not None and gap <= options.relative_gap + 1e-9 else "feasible",
        sense="max",
        value=whole.value,
        bound=max(bound, whole.value),
        gap=0.0 if gap is None else gap if bound > whole.value else 0.0,
        solver=SOLVER + (" over the core that prices leave open" if by_prices else ""),
        solver_version=solver_version(),
        seconds=time.perf_counter() - started,
        seed=options.seed,
        input_hash=hash_inputs(increments=increments.select(INCREMENT_COLUMNS), limits=limits),
        checked=True,
        violations=tuple(violations),
    )
    return JointNewsvendorPlan(orders, _limit_table(program, limits, places, answer, whole.taken), answer.value, certificate)


def _read(increments: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in INCREMENT_COLUMNS if name not in increments.columns]
    if missing:
        raise ValueError(f"Increments lack the columns {missing}.")
    table = increments.select(*KEY, pl.col("increment").cast(pl.Int64), pl.col(*INCREMENT_COLUMNS[3:]).cast(pl.Float64)).sort(
        *KEY, "increment"
    )
    if not table.select(pl.all_horizontal(pl.col(*INCREMENT_COLUMNS[3:]).is_finite().fill_null(False).all())).item():
        raise ValueError("Expected finite numbers in every increment.")
    step = pl.int_range(1, pl.len() + 1).over(KEY)
    constant = pl.all_horizontal((pl.col(name) == pl.col(name).first().over(KEY)) for name in ("units", "unit_cost", "volume_m3"))
    gain = pl.col("expected_gain")
    falls = (gain <= gain.shift(1).over(KEY) + 1e-9 * pl.max_horizontal(gain.abs(), 1.0)).fill_null(True)
    rules = {
        "are not numbered from 1": pl.col("increment") != step,
        "change their size, cost or volume": ~constant,
        "gain more than the one before": ~falls,
        "have no units or no cost, or a volume below 0": (pl.col("units") <= 0) | (pl.col("unit_cost") <= 0) | (pl.col("volume_m3") < 0),
    }
    for says, broken in rules.items():
        wrong = table.filter(broken)
        if wrong.height:
            raise ValueError(f"Increments of {wrong['product_id'][0]} at {wrong['location_id'][0]} {says}.")
    return table


def _increments(table: pl.DataFrame, limits: ReplenishmentLimits, places: list[str]) -> Increments:
    used = limits.warehouse_volume_used_m3 or {}
    budget = np.inf if limits.purchase_budget is None else limits.purchase_budget
    room = np.array([budget, *(limits.warehouse_volume_m3[place] - used.get(place, 0.0) for place in places)])
    if (room < 0).any():
        raise ValueError("Expected a budget and rooms of 0 or more; relax them before.")
    position = pl.col("location_id").replace_strict({place: index for index, place in enumerate(places)}, default=-1, return_dtype=pl.Int64)
    numbered = table.with_columns(
        item=pl.struct(KEY).rle_id().cast(pl.Int64),
        place=position,
        value=pl.col("units") * pl.col("unit_cost"),
        volume=pl.col("units") * pl.col("volume_m3"),
    )
    item, gain, value, volume, place = (numbered[name].to_numpy() for name in ("item", "expected_gain", "value", "volume", "place"))
    return Increments(item.astype(np.int64), gain, value, volume, place.astype(np.int64), room)


def _orders(table: pl.DataFrame, answer: IncrementAnswer, whole: Floats) -> pl.DataFrame:
    return (
        table.with_columns(program=pl.Series(answer.taken, dtype=pl.Float64), whole=pl.Series(whole, dtype=pl.Float64))
        .group_by(KEY, maintain_order=True)
        .agg(
            order_units=(pl.col("units") * pl.col("whole")).sum(),
            program_units=(pl.col("units") * pl.col("program")).sum(),
            order_value=(pl.col("units") * pl.col("unit_cost") * pl.col("whole")).sum(),
            expected_gain=(pl.col("expected_gain") * pl.col("whole")).sum(),
        )
    )


def _limit_table(
    program: Increments, limits: ReplenishmentLimits, places: list[str], answer: IncrementAnswer, whole: Floats
) -> pl.DataFrame:
    taken = limits.warehouse_volume_used_m3 or {}
    used = program.use(whole)
    names = [("purchase_budget", "all", "money", 0.0), *(("warehouse_volume", place, "m3", taken.get(place, 0.0)) for place in places)]
    rows: list[dict[str, object]] = []
    for index, (name, scope, unit, before) in enumerate(names):
        if not np.isfinite(program.room[index]):
            continue
        allowed, price = float(program.room[index]) + before, float(answer.prices[index])
        what = "1.00 of purchase budget" if unit == "money" else f"m3 at {scope}"
        says = f"One more {what} gains {number(price, 4)}." if price > 0 else f"The limit does not bind: one more {what} gains nothing."
        lies = float(used[index]) + before
        rows.append(
            {
                "limit_name": name,
                "scope": scope,
                "allowed": allowed,
                "used": lies,
                "slack": allowed - lies,
                "shadow_price": price,
                "unit": unit,
                "relaxed_by": 0.0,
                "sentence": says,
            }
        )
    return pl.DataFrame(rows, schema=LIMITS_SCHEMA)
