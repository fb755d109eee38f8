"""Decides which coupon, if any, each customer gets: at most one each, under all limits together.

maximise   sum of value over the chosen offers
subject to at most one coupon per customer, and the rows of `CouponLimits`

A multiple-choice knapsack with coupling rows; small ones go whole to PuLP, large ones to dual prices and a PuLP core (`core_program`).
What a merchandiser decided (`overrides.py`) is no question any more: it is taken off the limits first.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.certificate import PlanCertificate, hash_inputs
from optimization.coupons.assignment_rows import assignment_rows, decided_rows
from optimization.coupons.candidates import prepare_candidates, prepare_customers
from optimization.coupons.certify import certify
from optimization.coupons.check_assignments import check_assignments
from optimization.coupons.choice_program import ChoiceProgram, activity_of
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.collisions import explain_collision
from optimization.coupons.coupling import couple
from optimization.coupons.decisions import Decisions, decisions_of
from optimization.coupons.holdout import draw_lots
from optimization.coupons.limits import CouponLimits
from optimization.coupons.limits_table import limits_frame
from optimization.coupons.offers import Codes, Offers, run_starts
from optimization.coupons.overrides import given_offers, read_overrides, told, with_fixed_counts, without_forbidden
from optimization.coupons.settings import CouponSettings
from optimization.coupons.solve_choices import solve_choices
from optimization.linear_program.arrays import Floats, Integers


@dataclass(frozen=True)
class CouponAssignment:
    """assignments: one row per customer (see ASSIGNMENTS_SCHEMA). limits: one row per limit. certificate: how good it is proven to be.

    overrides: one row per decision of a merchandiser, with what came of it (OVERRIDES_SCHEMA). collisions: why no plan keeps all limits
    (COLLISIONS_SCHEMA), empty where one does.
    """

    assignments: pl.DataFrame
    limits: pl.DataFrame
    certificate: PlanCertificate
    overrides: pl.DataFrame
    collisions: pl.DataFrame


def assign_coupons(
    candidates: pl.DataFrame,
    limits: CouponLimits,
    settings: CouponSettings | None = None,
    customers: pl.DataFrame | None = None,
    overrides: pl.DataFrame | None = None,
) -> CouponAssignment:
    """Return the best assignment of coupons to customers, with reasons, limits and certificate.

    candidates: see `candidates.py` (grain: customer_key, coupon_id; only pairs that are allowed). customers: optional frame of customer_key
    and segment naming everybody considered, so that those without any offer appear as 'not_eligible'. overrides: see `overrides.py`.
    Raises ValueError for bad input.

    The assignments' columns: expected_gain, expected_cost, value are money, 0 without coupon; best_coupon_id and best_value are the
    customer's own best offer without joint limits; next_best_coupon_id is the runner-up at the limits' prices (null: no coupon); regret is
    best_value less value; propensity is the probability of the arm drawn (hold-out or not), null for customers without an offer and 1 for
    those whom a merchandiser gave a coupon, who take no part in the draw.
    """
    settings = settings or CouponSettings()
    started = time.perf_counter()
    asked = read_overrides(overrides)
    limits = with_fixed_counts(limits, asked, candidates)
    allowed, considered = without_forbidden(candidates, customers, asked)
    offers = prepare_candidates(allowed)
    everyone = prepare_customers(offers, considered)
    given = given_offers(offers, asked)
    lots = draw_lots(everyone["customer_key"], settings.draw, settings.seed)
    everyone = _drawn(offers, everyone, given, lots < settings.holdout_share)
    input_hash = hash_inputs(
        offers=offers.fingerprint(), customers=_without_offers(everyone), limits=limits, settings=settings, overrides=asked
    )
    decided, table, solution, collisions = _decide(offers, everyone, given, lots, limits, settings)
    rows = decided_rows(offers, everyone, decided)
    is_empty, limit_rows = offers.count == 0, decided.rows
    del offers, everyone, lots, given, decided  # reasons and checker want the memory, and nothing from here
    assignments = assignment_rows(rows, limit_rows, settings.holdout_share)
    del rows
    violations = check_assignments(candidates, limits, settings, assignments, table, overrides)
    certificate = certify(
        "coupon_assignments",
        solution,
        empty=is_empty,
        proven_gap=settings.target_gap + 1e-9,
        violations=violations,
        seed=settings.seed,
        input_hash=input_hash,
        started=started,
    )
    return CouponAssignment(assignments, table, certificate, told(asked, candidates, assignments), collisions)


def _decide(
    offers: Offers, everyone: pl.DataFrame, given: Integers, lots: Floats, limits: CouponLimits, settings: CouponSettings
) -> tuple[Decisions, pl.DataFrame, ChoiceSolution, pl.DataFrame]:
    """Return what was decided per customer, the table of limits, the solution without its plan, and why limits collide."""
    columns = _columns_in_play(offers, _taking_part(offers, everyone), given, limits)
    served = dict(everyone.filter(~pl.col("is_holdout")).group_by("segment").len().iter_rows())
    program = build_program(offers, columns, limits, served, given)
    solution = solve_choices(program, settings, _sample_order(offers, everyone, columns, lots))
    table = limits_frame(program, solution)
    decided = decisions_of(offers, columns, given, program, solution)
    value, bound = solution.value + program.value_before, solution.bound + program.value_before
    collisions = explain_collision(program, solution, settings.whole_model_columns)
    return decided, table, replace(solution, value=value, bound=bound, x=np.zeros(0)), collisions


def build_program(
    offers: Offers, columns: Integers | Codes, limits: CouponLimits, served: Mapping[str, int], given: Integers | None = None
) -> ChoiceProgram:
    """Return the choice program over some offers.

    `served` counts the customers per segment of whom a minimum share counts; `given` are offers that are decided already, which use up
    limits first.
    """
    given = np.zeros(0, dtype=np.int64) if given is None else given
    coupling = couple(offers.priced(columns), limits, served)
    before = couple(offers.priced(given), limits, served).families
    used = activity_of(before, np.arange(len(given), dtype=np.int64), np.ones(len(given)), len(coupling.rows))
    group = offers.group[columns]
    group = (np.cumsum(np.diff(group, prepend=-1) > 0, dtype=np.int32) - 1).astype(np.int32)
    groups = int(group[-1]) + 1 if len(group) else 0
    return ChoiceProgram(
        value=offers.value[columns],
        upper=np.broadcast_to(np.float64(1.0), len(columns)),
        group=group,
        capacity=np.broadcast_to(np.float64(1.0), groups),
        rows=coupling.rows,
        rhs=coupling.rhs - used,
        families=coupling.families,
        used_before=used,
        value_before=float(offers.value[given].sum()),
    )


def _drawn(offers: Offers, everyone: pl.DataFrame, given: Integers, is_drawn: np.ndarray) -> pl.DataFrame:
    drawn = everyone.with_columns(is_holdout=pl.Series(is_drawn))
    if len(given) == 0:
        return drawn
    takes_no_part = pl.col("group").is_in(offers.group[given].tolist()).fill_null(value=False)
    return drawn.with_columns(is_holdout=pl.col("is_holdout") & ~takes_no_part)


def _taking_part(offers: Offers, everyone: pl.DataFrame) -> np.ndarray:
    """Tell which groups are not held out."""
    with_offers = everyone if everyone.height == len(offers.keys) else everyone.filter(pl.col("group").is_not_null())
    return ~with_offers["is_holdout"].to_numpy()  # both are sorted by customer


def _columns_in_play(offers: Offers, taking_part: np.ndarray, given: Integers, limits: CouponLimits) -> Codes:
    is_open = taking_part.copy()
    is_open[offers.group[given]] = False
    needs_all = limits.has_minimums
    # an offer that loses money can only be worth making where a minimum asks for it
    in_play = is_open[offers.group] if needs_all else is_open[offers.group] & (offers.value > 0)
    return np.flatnonzero(in_play).astype(np.int32)


def _sample_order(offers: Offers, everyone: pl.DataFrame, columns: Codes, lots: Floats) -> Integers:
    """Return the program's groups by their lots: as good as any shuffling, and no second draw."""
    group = offers.group[columns]
    group = group[run_starts(group)]
    of_group = lots if everyone.height == len(offers.keys) else lots[everyone["group"].is_not_null().to_numpy()]
    return np.argsort(of_group[group], kind="stable").astype(np.int64)


def _without_offers(everyone: pl.DataFrame) -> pl.DataFrame:
    return everyone.filter(pl.col("group").is_null()).select("customer_key", "segment")
