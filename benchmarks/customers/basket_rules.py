"""Basket rules on UCI Online Retail: the self-join's counts beside fpgrowth, Apriori and efficient-apriori, and what rules are worth later.

Counting: all sales before the last test window, every set of two products in at least `FEWEST` orders; ours gives pairs, the peers all
sets up to two, so the work is the same. Baskets of more than 100 products are left out for everybody, and counted whole in a second
comparison. Every run has a process of its own with one thread; CPU seconds count from the order lines in a frame, memory is the peak
beyond what stood loaded. Keeping: the rules of each test window's eve, held against the window, published top 200.

Public: `measure`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from benchmarks.apart import ONE_THREAD, run_apart
from benchmarks.customers import uci
from benchmarks.customers.apart import answer
from learning.baskets import BasketSettings, basket_rules

FEWEST = BasketSettings().fewest_counted
OURS = "Countinghouse (DuckDB self-join)"
PEERS = ("mlxtend fpgrowth", "mlxtend apriori", "efficient-apriori")
WHOLE = 10_000  # no basket is left out


def measure(small: bool) -> dict[str, Any]:
    """Return counting (one dict per method), keeping (one per window) and targets; small: ours and fpgrowth, the last window."""
    if not uci.is_there():
        return {"skipped": "UCI Online Retail is not under COUNTINGHOUSE_DATA", "targets": _targets(None, None, None, None)}
    peers = PEERS[:1] if small else PEERS
    counting = [run_apart(__name__, {"method": name, "most": BasketSettings().most_products}, ONE_THREAD) for name in (OURS, *peers)]
    whole = [run_apart(__name__, {"method": name, "most": WHOLE}, ONE_THREAD) for name in (OURS, PEERS[0])]
    ours, fpgrowth = counting[0], counting[1]
    equal = all("failed" not in run and run["counts"] == of[0]["counts"] for of in (counting[:2], whole) for run in of[:2])
    keeping = [_kept(cut) for cut in (uci.test_cuts()[-1:] if small else uci.test_cuts())]
    told = {"equal": float(equal), "time": ours["cpu_s"] / fpgrowth["cpu_s"], "memory": _own(ours) / _own(fpgrowth)}
    rows = [{name: value for name, value in run.items() if name != "counts"} for run in (*counting, *whole)]
    kept = float(np.mean([row["kept"] for row in keeping]))
    return {"counting": rows, "keeping": keeping, "targets": _targets(told["equal"], told["time"], told["memory"], kept)}


def _targets(equal: float | None, time: float | None, memory: float | None, kept: float | None) -> list[dict[str, Any]]:
    return [
        {"name": "pair counts equal to fpgrowth's (1 is yes)", "value": equal, "target": 1.0, "at_least": True},
        {"name": "CPU seconds against fpgrowth", "value": time, "target": 0.2},
        {"name": "memory against fpgrowth", "value": memory, "target": 1.0},
        {"name": "published top 200 rules with a hold-out lift above 2", "value": kept, "target": 0.95, "at_least": True},
    ]


def _own(run: dict[str, Any]) -> float:
    """Memory beyond what was loaded before, in GB; at least a megabyte."""
    return max(run["peak_gb"] - run["loaded_gb"], 1e-3)


def _kept(cut: uci.Cut) -> dict[str, Any]:
    """The rules on the eve of a window, and how many of the best 200 keep a lift above 2 in it."""
    import duckdb

    from assets.customers.basket_counts import count_baskets

    settings = BasketSettings()
    age = (pl.lit(cut.day) - pl.col("business_day")).dt.total_days() - 1
    lines = (
        uci.lines()
        .filter(pl.col("business_day") < cut.end)
        .select("order_id", "product_id", period=pl.when(age < 0).then(0).otherwise(3 - age // settings.window_days))
        .filter(pl.col("period") >= 0)
    )
    with duckdb.connect() as connection:
        connection.register("sold", lines)
        counts = count_baskets(connection, "select * from sold", settings.fewest_counted, settings.most_products)
    rules = basket_rules(counts.orders, counts.products, counts.pairs, counts.threes, settings)
    is_proven = (
        (pl.col("joint_orders") >= settings.fewest_joint_orders)
        & (pl.col("windows_seen") >= settings.fewest_windows)
        & (pl.col("lift_low") >= settings.least_lift)
    )
    best = rules.filter(is_proven).sort("rank").head(200)
    by_lift = rules.sort("lift", descending=True).head(200)
    return {
        "from": cut.day.isoformat(),
        "rules": rules.height,
        "proven": rules.filter(is_proven).height,
        "kept": _above_two(best),
        "kept_of_all_proven": _above_two(rules.filter(is_proven)),
        "kept_of_top_200_by_lift_alone": _above_two(by_lift),
        "orders_left_out": counts.left_out,
    }


def _above_two(rules: pl.DataFrame) -> float:
    return float((rules["holdout_lift"].fill_null(0.0) > 2).to_numpy().mean()) if rules.height else 0.0


def _work(order: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    lines = uci.lines().filter(pl.col("business_day") < uci.test_cuts()[-1].day).select("order_id", "product_id").unique().sort(pl.all())
    lines = lines.filter(pl.len().over("order_id") <= order["most"])
    method = {OURS: _self_join, PEERS[0]: _fpgrowth, PEERS[1]: _apriori, PEERS[2]: _efficient}[order["method"]]
    return lambda: method(lines), lambda pairs: {"pairs": len(pairs), "counts": [[*pair, count] for pair, count in sorted(pairs.items())]}


def _self_join(lines: pl.DataFrame) -> dict[tuple[str, str], int]:
    import duckdb

    from assets.customers.basket_counts import count_baskets

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("sold", lines)
        found = count_baskets(connection, "select *, 1 as period from sold", FEWEST, WHOLE, threes=False).pairs
    return {(first, second): count for first, second, count in found.select("first_id", "second_id", "window_1").iter_rows()}


def _one_hot(lines: pl.DataFrame) -> Any:
    """A pandas frame of flags, one row per order, as mlxtend wants it."""
    import pandas as pd

    orders, products = lines["order_id"].rank("dense").to_numpy() - 1, lines["product_id"].rank("dense").to_numpy() - 1
    flags = np.zeros((int(orders.max()) + 1, int(products.max()) + 1), dtype=bool)
    flags[orders, products] = True
    return pd.DataFrame(flags, columns=lines["product_id"].unique().sort().to_list())


def _fpgrowth(lines: pl.DataFrame) -> dict[tuple[str, str], int]:
    from mlxtend.frequent_patterns import fpgrowth

    return _of_mlxtend(_one_hot(lines), fpgrowth)


def _apriori(lines: pl.DataFrame) -> dict[tuple[str, str], int]:
    from functools import partial

    from mlxtend.frequent_patterns import apriori

    return _of_mlxtend(_one_hot(lines), partial(apriori, low_memory=True))  # the faster way takes some 15 GB here


def _of_mlxtend(flags: Any, method: Callable[..., Any]) -> dict[tuple[str, str], int]:
    found = method(flags, min_support=(FEWEST - 0.5) / len(flags), use_colnames=True, max_len=2)
    sets = zip(found["itemsets"], found["support"], strict=True)
    return {tuple(sorted(held)): round(support * len(flags)) for held, support in sets if len(held) == 2}  # pyright: ignore


def _efficient(lines: pl.DataFrame) -> dict[tuple[str, str], int]:
    from efficient_apriori import itemsets_from_transactions

    baskets = lines.group_by("order_id", maintain_order=True).agg("product_id")["product_id"].to_list()
    found, _ = itemsets_from_transactions([tuple(each) for each in baskets], min_support=(FEWEST - 0.5) / len(baskets), max_length=2)
    return {tuple(sorted(held)): count for held, count in found.get(2, {}).items()}


if __name__ == "__main__":
    answer(_work)
