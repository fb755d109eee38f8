"""Decides which coupon, if any, each customer gets: at most one each, under all limits together.

maximise   sum of value over the chosen offers
subject to at most one coupon per customer, and the rows of `CouponLimits`

A multiple-choice knapsack with coupling rows; small ones go whole to PuLP, large ones to dual prices and a PuLP core (`core_program`).
"""

import time
from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.certificate import PlanCertificate, hash_inputs
from optimization.coupons.assignment_rows import ASSIGNMENTS_SCHEMA, decisions_of, explain
from optimization.coupons.candidates import prepare_candidates, prepare_customers
from optimization.coupons.certify import certify
from optimization.coupons.check_assignments import check_assignments
from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.coupling import couple
from optimization.coupons.holdout import draw_lots, held_out
from optimization.coupons.limits import CouponLimits
from optimization.coupons.limits_table import limits_frame
from optimization.coupons.settings import CouponSettings
from optimization.coupons.solve_choices import solve_choices


@dataclass(frozen=True)
class CouponAssignment:
    """assignments: one row per customer (see ASSIGNMENTS_SCHEMA). limits: one row per limit. certificate: how good it is proven to be."""

    assignments: pl.DataFrame
    limits: pl.DataFrame
    certificate: PlanCertificate


def assign_coupons(
    candidates: pl.DataFrame, limits: CouponLimits, settings: CouponSettings | None = None, customers: pl.DataFrame | None = None
) -> CouponAssignment:
    """Return the best assignment of coupons to customers, with reasons, limits and certificate.

    candidates: see `candidates.py` (grain: customer_key, coupon_id; only pairs that are allowed). customers: optional frame of customer_key
    and segment naming everybody considered, so that those without any offer appear as 'not_eligible'. Raises ValueError for bad input.

    The assignments' columns: expected_gain, expected_cost, value are money, 0 without coupon; best_coupon_id and best_value are the
    customer's own best offer without joint limits; next_best_coupon_id is the runner-up at the limits' prices (null: no coupon); regret is
    best_value less value; propensity is the probability of the arm drawn (hold-out or not), null for customers without an offer.
    """
    settings = settings or CouponSettings()
    started = time.perf_counter()
    offers = prepare_candidates(candidates)
    everyone = prepare_customers(offers, customers)
    everyone = everyone.with_columns(held_out(everyone["customer_key"], settings.holdout_share, settings.draw, settings.seed))
    open_offers = _offers_in_play(offers, everyone, limits)
    program = build_program(open_offers, limits, everyone.filter(~pl.col("is_holdout")))
    order = _sample_order(open_offers, settings)
    solution = solve_choices(program, settings, order)
    assignments = _assemble(offers, everyone, open_offers, program, solution, settings)
    table = limits_frame(program, solution)
    violations = check_assignments(candidates, limits, settings, assignments, table)
    certificate = certify(
        "coupon_assignments",
        solution,
        empty=offers.height == 0,
        proven_gap=settings.target_gap + 1e-9,
        violations=violations,
        seed=settings.seed,
        input_hash=hash_inputs(offers=offers, customers=everyone, limits=limits, settings=settings),
        started=started,
    )
    return CouponAssignment(assignments, table, certificate)


def build_program(open_offers: pl.DataFrame, limits: CouponLimits, customers: pl.DataFrame) -> ChoiceProgram:
    """Return the choice program over sorted offers; `customers` (segment) are those whom a minimum share counts."""
    segment_customers = dict(customers.group_by("segment").len().iter_rows())
    priced = open_offers.select("segment", "coupon_id", "category", cost="expected_cost", gain="expected_gain")
    coupling = couple(priced, limits, segment_customers)
    group = (open_offers["customer_key"].rle_id()).to_numpy().astype(np.int64)
    groups = int(group[-1]) + 1 if len(group) else 0
    return ChoiceProgram(
        value=open_offers["value"].to_numpy().astype(np.float64),
        upper=np.ones(open_offers.height),
        group=group,
        capacity=np.ones(groups),
        rows=coupling.rows,
        rhs=coupling.rhs,
        entry_row=coupling.entry_row,
        entry_column=coupling.entry_column,
        entry_value=coupling.entry_value,
    )


def _offers_in_play(offers: pl.DataFrame, everyone: pl.DataFrame, limits: CouponLimits) -> pl.DataFrame:
    in_play = offers.join(
        everyone.filter(~pl.col("is_holdout")).select("customer_key"), on="customer_key", how="semi", maintain_order="left"
    )
    needs_all = bool(limits.minimum_issuance or limits.minimum_segment_share or limits.minimum_return is not None)
    # an offer that loses money can only be worth making where a minimum asks for it
    return in_play if needs_all else in_play.filter(pl.col("value") > 0)


def _sample_order(open_offers: pl.DataFrame, settings: CouponSettings) -> np.ndarray:
    keys = open_offers["customer_key"].unique(maintain_order=True)
    return np.argsort(draw_lots(keys, "sample", settings.seed), kind="stable").astype(np.int64)


def _assemble(
    offers: pl.DataFrame,
    everyone: pl.DataFrame,
    open_offers: pl.DataFrame,
    program: ChoiceProgram,
    solution: ChoiceSolution,
    settings: CouponSettings,
) -> pl.DataFrame:
    own_best = offers.group_by("customer_key", maintain_order=True).agg(
        offer_count=pl.len(),
        best_coupon_id=pl.col("coupon_id").gather(pl.col("value").arg_max()).first(),
        best_value=pl.col("value").max(),
    )
    rows = everyone.join(own_best, on="customer_key", how="left", maintain_order="left").with_columns(pl.col("offer_count").fill_null(0))
    rows = rows.join(decisions_of(open_offers, program, solution), on="customer_key", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col("expected_gain", "expected_cost", "value", "redemption_probability").fill_null(0.0))
    share = settings.holdout_share
    propensity = pl.when(pl.col("offer_count") == 0).then(None).when("is_holdout").then(share).otherwise(1.0 - share)
    explained = explain(rows.with_columns(propensity=propensity))
    return explained.select([pl.col(name).cast(kind) for name, kind in ASSIGNMENTS_SCHEMA.items()])
