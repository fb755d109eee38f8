"""A made shop of a million customers, 20 lines each, 100,000 products: every customer's own top ten and all frequent pairs, in DuckDB.

Lines are hashes of their number, so every run has the same ones; few products sell much (rank ~ share ** 2.5), an order has up to three
lines. Both queries are those of the daily assets. Each runs in a process of its own; CPU seconds count from the table on, peak memory is
the process's, the table included. The whole daily refresh at this size, with everything around them, is `benchmarks.customers.scale`.

Public: `at_scale`.
"""

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.apart import ONE_THREAD, run_apart
from benchmarks.customers.apart import answer

DAY = date(2025, 12, 31)
LINES_EACH, LINES_PER_ORDER, FEWEST = 20, 3, 100
MADE = """
create table sales as
select
    'c' || customer as customer_key,
    'p' || cast(floor({products} * power((hash(line) % 1000003) / 1000003.0, 2.5)) as integer) as product_id,
    date '{day}' - cast(hash(customer * 7 + slot) % 365 as integer) as business_day,
    customer * 7 + slot as order_id
from (
    select number as line, number // {each} as customer, number % {each} // {per_order} as slot
    from range({customers} * {each}) as numbers(number)
)
"""


def at_scale(customers: int = 1_000_000, products: int = 100_000) -> list[dict[str, Any]]:
    """Return one dict per query with cpu_s, wall_s, peak_gb and rows."""
    return [
        run_apart(__name__, {"query": query, "customers": customers, "products": products}, ONE_THREAD)
        for query in ("personal top ten", "pairs")
    ]


def _work(order: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    import duckdb

    folder = tempfile.TemporaryDirectory()
    connection = duckdb.connect(str(Path(folder.name) / "made.duckdb"), config={"threads": 2, "memory_limit": "4GB"})
    made = {"each": LINES_EACH, "per_order": LINES_PER_ORDER, "day": DAY.isoformat()}
    connection.execute(MADE.format(customers=order["customers"], products=order["products"], **made))
    query = {"personal top ten": _top, "pairs": _pairs}[order["query"]]

    def told(rows: int) -> dict[str, Any]:
        connection.close()
        folder.cleanup()
        return {"lines": order["customers"] * LINES_EACH, "rows": rows}

    return lambda: query(connection, Path(folder.name)), told


def _top(connection: Any, folder: Path) -> int:
    from assets.customers.frequency_blend import personal_top
    from learning.recommendations import RecommendationSettings

    file = folder / "top.parquet"
    personal_top(connection, DAY, RecommendationSettings(), file)
    return connection.execute(f"select count(*) from read_parquet('{file}')").fetchall()[0][0]


def _pairs(connection: Any, folder: Path) -> int:
    del folder
    from assets.customers.basket_counts import count_baskets

    return count_baskets(connection, "select order_id, product_id, 1 as period from sales", FEWEST, 100, threes=False).pairs.height


if __name__ == "__main__":
    answer(_work)
