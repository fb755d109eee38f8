"""Campaigns in review: what each campaign brought, what the plans promised beside what came, and what the next experiment can show.

A campaign is read on every day from the day after its coupons went out. Its window is settled once it has passed and a week for late
records with it; from then on its figures stay. The days after the window are told once they are settled too. It stays listed for 91 days.
A plan is judged once, on the day its window is settled, also where it was decided later than the days after it.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg
import duckdb
import polars as pl

from assets.house import House
from assets.partitions import partition_window
from assets.review.campaign_outcomes import campaigns_on, read_outcomes
from assets.review.what_came import days_to_judge
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import by_training_day

READOUT, PROMISED, POWER = "review.campaign_readout", "review.promised_realised", "review.experiment_power"
TABLES = (READOUT, PROMISED, POWER)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
FACTS = [
    *(["intermediate", "int_orders"], ["marts", "fct_coupon_assignments"], ["marts", "fct_coupon_redemptions"]),
    *(["marts", "fct_order_lines"], ["marts", "dim_coupons"], ["staging", "stg_web_events"]),
]
UPSTREAM = {
    READOUT: FACTS,
    PROMISED: [*FACTS, ["decisions", "coupon_assignments"], ["demand", "training_runs"]],
    POWER: [*FACTS, ["marts", "dim_customers"]],
}
ABOUT = {
    READOUT: "Every figure of every recent campaign, with coupon and without, with intervals and a verdict.",
    PROMISED: "What each day's coupon plan promised beside what came of it.",
    POWER: "The smallest effect the next experiment would show, and the customers it needs.",
}
LATE_DAYS, LISTED_DAYS, GIVEN_WITHIN_DAYS = 7, 91, 7
PLANS_SQL = """
with given as (
    select customer_key, coupon_id
    from marts.fct_coupon_assignments
    where coupon_id is not null and assigned_on > $decided_on and assigned_on <= $decided_on + $within
        and known_on <= $known_on and coalesce(superseded_on, date '9999-12-31') > $known_on
),

planned as (select distinct coupon_id from decisions.coupon_assignments where as_of_day = $decided_on and coupon_id is not null)

select
    plan.customer_key,
    plan.coupon_id,
    plan.expected_gain,
    plan.expected_cost,
    plan.is_holdout,
    plan.propensity,
    case
        when plan.is_holdout then plan.customer_key in (select customer_key from given semi join planned using (coupon_id))
        else (plan.customer_key, plan.coupon_id) in (select (customer_key, coupon_id) from given)
    end as is_given
from decisions.coupon_assignments as plan
where plan.as_of_day = $decided_on and plan.propensity is not null
order by plan.customer_key
"""


@dg.multi_asset(
    name="campaign_review",
    specs=[
        dg.AssetSpec(KEYS[name], group_name="review", kinds={"duckdb"}, deps=UPSTREAM[name], description=ABOUT[name]) for name in TABLES
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "campaigns_are_sound", asset=KEYS[READOUT], description="No campaign's arms differ from its draw by more than chance."
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def campaign_review(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Read the campaigns and the coming experiment of each day of the window, and judge the plans that are due."""
    window = partition_window(context)
    length = house.shop.coupons.outcome_window_days
    judged = days_to_judge(warehouse, window)
    with warehouse.connect() as connection:
        campaigns = CampaignReader(connection, length)
        frames = {
            READOUT: [campaigns.of_day(day) for day in window.days],
            POWER: [power_of_days(connection, window.days, house.shop.first_day, length, house.shop.coupons.holdout_share)],
            PROMISED: [plan_due_on(connection, day, length) for day in judged],
        }
    for name, days in ((READOUT, window.days), (PROMISED, judged), (POWER, window.days)):
        contract = table_contracts()[name]
        frame = pl.concat([contract.empty(), *(part.select(contract.empty().columns) for part in frames[name])], how="vertical_relaxed")
        warehouse.replace_days(contract, frame, days)
        rows = frame.filter(pl.col("as_of_day").is_in(window.days))
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows.height})
    blocked = frames[READOUT][-1].filter(pl.col("verdict") == "blocked")["campaign_id"].unique().sort().to_list()
    yield dg.AssetCheckResult(
        check_name="campaigns_are_sound",
        asset_key=KEYS[READOUT],
        passed=not blocked,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"blocked": ", ".join(blocked) or "none"},
    )


class CampaignReader:
    """Reads campaigns day by day; a settled campaign is read once in a run."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, window_days: int) -> None:
        self.connection, self.window_days = connection, window_days
        self.settled: dict[tuple[str, date, bool], pl.DataFrame] = {}

    def of_day(self, day: date) -> pl.DataFrame:
        """review.campaign_readout of one day."""
        parts = [table_contracts()[READOUT].empty()]
        for campaign_id, first, last, age in campaigns_on(self.connection, day, LISTED_DAYS).rows():
            stamp = {"as_of_day": pl.lit(day), "first_given_on": pl.lit(first), "last_given_on": pl.lit(last)}
            parts.append(self._campaign(campaign_id, last, min(age, self.window_days), day).with_columns(**stamp).select(parts[0].columns))
        return pl.concat(parts, how="vertical_relaxed")

    def _campaign(self, campaign_id: str, last_given_on: date, elapsed_days: float, day: date) -> pl.DataFrame:
        from learning.experiments import Stage, campaign_readout

        settles_on = last_given_on + timedelta(days=self.window_days + LATE_DAYS)
        after_settles_on = settles_on + timedelta(days=self.window_days)
        if day < settles_on:
            outcomes = self._outcomes(campaign_id, day)
            return campaign_readout(campaign_id, outcomes, Stage(elapsed_days, self.window_days, is_settled=False))
        has_after = day >= after_settles_on
        key = campaign_id, settles_on, has_after
        if key not in self.settled:
            outcomes = self._outcomes(campaign_id, settles_on)
            if has_after:
                later = self._outcomes(campaign_id, after_settles_on).select("customer_key", "orders_after")
                outcomes = (
                    outcomes.drop("orders_after")
                    .join(later, on="customer_key", how="left")
                    .with_columns(pl.col("orders_after").fill_null(0.0))
                )
            stage = Stage(self.window_days, self.window_days, is_settled=True, has_after=has_after)
            self.settled[key] = campaign_readout(campaign_id, outcomes, stage)
        return self.settled[key]

    def _outcomes(self, campaign_id: str, known_on: date) -> pl.DataFrame:
        return read_outcomes(self.connection, "campaign", campaign_id, known_on, self.window_days)


def power_of_days(connection: duckdb.DuckDBPyConnection, days: list[date], first_day: date, window_days: int, share: float) -> pl.DataFrame:
    """review.experiment_power of some days; those of a week share what was known on its Sunday. share: of customers held out."""
    contract = table_contracts()[POWER]
    parts = [contract.empty()]
    for known_on, served in by_training_day(days, first_day):
        told = _power(connection, known_on, window_days, share).with_columns(known_on=pl.lit(known_on))
        parts += [told.with_columns(as_of_day=pl.lit(day)).select(parts[0].columns) for day in served]
    return pl.concat(parts, how="vertical_relaxed")


def _power(connection: duckdb.DuckDBPyConnection, known_on: date, window_days: int, share: float) -> pl.DataFrame:
    """The customers who may be written to, rehearsed on the window that ends on the day."""
    from learning.experiments import experiment_power

    def rehearse(given_on: date) -> pl.DataFrame:
        return read_outcomes(connection, "rehearsal", given_on.isoformat(), known_on, window_days)

    now = rehearse(known_on + timedelta(days=1)).select("customer_key", "segment")
    past = rehearse(known_on - timedelta(days=window_days))
    # whoever first ordered within the window is there because he ordered: he says nothing of those who were there before
    return experiment_power(past.filter(pl.col("segment") != "no_order_before"), now, share)


def plan_due_on(connection: duckdb.DuckDBPyConnection, day: date, window_days: int) -> pl.DataFrame:
    """review.promised_realised of the plan whose window is settled on `day`; no row where nothing was decided then."""
    from learning.experiments import promised_realised

    decided_on = day - timedelta(days=1 + window_days + LATE_DAYS)
    contract = table_contracts()[PROMISED]
    plan = connection.execute(PLANS_SQL, {"decided_on": decided_on, "known_on": day, "within": GIVEN_WITHIN_DAYS}).pl()
    if plan.is_empty():
        return contract.empty()
    outcomes = read_outcomes(connection, "plan", decided_on.isoformat(), day, window_days).drop("coupon_id")
    told = promised_realised(plan, outcomes)
    return told.with_columns(as_of_day=pl.lit(day), decided_on=pl.lit(decided_on)).select(contract.empty().columns)
