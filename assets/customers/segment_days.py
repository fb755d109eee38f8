"""What is decided about segments on a Sunday, and what of it is told on each day."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from assets.customers.rfm_history import CHUNK, WEEK, WEEKS, customer_count, history_chunk
from assets.warehouse import Warehouse

if TYPE_CHECKING:
    from learning.segments import DriftTest, SegmentModel, SegmentSettings

JUDGED = 1_000  # customers that ways of grouping are compared on
LATER = 4  # weeks after which labels are compared
TODAY = """
select customer_key, rfm_segment, recency_days, orders_365, net_revenue_365
from marts.customer_profile
where as_of_day = ?
order by customer_key
"""


@dataclass(frozen=True)
class Decision:
    """What was decided on one Sunday. members: of the groups of `model`; profiles and scores: their tables' rows, without as_of_day."""

    decided_on: date
    model: "SegmentModel | None"
    members: pl.DataFrame
    profiles: pl.DataFrame
    scores: pl.DataFrame


def decide(warehouse: Warehouse, decided_on: date, chain: "list[DriftTest]", settings: "SegmentSettings") -> Decision:
    """Walk the twelve weeks before `decided_on` part by part of the customers, then describe and judge the groups.

    chain: the drift tests that were known that day.
    """
    from learning.segments import compare_methods, memberships, model_on

    first, later = decided_on - WEEKS * WEEK, decided_on - (WEEKS - LATER) * WEEK
    chunks = -(-max(customer_count(warehouse, decided_on), 1) // CHUNK)
    members, now, before, judged = [], [], [], []
    for chunk in range(chunks):
        history = history_chunk(warehouse, decided_on, chunk, chunks)
        members.append(memberships(history, chain, settings.stay_within))
        now.append(history.filter(pl.col("day") == decided_on).drop("day"))
        before.append(history.filter(pl.col("day") == first).drop("day"))
        keys = before[-1]["customer_key"].sort().head(JUDGED)
        judged.append(history.filter((pl.col("day") <= later) & pl.col("customer_key").is_in(keys.implode())))
    member, today = pl.concat(members).sort("customer_key"), pl.concat(now)
    spend = today.select("customer_key", net_revenue="net_revenue_84")
    then = pl.concat(before).join(spend, on="customer_key", how="left").with_columns(pl.col("net_revenue").fill_null(0.0))
    model = model_on(chain, decided_on)
    judged_model = model_on([test for test in chain if test.tested_on <= first], first)
    scores = compare_methods(pl.concat(judged), spend, chain, settings, JUDGED)
    return Decision(
        decided_on,
        model,
        member,
        _profiles(model, today, then, member).with_columns(decided_on=pl.lit(decided_on), model_version=_version(model)),
        scores.with_columns(judged_on=pl.lit(first), model_version=_version(judged_model)),
    )


def told_members(today: pl.DataFrame, day: date, decision: Decision, chain: "list[DriftTest]") -> pl.DataFrame:
    """Return the rows of `customers.segments` of one day, without as_of_day.

    today: customer_key, rfm_segment, recency_days, orders_365, net_revenue_365 of the day's profiles. Customers who came after the Sunday
    join the nearest group.
    """
    from learning.segments import MEMBERSHIP_SCHEMA, joined_today

    model = decision.model
    came = today.join(decision.members, on="customer_key", how="anti")
    joined = joined_today(came, model, day) if model is not None else pl.DataFrame(schema=MEMBERSHIP_SCHEMA)
    names = {number: name for test in chain for number, name in zip(test.model.ids, test.model.names, strict=True)}
    names |= dict(zip(model.ids, model.names, strict=True)) if model else {}
    members = pl.concat(
        [
            decision.members.with_columns(decided_on=pl.lit(decision.decided_on), has_joined=pl.lit(value=False)),
            joined.with_columns(decided_on=pl.lit(day), has_joined=pl.lit(value=True)),
        ]
    )
    reason = (
        pl.when(pl.col("cluster_id").is_null())
        .then(pl.lit("no_model"))
        .when("has_joined")
        .then(pl.lit("joined"))
        .when(pl.col("margin") < 0)
        .then(pl.lit("stays"))
        .otherwise(pl.lit("nearest"))
    )
    told = today.join(members, on="customer_key", how="left", maintain_order="left").with_columns(
        cluster_name=pl.col("cluster_id").replace_strict(names, default=None, return_dtype=pl.String),
        previous_segment=pl.col("previous_cluster_id").replace_strict(names, default=None, return_dtype=pl.String),
        reason_code=reason,
        model_version=_version(model),
    )
    return told.with_columns(sentence=_sentence())


def _sentence() -> pl.Expr:
    numbers = pl.format(
        "last order {} {} ago, {} {} worth {} in a year",
        "recency_days",
        _counted("recency_days", "day"),
        "orders_365",
        _counted("orders_365", "order"),
        pl.col("net_revenue_365").round(0).cast(pl.Int64),
    )
    stays = pl.lit("; close to another segment, not close enough to move")
    kept = pl.when(pl.col("reason_code") == "stays").then(stays).otherwise(pl.lit(""))
    in_one = pl.format("{} since {}: {}{}.", "cluster_name", pl.col("entered_on").cast(pl.String), numbers, kept)
    return pl.coalesce(in_one, pl.format("Too few customers are known for segments: {}.", numbers))


def _counted(number: str, word: str) -> pl.Expr:
    return pl.when(pl.col(number) == 1).then(pl.lit(word)).otherwise(pl.lit(f"{word}s"))


def _profiles(model: "SegmentModel | None", today: pl.DataFrame, then: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Profiles of both schemes. then: customers of twelve weeks ago with the net_revenue since."""
    from learning.segments import rfm_segments, segment_profiles

    by_rules = [frame.with_columns(segment=rfm_segments(frame)) for frame in (today, then)]
    made = [segment_profiles(*by_rules, "rfm", {})]
    if model is not None:
        labels = pl.DataFrame({"cluster_id": model.ids, "segment": model.names})
        are = today.join(members, on="customer_key").join(labels, on="cluster_id")
        were = then.with_columns(cluster_id=pl.Series(model.nearest(then), dtype=pl.Int64)).join(labels, on="cluster_id")
        made.append(segment_profiles(are, were, "cluster", dict(zip(model.names, model.descriptions, strict=True))))
    return pl.concat(made)


def _version(model: "SegmentModel | None") -> pl.Expr:
    return pl.lit(model.version if model else None, dtype=pl.String)
