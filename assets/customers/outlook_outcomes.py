"""What came of outlooks whose days are over, beside what they expected: whether their totals can be believed.

On day D the chances of 28 days before are judged, the values of 84 days before, and so on, with what is known on D. Orders and net revenue
are counted as the outlook's training counts them (`learning.customer_value`, which is the oracle in a test). Outlooks are thinned out:
what speaks of more days than they are kept is judged for the month ends among them.

Public: `OUTCOMES`, `MEASURES`, `Measure`, `outcomes_of`, `totals_told`, `totals_check`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import duckdb
import polars as pl

from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import Window

OUTCOMES = "customers.outlook_outcomes"
ALL = "all"
MOST_OFF, SURE_SD = 0.25, 2.0


@dataclass(frozen=True)
class Measure:
    """expected, came: SQL over a prediction and its outcome; days: that it speaks of; has_error: a customer's own error says something."""

    name: str
    days: int
    expected: str
    came: str
    has_error: bool


MEASURES = (
    Measure("buyers", 28, "p_buy_28d", "cast(order_days > 0 as integer)", has_error=False),
    Measure("order_days", 28, "expected_orders_28d", "order_days", has_error=True),
    Measure("net_revenue_84d", 84, "expected_net_84d", "net_revenue", has_error=True),
    Measure("churned", 182, "p_churn", "cast(coalesce(next_order_days > churn_days, true) as integer)", has_error=False),
    Measure("net_revenue_365d", 365, "expected_net_365d", "net_revenue", has_error=True),
)
JUDGED = """
with outcomes as (
    select
        customer_key,
        count(distinct business_day) filter (sale_lines > 0) as order_days,
        min(business_day) filter (sale_lines > 0) - cast($predicted_on as date) as next_order_days,
        sum(net_revenue) as net_revenue
    from intermediate.int_orders
    where business_day > $predicted_on
        and business_day <= $day
        and known_on <= $day
        and coalesce(superseded_on, date '9999-12-31') > $day
    group by customer_key
),

predictions as (
    select
        outlook.*,
        coalesce(profiles.lifecycle, 'not_known') as lifecycle,
        coalesce(outcomes.order_days, 0) as order_days,
        outcomes.next_order_days,
        coalesce(outcomes.net_revenue, 0) as net_revenue
    from customers.purchase_outlook as outlook
    left join marts.customer_profile as profiles
        on outlook.as_of_day = profiles.as_of_day and outlook.customer_key = profiles.customer_key
    left join outcomes on outlook.customer_key = outcomes.customer_key
    where outlook.as_of_day = $predicted_on
),

compared as (
    select
        lifecycle,
        model_version,
        cast({expected} as decimal(28, 9)) as expected,
        cast({came} as decimal(28, 9)) as came,
        cast(cast({expected} as decimal(18, 4)) - cast({came} as decimal(18, 4)) as decimal(18, 4)) as error
    from predictions
    where {expected} is not null
)

select
    coalesce(lifecycle, 'all') as lifecycle,
    count(*) as customers,
    cast(sum(expected) as double) as expected,
    cast(sum(came) as double) as came,
    cast(sum(expected) as double) / nullif(cast(sum(came) as double), 0) as expected_over_came,
    sqrt(cast(sum(error * error) as double)) as sd_by_chance,
    cast(sum(abs(error)) as double) / count(*) as mean_absolute_error,
    min(model_version) as model_version
from compared
group by grouping sets ((), (lifecycle))
having count(*) > 0
"""


def outcomes_of(warehouse: Warehouse, window: Window) -> pl.DataFrame:
    """Rows of `customers.outlook_outcomes` of the window's days, and of decided days after it that outlooks made in the window speak of.

    So the same days decided in any order end in the same rows. What was judged before of an outlook that is no longer kept stays.
    """
    contract = table_contracts()[OUTCOMES]
    made_on = warehouse.read("select distinct as_of_day from customers.purchase_outlook order by 1")["as_of_day"].to_list()
    ends = {day + timedelta(days=measure.days) for day in window.days for measure in MEASURES}
    days = sorted({*window.days, *(day for day in made_on if day > window.last_day and day in ends)})
    asked = [(day, measure) for day in days for measure in MEASURES if day - timedelta(days=measure.days) in set(made_on)]
    made = [contract.empty()]
    with warehouse.connect() as connection:
        made += [_judged(connection, measure, day) for day, measure in asked]
    judged = pl.concat([part.select(made[0].columns) for part in made], how="vertical_relaxed")
    if not warehouse.exists(OUTCOMES):
        return judged
    again = pl.DataFrame([(day, measure.name) for day, measure in asked], schema={"as_of_day": pl.Date, "measure": pl.String}, orient="row")
    stored = warehouse.read(f"select * from {OUTCOMES} where as_of_day in (select unnest($days::date[]))", {"days": days})
    return pl.concat([judged, stored.join(again, on=["as_of_day", "measure"], how="anti").select(judged.columns)])


def _judged(connection: duckdb.DuckDBPyConnection, measure: Measure, day: date) -> pl.DataFrame:
    """What is known on `day` of the outlook made `measure.days` before."""
    predicted_on = day - timedelta(days=measure.days)
    query = JUDGED.format(expected=measure.expected, came=measure.came)
    told = connection.execute(query, {"predicted_on": predicted_on, "day": day}).pl()
    error = pl.col("mean_absolute_error") if measure.has_error else pl.lit(None, dtype=pl.Float64)
    stamp = {"as_of_day": day, "measure": measure.name, "days": measure.days, "predicted_on": predicted_on}
    return told.with_columns(mean_absolute_error=error, **{name: pl.lit(value) for name, value in stamp.items()})


def totals_told(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each measure the newest total, with `is_off`: it differs by more than MOST_OFF of what came, and by more than chance."""
    totals = rows.filter(pl.col("lifecycle") == ALL).sort("as_of_day").group_by("measure", maintain_order=True).last()
    off = (pl.col("expected") - pl.col("came")).abs()
    is_off = (off > MOST_OFF * pl.col("came").abs()) & (off > SURE_SD * pl.col("sd_by_chance"))
    return totals.with_columns(is_off=is_off).sort("measure")


def totals_check(rows: pl.DataFrame, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Warns where the newest total of a measure is off; rows: of the days of this run."""
    told = totals_told(rows)
    words = [
        f"{measure} of {day}: {expected:,.0f} expected, {came:,.0f} came" + (" (off)" if is_off else "")
        for measure, day, expected, came, is_off in told.select("measure", "predicted_on", "expected", "came", "is_off").iter_rows()
    ]
    return dg.AssetCheckResult(
        check_name="totals_came_as_expected",
        asset_key=key,
        passed=not told["is_off"].any(),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"judged": "; ".join(words) or "no outlook is old enough"},
    )
