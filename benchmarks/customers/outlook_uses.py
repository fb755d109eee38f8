"""Part `outlook_uses`: what is made of outlooks. Totals held against what came (`customers.outlook_outcomes`), and audience lists by rule
beside as many customers by the outlook's numbers.

UCI Online Retail and CDNOW; an outlook every four weeks from 100 days of history on, not brought to a sales forecast; nothing after an
outlook's day is learned from. At scale, outlooks and orders of a million customers are drawn, and one day's judging of all five measures is
measured in a process of its own.
"""

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from assets.customers.outlook_outcomes import MEASURES, outcomes_of, totals_told
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import Window
from benchmarks.apart import run_apart
from benchmarks.customers.apart import answer
from benchmarks.customers.customer_windows import Customers, cdnow, data_folder, online_retail
from learning.customer_value import OutlookSettings, customer_snapshot, lifecycle_of, train_outlook
from optimization.audiences import PURPOSES

OUTLOOK = "customers.purchase_outlook"
FIRST_DAYS, STEP_DAYS = 100, 28
HALF_A_YEAR, QUARTER = OutlookSettings().churn_days[1], OutlookSettings().value_days
ONE_DAY = timedelta(days=1)
LAST_DAY = date(2025, 12, 29)
MARTS = """
create schema intermediate;
create schema marts;
create table marts.customer_profile (as_of_day date, customer_key varchar, lifecycle varchar);
create table intermediate.int_orders as
select customer_key, business_day, orders as sale_lines, cast(net_revenue as decimal(18, 4)) as net_revenue,
    business_day as known_on, cast(null as date) as superseded_on
from order_days
"""
DRAWN_ORDERS = """
select lpad(cast(number % {customers} as varchar), 32, '0') as customer_key,
    date '{day}' - cast(hash(number) % 730 as integer) as business_day, 1 as orders, cast(hash(number + 1) % 100 as double) as net_revenue
from range(7 * {customers}) as numbers(number)
order by 1, 2
"""
DRAWN_OUTLOOKS = """
insert into customers.purchase_outlook by name
select days.day as as_of_day, lpad(cast(number as varchar), 32, '0') as customer_key, 0.3 as p_buy_28d, 0.3 as expected_orders_28d,
    40.0 as expected_net_84d, 170.0 as expected_net_365d, 0.6 as p_churn, 90 as churn_days, 'drawn' as model_version
from range({customers}) as numbers(number), (select unnest(?::date[]) as day) as days
order by 1, 2;
"""
DRAWN_PROFILES = """
insert into marts.customer_profile
select as_of_day, customer_key, ['new', 'active', 'at_risk', 'lapsed', 'lost'][1 + cast(hash(customer_key) % 5 as integer)]
from customers.purchase_outlook
"""


def measure(small: bool) -> dict[str, Any]:
    """Run everything; small: UCI alone, a tenth of the scale."""
    data = data_folder()
    sets = [online_retail(data)] if small else [online_retail(data), cdnow(data)]
    found: dict[str, Any] = {f"outcomes {each.name}": outcomes(each) for each in sets}
    found["lists"] = [row for each in sets for row in lists(each, 2 if small else 4)]
    scale = run_apart(__name__, {"customers": 100_000 if small else 1_000_000}, {})
    churned = [row["expected over came"] for row in found[f"outcomes {sets[0].name}"] if row["measure"] == "churned"]
    worst = max(abs(ratio - 1.0) for ratio in churned)
    return {
        **found,
        "scale": [scale],
        "targets": [{"name": f"{sets[0].name}: customers churned, total off in the worst outlook", "value": worst, "target": 0.25}],
    }


def outcomes(customers: Customers) -> list[dict[str, Any]]:
    """Totals expected and come, one row per measure and outlook."""
    first = customers.order_days["business_day"].min()
    assert isinstance(first, date)
    days = [customers.last_day - timedelta(days=STEP_DAYS * number) for number in range(1, 40)]
    made = sorted(day for day in days if (day - first).days > FIRST_DAYS)
    contract = table_contracts()[OUTLOOK]
    with tempfile.TemporaryDirectory() as name:
        warehouse = _warehouse(Path(name), customers.order_days)
        for day in made:
            told = _told(customers, day).with_columns(as_of_day=pl.lit(day), model_version=pl.lit("benchmark"))
            warehouse.append(contract, told.select(contract.empty().columns))
            with warehouse.connect() as connection:
                connection.register("told", told)
                connection.execute("insert into marts.customer_profile by name select as_of_day, customer_key, lifecycle from told")
        ends = sorted({day + timedelta(days=measure.days) for day in made for measure in MEASURES})
        judged = [outcomes_of(warehouse, Window(day, day + ONE_DAY)) for day in ends if day <= customers.last_day]
    totals = pl.concat([totals_told(each.filter(pl.col("as_of_day") == each["as_of_day"].min())) for each in judged])
    shown = totals.sort("measure", "predicted_on").select(
        *("measure", "predicted_on", "customers", "expected", "came", "expected_over_came", "is_off", "mean_absolute_error")
    )
    return shown.with_columns(pl.col("predicted_on").cast(pl.String)).rename(lambda name: name.replace("_", " ")).to_dicts()


def lists(customers: Customers, windows: int) -> list[dict[str, Any]]:
    """Lists by rule beside as many customers by the outlook: who churned within his own days, and net revenue of the next 84 days."""
    rows: list[dict[str, Any]] = []
    day = customers.cut_offs(HALF_A_YEAR, 1)[0]
    again = customers.order_days.filter((pl.col("business_day") > day) & (pl.col("orders") > 0))
    next_order = again.group_by("customer_key").agg(days=(pl.col("business_day").min() - pl.lit(day)).dt.total_days())
    told = _told(customers, day).join(next_order, on="customer_key", how="left")
    told = told.with_columns(churned=(pl.col("days") > pl.col("churn_days")).fill_null(True))
    not_gone = told.filter(pl.col("lifecycle").is_in(["new", "active", "at_risk"]) & (pl.col("orders_lifetime") >= 2))
    figures = {"churned": pl.col("churned").mean(), "net revenue of the year before": pl.col("net_revenue_365").mean()}
    rows += _beside(customers.name, day, "likely_to_churn", not_gone, "p_churn", figures)
    for day in customers.cut_offs(QUARTER, windows):
        told = _told(customers, day).hstack(customers.after(day, QUARTER).select("net_revenue_after"))
        present = told.filter(pl.col("lifecycle").is_in(["new", "active"]))
        figures = {"net revenue of 84 days": pl.col("net_revenue_after").sum()}
        rows += _beside(customers.name, day, "high_value", present, "expected_net_84d", figures)
    return rows


def _beside(name: str, day: date, purpose: str, among: pl.DataFrame, by: str, figures: dict[str, pl.Expr]) -> list[dict[str, Any]]:
    """Two rows: who fits the purpose, and as many of `among` with the greatest `by`."""
    ruled = among.filter(PURPOSES[purpose][0])
    ranked = among.sort(by, "customer_key", descending=[True, False]).head(ruled.height)
    return [
        {"data": name, "day": day.isoformat(), "list": purpose, "by": label, "customers": chosen.height}
        | {title: float(chosen.select(figure).item()) for title, figure in figures.items()}
        for label, chosen in (("rule", ruled), (f"greatest {by}", ranked))
    ]


def _told(customers: Customers, day: date) -> pl.DataFrame:
    """Snapshot, lifecycle, m_score and outlook of a day, in the snapshot's order."""
    known = customers.until(day)
    snapshot = customer_snapshot(known, day)
    money = pl.col("net_revenue_365").rank("ordinal", descending=True)
    facts = snapshot.with_columns(lifecycle_of(snapshot), m_score=pl.when(money <= pl.len() / 5).then(5).otherwise(1))
    outlook = train_outlook(known, day).score(snapshot)
    return facts.join(outlook, on="customer_key", how="left", maintain_order="left")


def _warehouse(folder: Path, order_days: pl.DataFrame) -> Warehouse:
    """A warehouse that holds what outcomes are judged by."""
    warehouse = Warehouse(path=str(folder / "warehouse.duckdb"))
    with warehouse.connect() as connection:
        connection.register("order_days", order_days)
        connection.execute(MARTS)
    warehouse.append(table_contracts()[OUTLOOK], table_contracts()[OUTLOOK].empty())
    return warehouse


def _scale(order: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    """What is measured: one day's judging, all outlooks it judges being there."""
    import duckdb

    count = order["customers"]
    folder = tempfile.TemporaryDirectory()
    orders = duckdb.sql(DRAWN_ORDERS.format(customers=count, day=LAST_DAY)).pl()
    warehouse = _warehouse(Path(folder.name), orders)
    with warehouse.connect() as connection:
        days = sorted({LAST_DAY - timedelta(days=measure.days) for measure in MEASURES})
        connection.execute(DRAWN_OUTLOOKS.format(customers=count), [days])
        connection.execute(DRAWN_PROFILES)

    def told(rows: pl.DataFrame) -> dict[str, Any]:
        folder.cleanup()
        return {"customers": count, "orders": orders.height, "measures": rows["measure"].n_unique()}

    return lambda: outcomes_of(warehouse, Window(LAST_DAY, LAST_DAY + ONE_DAY)), told


if __name__ == "__main__":
    answer(_scale)
