"""What customers buy next, on UCI Online Retail: NDCG@10 of the re-ranker and of the blend beside ten peers, four windows in time order.

Judged are customers with a purchase in the window and one before; everything counts that they buy there, products new to the shop too,
which nobody can list. Peers' settings are chosen on the four windows before (`recommendation_peers.GRIDS`), ours were as well. Every
method and window has a process of its own with one thread; CPU seconds count from the order lines on, training included. Intervals are
paired bootstraps over customers: the same draw for both sides.

Public: `measure`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from assets.customers.frequency_blend import blend_lists
from benchmarks.apart import ONE_THREAD, run_apart
from benchmarks.customers import uci
from benchmarks.customers.apart import answer
from benchmarks.customers.recommendation_peers import PEERS, grid, scores
from benchmarks.customers.recommendation_scale import at_scale
from learning.recommendations import (
    History,
    Lists,
    RecommendationSettings,
    bought_within,
    history_of,
    missed_by,
    ndcg_per_customer,
    score_lists,
    snapshot_of,
    train_recommender,
)
from learning.recommendations.judge import top_of

OURS, BLEND = "Countinghouse re-ranker", "Countinghouse blend"
DRAWS = 2_000


def measure(small: bool) -> dict[str, Any]:
    """Return methods (pooled figures), windows (NDCG@10 and ratios), measures (ours, all of them), scale (see `recommendation_scale`) and
    targets; small: the last window only."""
    if not uci.is_there():
        return {"skipped": "UCI Online Retail is not under COUNTINGHOUSE_DATA", "targets": _targets(None, None, None)}
    cuts = range(3, 4) if small else range(4)
    chosen = {peer: run_apart(__name__, {"method": peer, "tune": True, "small": small}, ONE_THREAD)["chosen"] for peer in PEERS}
    orders = [{"method": peer, "settings": chosen[peer]} for peer in PEERS] + [{"method": BLEND}, {"method": OURS}]
    runs = {each["method"]: [run_apart(__name__, {**each, "cut": cut}, ONE_THREAD) for cut in cuts] for each in orders}
    failed = [run for each in runs.values() for run in each if "failed" in run]
    if failed:
        raise RuntimeError(f"{failed[0]['method']}: {failed[0]['failed']}")
    ndcg = {name: [np.array(run["ndcg"]) for run in each] for name, each in runs.items()}
    pooled = {name: float(np.concatenate(each).mean()) for name, each in ndcg.items()}
    best = max(PEERS, key=lambda peer: pooled[peer])
    windows = [_window(ndcg, place, cut) for place, cut in enumerate(cuts)]
    ratio = {name: _ratio(np.concatenate(ndcg[name]), np.concatenate(ndcg[best])) for name in (OURS, BLEND)}
    methods = [
        {
            "method": name,
            "ndcg": pooled[name],
            "cpu_s": float(np.mean([run["cpu_s"] for run in each])),
            "peak_gb": float(max(run["peak_gb"] for run in each)),
            "settings": str(chosen.get(name, "")),
        }
        for name, each in sorted(runs.items(), key=lambda item: -pooled[item[0]])
    ]
    measures = [{"method": name, "window": run["day"], **run["measures"]} for name in (OURS, BLEND, best) for run in runs[name]]
    return {
        "best_peer": best,
        "methods": methods,
        "windows": windows,
        "pooled": [{"method": name, "ratio": told[0], "low": told[1], "high": told[2]} for name, told in ratio.items()],
        "measures": measures,
        "scale": [] if small else at_scale(),
        "targets": _targets(ratio[OURS][0], min(row["ratio_low"] for row in windows), ratio[BLEND][0]),
    }


def _targets(ours: float | None, lowest: float | None, blend: float | None) -> list[dict[str, Any]]:
    return [
        {"name": "NDCG@10 against the best peer, pooled", "value": ours, "target": 1.06, "at_least": True},
        {"name": "lowest end of any window's interval against its own best peer", "value": lowest, "target": 1.0, "at_least": True},
        {"name": "the blend alone against the best peer, pooled", "value": blend, "target": 1.0, "at_least": True},
    ]


def _window(ndcg: dict[str, list[np.ndarray]], place: int, cut: int) -> dict[str, Any]:
    """One window against the peer that is best in it."""
    best = max(PEERS, key=lambda peer: ndcg[peer][place].mean())
    ratio, low, high = _ratio(ndcg[OURS][place], ndcg[best][place])
    blend = _ratio(ndcg[BLEND][place], ndcg[best][place])
    return {
        "from": uci.test_cuts()[cut].day.isoformat(),
        "customers": len(ndcg[OURS][place]),
        "ndcg": float(ndcg[OURS][place].mean()),
        "blend": float(ndcg[BLEND][place].mean()),
        "best_peer": best,
        "peer": float(ndcg[best][place].mean()),
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "blend_ratio": blend[0],
        "blend_low": blend[1],
        "blend_high": blend[2],
    }


def _ratio(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Ratio of means with its 95 % interval, customers drawn with replacement, the same for both."""
    lot = np.random.default_rng(7).integers(0, len(ours), (DRAWS, len(ours)))
    drawn = ours[lot].mean(axis=1) / theirs[lot].mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(ours.mean() / theirs.mean()), float(low), float(high)


class _Case:
    """One window: history before it, who buys in it and what."""

    def __init__(self, lines: pl.DataFrame, cut: uci.Cut) -> None:
        self.lines, self.cut = lines, cut
        self.day = cut.day - timedelta(days=1)
        self.until = self.day + timedelta(days=cut.days)

    def history(self) -> History:
        return history_of(self.lines, self.day)

    def bought(self, history: History) -> dict[int, frozenset[int]]:
        """What each buyer buys; products that nobody had bought before have numbers below 0."""
        found: dict[int, set[int]] = {}
        products = history.shape[1]
        for pair in bought_within(self.lines, history, self.day, self.until)[1].tolist():
            found.setdefault(pair // products, set()).add(pair % products)
        for number, customer in enumerate(missed_by(self.lines, history, self.day, self.until).tolist()):
            found.setdefault(customer, set()).add(-1 - number)
        return {customer: frozenset(found[customer]) for customer in sorted(found)}

    def buyers(self, history: History) -> np.ndarray:
        return bought_within(self.lines, history, self.day, self.until)[0]


def _work(order: dict[str, Any]) -> tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]:
    lines = uci.lines()
    if order.get("tune"):
        cuts = uci.tuning_cuts()[-1 if order["small"] else 0 :]
        return lambda: _tuned(order["method"], [_Case(lines, cut) for cut in cuts]), lambda chosen: {"chosen": chosen}
    case = _Case(lines, uci.test_cuts()[order["cut"]])
    method, products = order["method"], uci.products().select("product_id", words=pl.format("{} category:{}", "product_name", "category"))

    def told(result: tuple[History, dict[int, list[int]]]) -> dict[str, Any]:
        history, listed = result
        lists = Lists(listed, case.bought(history))
        bought = history.matrix()
        bought.data[:] = 1.0
        measures = score_lists(lists, np.asarray(bought.sum(axis=0)).ravel(), history.shape[0])
        return {"day": case.cut.day.isoformat(), "ndcg": ndcg_per_customer(lists).tolist(), "measures": measures}

    if method == OURS:
        return lambda: _ours(case, products), told
    if method == BLEND:
        return lambda: _blend(case), told
    return lambda: _peer(case, method, order["settings"]), told


def _ours(case: _Case, products: pl.DataFrame) -> tuple[History, dict[int, list[int]]]:
    settings = RecommendationSettings()
    history = case.history()
    at = snapshot_of(history, products, settings, case.buyers(history))
    customer, product = at.candidates(at.asked)
    model = train_recommender(case.lines, products, case.day, settings)
    assert model.reranker is not None
    return history, top_of(customer, product, model.reranker.scores(at.source.features(customer, product), customer)[0], settings.top)


def _blend(case: _Case) -> tuple[History, dict[int, list[int]]]:
    """The SQL that serves most customers: own and other products in one list by their score."""
    import duckdb

    settings, history = RecommendationSettings(), case.history()
    buyers = history.customers.gather(case.buyers(history))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("sold", case.lines)
        known = "date '2010-01-01' as known_on, null::date as superseded_on"
        connection.execute(
            "create schema marts; "
            f"create table marts.fct_order_lines as select *, false as is_cancelled, 'sale' as line_type, {known} from sold; "
            f"create table marts.dim_products as select distinct product_id, false as is_service, {known} from sold"
        )
        rows = blend_lists(connection, case.day, buyers, history.products, settings)
    customer, product = history.positions(rows["customer_key"]), history.product_positions(rows["product_id"])
    return history, top_of(customer, product, rows["score"].to_numpy(), settings.top)


def _peer(case: _Case, peer: str, settings: dict[str, Any]) -> tuple[History, dict[int, list[int]]]:
    history = case.history()
    buyers = case.buyers(history)
    told = scores(peer, history, buyers, settings)
    best = np.argsort(-told, axis=1, kind="stable")[:, :10]
    return history, dict(zip(buyers.tolist(), best.tolist(), strict=True))


def _tuned(peer: str, cases: list[_Case]) -> dict[str, Any]:
    """The settings with the best mean NDCG over the windows before the test windows."""

    def worth(settings: dict[str, Any]) -> float:
        told = [(case, *_peer(case, peer, settings)) for case in cases]
        return float(np.mean([ndcg_per_customer(Lists(listed, case.bought(history))).mean() for case, history, listed in told]))

    tried = grid(peer)
    return tried[0] if len(tried) == 1 else max(tried, key=worth)


if __name__ == "__main__":
    answer(_work)
