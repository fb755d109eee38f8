"""Coupons of each day: how many of which kind per segment (budget), and which customer gets which (assignments)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from assets.as_of import read_versions
from assets.decisions.coupon_overrides import frequency_cap, overrides_of, told_with_numbers
from assets.decisions.pictures import budget_picture
from assets.decisions.plan_checks import plan_check_results, plan_check_specs
from assets.house import House
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.certificate import PlanCertificate, certificates_frame
from optimization.coupons import (
    CouponLimits,
    CouponSettings,
    assign_coupons,
    cells_from_candidates,
    had_enough,
    plan_coupon_budget,
    read_overrides,
    with_fixed_counts,
)

BUDGET, ASSIGNMENTS, CURVE = "decisions.coupon_budget", "decisions.coupon_assignments", "decisions.coupon_budget_curve"
LIMITS, CERTIFICATES = "decisions.coupon_limits", "decisions.coupon_certificates"
OVERRIDES, NEXT_MONEY, COLLISIONS = "decisions.coupon_overrides", "decisions.coupon_next_money", "decisions.coupon_collisions"
TABLES = (BUDGET, ASSIGNMENTS, CURVE, LIMITS, CERTIFICATES, OVERRIDES, NEXT_MONEY, COLLISIONS)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
UPSTREAM = [
    ["response", "coupon_scores"],
    ["marts", "customer_profile"],
    ["marts", "dim_coupons"],
    ["marts", "fct_coupon_assignments"],
    ["marts", "fct_coupon_overrides"],
]
ABOUT = {
    BUDGET: "How many coupons of each kind every segment gets, and what they are expected to earn.",
    ASSIGNMENTS: "Which customer gets which coupon, or none, and why.",
    CURVE: "Profit at half to twice the budget.",
    LIMITS: "What each limit allows, what is used and what one more unit of it is worth.",
    CERTIFICATES: "How near to the best plan each coupon plan is proven to be.",
    OVERRIDES: "What merchandisers decided about the day's coupons, and what came of it.",
    NEXT_MONEY: "Which segment and coupon more budget would be spent on, and what it would earn.",
    COLLISIONS: "Why no plan keeps all limits, where none does.",
}
# One customer of a small shop is worth more than 0.02 % of the plan: proving the last bit can take minutes, and a search that a clock
# stops is not the same search on another machine. So few offers are solved to a gap that is reached at once.
FEW_OFFERS, FEW_OFFERS_GAP, MANY_OFFERS_GAP, BUDGET_GAP, CURVE_GAP = 5_000, 5e-3, 2e-4, 5e-4, 2e-3
# Some searches find their last improvement within a few hundred nodes and then go on for half a minute to prove the last 0.01 %.
MOST_NODES = 2_000
OFFER_COLUMNS = ("customer_key", "segment", "coupon_id", "expected_gain", "expected_cost", "value", "redemption_probability", "category")


@dg.multi_asset(
    name="coupon_plan",
    specs=[dg.AssetSpec(KEYS[name], group_name="decisions", kinds={"pulp"}, deps=UPSTREAM, description=ABOUT[name]) for name in TABLES],
    check_specs=plan_check_specs(KEYS[ASSIGNMENTS], KEYS[LIMITS], "every limit of both plans"),
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def coupon_plan(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Plan each day of the window. Only causal scores become offers: without a trial both plans are empty and say so."""
    window = partition_window(context)
    bounds = [window.start, window.last_day]
    scores = warehouse.read("select * from response.coupon_scores where as_of_day between ? and ? order by all", bounds)
    profiles = warehouse.read(
        "select as_of_day, customer_key, rfm_segment, email_consent from marts.customer_profile where as_of_day between ?"
        " and ? order by all",
        bounds,
    )
    coupons = read_versions(warehouse, "dim_coupons", window.last_day)
    issued = read_versions(warehouse, "fct_coupon_assignments", window.last_day)
    overrides = read_versions(warehouse, "fct_coupon_overrides", window.last_day)
    made: dict[str, list[pl.DataFrame]] = {name: [table_contracts()[name].empty()] for name in TABLES}
    proofs: list[tuple[date, PlanCertificate]] = []
    for day in window.days:
        known = coupons.as_of(day)
        customers = profiles.filter(pl.col("as_of_day") == day).select(
            "customer_key", segment=pl.col("rfm_segment"), may_be_written_to=pl.col("email_consent").fill_null(True)
        )
        today = scores.filter(pl.col("as_of_day") == day)
        tired = had_enough(issued.as_of(day), frequency_cap(house), day)
        customers = customers.with_columns(had_enough=pl.col("customer_key").is_in(tired.implode()))
        parts, certificates = _plan_day(house, day, customers, today, known, overrides_of(overrides, day))
        proofs += [(day, certificate) for certificate in certificates]
        for name, frame in parts.items():
            made[name].append(_stamped(frame, day, context.run_id))
    frames = {name: pl.concat([part.select(made[name][0].columns) for part in made[name]], how="vertical_relaxed") for name in TABLES}
    rows = {name: warehouse.replace_days(table_contracts()[name], frames[name], window.days) for name in TABLES}
    for name in TABLES:
        extra = (
            {"budget curve": budget_picture(frames[CURVE].filter(pl.col("as_of_day") == window.last_day), house.shop.currency)}
            if name == CURVE
            else {}
        )
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows[name], **extra})
    yield from plan_check_results(KEYS[ASSIGNMENTS], KEYS[LIMITS], proofs)


def _plan_day(
    house: House, day: date, customers: pl.DataFrame, scores: pl.DataFrame, coupons: pl.DataFrame, overrides: pl.DataFrame
) -> tuple[dict[str, pl.DataFrame], list[PlanCertificate]]:
    limits = _limits(house, scores, coupons)
    writable = customers.filter(pl.col("may_be_written_to") & ~pl.col("had_enough")).select("customer_key", "segment")
    offers = (
        scores.filter(pl.col("causal") & pl.col("value").is_not_null())
        .join(writable, on="customer_key")
        .join(coupons.select("coupon_id", "category"), on="coupon_id", how="left")
    )
    candidates = offers.select(OFFER_COLUMNS)
    is_causal = bool(scores["causal"].any())
    everyone = customers.select("customer_key", "segment") if is_causal else None
    settings = CouponSettings(
        target_gap=FEW_OFFERS_GAP if candidates.height <= FEW_OFFERS else MANY_OFFERS_GAP,
        budget_gap=BUDGET_GAP,
        curve_gap=CURVE_GAP,
        most_nodes=MOST_NODES,
        holdout_share=house.shop.coupons.holdout_share,
        draw=f"coupons-{day.isoformat()}",
        threads=1,
    )
    assignment = assign_coupons(candidates, limits, settings, everyone, overrides)
    cells = cells_from_candidates(candidates, offers.select("coupon_id", "face_value").unique())
    budget = plan_coupon_budget(cells, with_fixed_counts(limits, read_overrides(overrides), candidates), settings)
    source = scores.select("effect_source", "model_version").unique().sort("model_version").head(1)
    causal = pl.lit(is_causal).alias("causal")
    told = {
        name: pl.lit(source[name][0] if source.height else None, dtype=kind)
        for name, kind in (("effect_source", pl.String), ("model_version", pl.String))
    } | {"causal": causal}
    plans = [budget.certificate, assignment.certificate]
    frames = {
        BUDGET: budget.budget.with_columns(**told, input_version=pl.lit(budget.certificate.input_hash)),
        ASSIGNMENTS: name_who_may_not(assignment.assignments, customers).with_columns(
            **told, input_version=pl.lit(assignment.certificate.input_hash)
        ),
        CURVE: budget.curve.with_columns(causal),
        LIMITS: pl.concat(
            [
                _limits_of("coupon_budget", budget.limits, budget.certificate),
                _limits_of("coupon_assignments", assignment.limits, assignment.certificate),
            ]
        ).with_columns(causal),
        CERTIFICATES: certificates_frame(plans).drop("seconds"),
        OVERRIDES: told_with_numbers(assignment.overrides, overrides).with_columns(input_version=pl.lit(assignment.certificate.input_hash)),
        NEXT_MONEY: budget.next_money.with_columns(causal, input_version=pl.lit(budget.certificate.input_hash)),
        COLLISIONS: pl.concat(
            [
                plan.collisions.with_columns(plan=pl.lit(name), input_version=pl.lit(plan.certificate.input_hash))
                for name, plan in (("coupon_budget", budget), ("coupon_assignments", assignment))
            ]
        ),
    }
    return frames, plans


def name_who_may_not(assignments: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """The assignments, with a reason of its own for customers who have no offer because they may not be written to, or not so soon again.

    customers: customer_key, may_be_written_to, had_enough. Codes: `no_consent`, `frequency_cap`.
    """
    nothing = pl.col("reason_code") == "not_eligible"
    silent = nothing & _among(customers.filter(~pl.col("may_be_written_to")))
    tired = nothing & _among(customers.filter("had_enough"))
    return assignments.with_columns(
        sentence=pl.when(silent)
        .then(pl.lit("May not be written to: this customer has not consented."))
        .when(tired)
        .then(pl.lit("Has had as many coupons lately as one customer may get."))
        .otherwise("sentence"),
        reason_code=pl.when(silent).then(pl.lit("no_consent")).when(tired).then(pl.lit("frequency_cap")).otherwise("reason_code"),
    )


def _among(customers: pl.DataFrame) -> pl.Expr:
    return pl.col("customer_key").is_in(customers["customer_key"].implode())


def _limits(house: House, scores: pl.DataFrame, coupons: pl.DataFrame) -> CouponLimits:
    declared = house.shop.limits
    live = coupons.join(scores.select("coupon_id").unique(), on="coupon_id", how="semi")
    stock = live.filter(pl.col("issuance_limit").is_not_null()).sort("coupon_id")
    return CouponLimits(
        total_budget=declared.coupon_budget,
        segment_budgets=dict(declared.coupon_segment_budgets),
        issuance=dict(stock.select("coupon_id", "issuance_limit").rows()),
    )


def _limits_of(plan: str, limits: pl.DataFrame, certificate: PlanCertificate) -> pl.DataFrame:
    return limits.with_columns(plan=pl.lit(plan), input_version=pl.lit(certificate.input_hash))


def _stamped(frame: pl.DataFrame, day: date, run_id: str) -> pl.DataFrame:
    return frame.with_columns(as_of_day=pl.lit(day), run_id=pl.lit(run_id))
