"""Published segments beside other ways of grouping, on UCI Online Retail and the simulated shop, and a million customers decided at once.

Windows lie in time order; each begins 84 days or more before the data end. A model sees nothing after its window's first day: month ends
up to it fit and test the frozen model as a shop's own days would. What is compared is what `customers.segment_scores` holds, on all
customers. The cost of a way is that of fitting and labelling once, in a process of its own.

Part of `make bench-customers`.
"""

import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from assets.windows import month_ends
from benchmarks.customers.uci_profiles import history, rfm_on, simulated_orders, spend_after, uci_orders
from learning.engines import Processes
from learning.segments import RFM, SegmentSettings, compare_methods, fit_segments, model_chain
from learning.segments.methods import METHODS

WINDOWS, OUTCOME_DAYS, WEEKS_LATER = 4, 84, 4
SETTINGS = SegmentSettings()
COSTS_AT = 10_000
LEAST = {"stability": 0.9, "same_label": 0.75, "smallest_share": 0.05}
SAID = {"stability": "bootstrap ARI", "same_label": "same label after 28 days", "smallest_share": "smallest share"}
MILLION_CPU_S, MILLION_GB = 120.0, 8.0


def measure(small: bool) -> dict[str, Any]:
    """Run all comparisons; small: two windows, the small simulated shop, 50,000 customers."""
    shops = {"uci": uci_orders(), "simulated": simulated_orders("small" if small else "medium")}
    windows = [row for name, orders in shops.items() for row in shop_windows(name, orders, 2 if small else WINDOWS)]
    costs = [in_own_process(method_cost, method, 2_000 if small else COSTS_AT) for method in ("kmeans_frozen", *METHODS)]
    million = in_own_process(decide_many, "decide", 50_000 if small else 1_000_000)
    return {
        "windows": windows,
        "explained": explained_by_method(windows),
        "costs": costs,
        "million": million,
        "targets": [
            *(
                {
                    "name": f"{shop}: {SAID[figure]} of the published segments, worst window",
                    "value": min(row[figure] for row in windows if row["shop"] == shop and row["method"] == "kmeans_frozen"),
                    "target": least,
                    "at_least": True,
                }
                for shop in shops
                for figure, least in LEAST.items()
            ),
            {"name": f"CPU s to decide {million['customers']:,} customers", "value": million["cpu_s"], "target": MILLION_CPU_S},
            {"name": "GB at its peak", "value": million["peak_gb"], "target": MILLION_GB},
        ],
    }


def shop_windows(shop: str, orders: pl.DataFrame, windows: int) -> list[dict[str, Any]]:
    """Return the scores of all ways in each window, oldest first."""
    first, last = orders["day"].min(), orders["day"].max()
    found: list[dict[str, Any]] = []
    for back in reversed(range(windows)):
        day = last - timedelta(days=OUTCOME_DAYS + 28 * back)
        samples = {end: rfm_on(orders, end) for end in month_ends(first, day)}
        chain = model_chain(samples, SETTINGS)
        weeks = [day + timedelta(days=7 * week) for week in range(WEEKS_LATER + 1)]
        later = model_chain({**samples, **{end: rfm_on(orders, end) for end in month_ends(day, weeks[-1])}}, SETTINGS)
        scores = compare_methods(history(orders, weeks), spend_after(orders, day, OUTCOME_DAYS), later, SETTINGS, orders.height)
        refits = sum(bool(test.reason) for test in chain)
        found += [{"shop": shop, "day": str(day), "refits_so_far": refits, **row} for row in scores.to_dicts()]
    return found


def explained_by_method(windows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return means over the windows of a shop: explained spend, labels kept, noise."""
    figures = ("stability", "silhouette", "explained_spend", "smallest_share", "noise_share", "same_label")
    means = pl.DataFrame(windows, infer_schema_length=None).group_by("shop", "method", maintain_order=True).agg(pl.col(figures).mean())
    return means.to_dicts()


def method_cost(method: str, customers: int) -> dict[str, Any]:
    """Fit and label customers drawn from UCI's, shaken a little so that no two are the same."""
    known = rfm_on(uci_orders(), date(2011, 9, 16))
    chance = np.random.default_rng(7)
    drawn = known[chance.integers(0, known.height, customers)]
    shaken = drawn.with_columns(pl.col(name) * np.exp(chance.normal(0, 0.1, customers)) for name in RFM)
    frame = shaken.with_columns(customer_key=pl.format("c{}", pl.int_range(pl.len())))
    model = fit_segments(frame.head(2_000), date(2011, 9, 16), SETTINGS, "first")
    points = model.standardised(frame)
    began, before_gb = time.process_time(), _peak_gb()
    if method == "kmeans_frozen":
        model.nearest(frame)
    else:
        METHODS[method](points, frame, len(model.ids), SETTINGS.seed)(points, frame)
    cpu_s = round(time.process_time() - began, 3)
    return {"method": method, "customers": customers, "cpu_s": cpu_s, "peak_gb": _peak_gb(), "peak_gb_before": before_gb}


def decide_many(_: str, customers: int) -> dict[str, Any]:
    """One decision day of a shop with seven orders per customer: drift tests of 24 months, twelve weeks walked, profiles, scores."""
    import duckdb

    from assets.customers.rfm_history import month_end_samples
    from assets.customers.segment_days import decide, told_members
    from assets.warehouse import Warehouse

    last = date(2025, 12, 28)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "warehouse.duckdb"
        with duckdb.connect(str(file)) as connection:
            connection.execute(_MANY_ORDERS, {"customers": customers, "last": last})
        began, wall = time.process_time(), time.monotonic()
        warehouse = Warehouse(path=str(file), threads=2)
        samples = month_end_samples(warehouse, month_ends(date(2024, 1, 1), last), SETTINGS.most_sampled)
        chain = model_chain(samples, SETTINGS)
        decision = decide(warehouse, last, chain, SETTINGS)
        today = warehouse.read(_TODAY, [last])
        told = told_members(today, last, decision, chain)
        return {
            "customers": told.height,
            "orders": 7 * customers,
            "cpu_s": round(time.process_time() - began, 1),
            "wall_s": round(time.monotonic() - wall, 1),
            "peak_gb": _peak_gb(),
            "segments": len(decision.model.ids) if decision.model else 0,
        }


def in_own_process(work: Callable[[str, int], dict[str, Any]], name: str, size: int) -> dict[str, Any]:
    """Run it in a fresh process, so that its peak memory is its own."""
    return next(Processes(1).map(_called, [(work, name, size)]))


def _called(piece: tuple[Callable[[str, int], dict[str, Any]], str, int]) -> dict[str, Any]:
    work, name, size = piece
    return work(name, size)


def _peak_gb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 3)


_MANY_ORDERS = """
create schema intermediate;
create table intermediate.int_orders as
with drawn as (
    -- a customer came some time in two years and orders at a pace of his own
    select
        customer,
        700.0 * (hash(customer) % 1000) / 1000 as tenure_days,
        pow((hash(10 * customer + number) % 100000) / 100000.0, 1 + hash(customer + 1) % 4) as place,
        cast(20 + hash(10 * customer + number + 3) % 6000 / 100.0 as decimal(18, 4)) as net_revenue
    from range(cast($customers as bigint)) as customers (customer)
    cross join range(7) as orders (number)
)

select
    md5(customer::varchar) as customer_key,
    cast($last as date) - cast(tenure_days * place as integer) as business_day,
    1 as sale_lines,
    net_revenue,
    business_day as known_on,
    cast(null as date) as superseded_on
from drawn
order by customer_key, business_day
"""
_TODAY = """
select
    customer_key,
    'none' as rfm_segment,
    cast($1 as date) - max(business_day) as recency_days,
    count(*) filter (business_day > cast($1 as date) - 365) as orders_365,
    cast(sum(net_revenue) filter (business_day > cast($1 as date) - 365) as double) as net_revenue_365
from intermediate.int_orders
group by customer_key
order by customer_key
"""
