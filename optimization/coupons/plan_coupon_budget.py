"""Decides how many coupons of each kind every segment gets: the coupon budget.

maximise   sum of mean_value * issued over cells (segment, coupon)
subject to at most one coupon per customer of a segment, at most the eligible customers per cell, and the rows of `CouponLimits`

An integer program through PuLP; the budget curve solves it again at 0.5 to 2.0 times the budget.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.certificate import PlanCertificate, hash_inputs
from optimization.coupons.budget_cells import prepare_cells
from optimization.coupons.budget_curve import budget_curve
from optimization.coupons.certify import certify
from optimization.coupons.check_budget import check_coupon_budget
from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.collisions import explain_collision
from optimization.coupons.coupling import couple
from optimization.coupons.limits import CouponLimits
from optimization.coupons.limits_table import limits_frame
from optimization.coupons.next_money import next_money
from optimization.coupons.offers import Labels, PricedOffers
from optimization.coupons.reasons import money
from optimization.coupons.settings import CouponSettings
from optimization.coupons.solve_choices import solve_choices

BUDGET_SCHEMA = {
    "segment": pl.String,
    "coupon_id": pl.String,
    "face_value": pl.Float64,
    "customers": pl.Int64,
    "issued": pl.Int64,
    "expected_redemptions": pl.Float64,
    "expected_cost": pl.Float64,
    "expected_gain": pl.Float64,
    "expected_profit": pl.Float64,
    "roi": pl.Float64,
    "unconstrained_issued": pl.Int64,
    "sentence": pl.String,
}


@dataclass(frozen=True)
class CouponBudget:
    """budget: one row per cell (BUDGET_SCHEMA). limits: one row per limit. curve: profit over budget. certificate: the proof.

    next_money: where more budget would go (NEXT_MONEY_SCHEMA). collisions: why no plan keeps all limits, empty where one does.
    """

    budget: pl.DataFrame
    limits: pl.DataFrame
    curve: pl.DataFrame
    next_money: pl.DataFrame
    collisions: pl.DataFrame
    certificate: PlanCertificate


def plan_coupon_budget(
    cells: pl.DataFrame,
    limits: CouponLimits,
    settings: CouponSettings | None = None,
    segment_customers: Mapping[str, int] | None = None,
) -> CouponBudget:
    """Return the best coupon budget with limits, budget curve and certificate.

    cells: segment, coupon_id, customers (eligible), face_value, mean_gain, mean_cost, mean_value (money per coupon), optional category.
    segment_customers: customers per segment; by default the largest number of eligible customers of any coupon. Raises ValueError for bad
    input. budget: issued and unconstrained_issued (without joint limits) are coupons, expected_redemptions is cost over face value, roi is
    profit over cost (null without cost), money otherwise.
    """
    settings = settings or CouponSettings()
    settings = replace(settings, target_gap=settings.budget_gap)
    started = time.perf_counter()
    ordered = prepare_cells(cells)
    sizes = segment_sizes(ordered, segment_customers)
    program = build_program(ordered, limits, sizes)
    order = np.arange(len(sizes), dtype=np.int64)
    solution = solve_choices(program, settings, order)
    free = solve_choices(build_program(ordered, CouponLimits(), sizes), settings, order)
    budget = _budget_frame(ordered, solution, free)
    table = limits_frame(program, solution)
    violations = check_coupon_budget(cells, limits, sizes, budget, table)
    certificate = certify(
        "coupon_budget",
        solution,
        empty=ordered.height == 0,
        proven_gap=max(settings.target_gap, 1e-4) + 1e-9,
        violations=violations,
        seed=settings.seed,
        input_hash=hash_inputs(cells=ordered, limits=limits, settings=settings, sizes=sizes),
        started=started,
    )
    curve = budget_curve(ordered, limits, replace(settings, target_gap=settings.curve_gap), sizes, build_program, free)
    more = next_money(ordered, limits, settings, lambda given: build_program(ordered, given, sizes))
    collisions = explain_collision(program, solution, settings.whole_model_columns)
    return CouponBudget(budget, table, curve, more, collisions, certificate)


def segment_sizes(cells: pl.DataFrame, segment_customers: Mapping[str, int] | None) -> dict[str, int]:
    """Return customers per segment, sorted by segment. Raises ValueError where a segment of the cells is not named."""
    largest = dict(cells.group_by("segment").agg(pl.col("customers").max()).sort("segment").iter_rows())
    if segment_customers is None:
        return largest
    unnamed = sorted(set(largest) - set(segment_customers))
    if unnamed:
        raise ValueError(f"No number of customers is given for the segments {', '.join(unnamed)}.")
    return {segment: int(segment_customers[segment]) for segment in largest}


def build_program(cells: pl.DataFrame, limits: CouponLimits, sizes: Mapping[str, int]) -> ChoiceProgram:
    """Return the choice program over sorted cells; groups are segments."""
    cost, gain = (cells[name].to_numpy().astype(np.float64) for name in ("mean_cost", "mean_gain"))
    labels = [Labels.of(cells[name]) for name in ("segment", "coupon_id", "category")]
    coupling = couple(PricedOffers(*labels, cost=cost, gain=lambda: gain), limits, sizes)
    return ChoiceProgram(
        value=cells["mean_value"].to_numpy().astype(np.float64),
        upper=np.minimum(cells["customers"].to_numpy(), [sizes[segment] for segment in cells["segment"].to_list()]).astype(np.float64),
        group=cells["segment"].rle_id().to_numpy().astype(np.int32),
        capacity=np.array([float(sizes[segment]) for segment in cells["segment"].unique(maintain_order=True).to_list()]),
        rows=coupling.rows,
        rhs=coupling.rhs,
        families=coupling.families,
    )


def _budget_frame(cells: pl.DataFrame, solution: ChoiceSolution, free: ChoiceSolution) -> pl.DataFrame:
    cost = pl.col("issued") * pl.col("mean_cost")
    frame = cells.with_columns(
        issued=pl.Series(np.rint(solution.x)).cast(pl.Int64), unconstrained_issued=pl.Series(np.rint(free.x)).cast(pl.Int64)
    ).with_columns(
        expected_cost=cost,
        expected_gain=pl.col("issued") * pl.col("mean_gain"),
        expected_profit=pl.col("issued") * pl.col("mean_value"),
        expected_redemptions=pl.when(pl.col("face_value") > 0).then(cost / pl.col("face_value")).otherwise(0.0),
        roi=pl.when(cost > 0).then(pl.col("issued") * pl.col("mean_value") / cost),
    )
    each, issued, free_count = money("mean_value"), pl.col("issued"), pl.col("unconstrained_issued")
    sentence = (
        pl.when((issued == 0) & (pl.col("mean_value") <= 0))
        .then(pl.format("None: a coupon loses {} on average here.", 0.0 - each))
        .when((issued == 0) & (free_count == 0))
        .then(pl.format("None: another coupon earns more in this segment than the {} of this one.", each))
        .when(issued < free_count)
        .then(pl.format("{} of {} that would be worth it at {} each; the limits allow no more.", issued, free_count, each))
        .when(issued > free_count)
        .then(
            pl.format(
                "{} coupons at {} each; without limits a dearer coupon would take {} of these places.", issued, each, issued - free_count
            )
        )
        .otherwise(pl.format("{} coupons at {} each, as many as are worth it.", issued, each))
    )
    return frame.with_columns(sentence=sentence).select([pl.col(name).cast(kind) for name, kind in BUDGET_SCHEMA.items()])
