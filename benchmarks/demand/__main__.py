"""`make bench-demand`: Countinghouse beside its peers on the late folds of M5 and UCI Online Retail, one table, one verdict."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.demand.judge import (
    QUANTILES,
    ItemErrors,
    Truth,
    category_rmsse,
    item_errors,
    pinball,
    textbook_quantiles,
    total_errors,
    truth,
)
from benchmarks.demand.many_series import many_series
from benchmarks.demand.neural_peer import NEURAL, STEPS
from benchmarks.demand.ours import CURVES, WHOLE
from benchmarks.demand.panels import HORIZON, BenchPanel, data_folder, m5, online_retail
from benchmarks.demand.peers import GLOBAL, PROPHET, STATISTICAL
from benchmarks.demand.runs import STORE, Order, Run, installed, run_all
from benchmarks.report import conclude
from learning.demand.settings import quantile_column

SLOW = "AutoARIMA"  # two to three CPU seconds a series: a sample of the items
SAMPLE_ITEMS, SMALL_SAMPLE_ITEMS = 200, 20
SMALL_ITEMS = 300
MANY_SERIES, FEW_SERIES = 100_000, 3_000
TOTALS = tuple(f"{name} on the total" for name in ("AutoETS", "AutoTheta", "AutoARIMA", "Prophet"))
NETWORKS = NEURAL if installed("neuralforecast") else ()
ITEM_PEERS = tuple(name for name in (*STATISTICAL, *GLOBAL, *PROPHET, *NETWORKS) if name != SLOW)
DRAWS, SEED = 1000, 7
PER = 1000


@dataclass(frozen=True)
class Judged:
    """One method on all folds of a panel."""

    method: str
    errors: list[ItemErrors]
    total_rmsse: float
    category: float
    bias: float
    cpu_s: float
    items: int
    peak_bytes: int
    runs: list[Run]

    @property
    def wrmsse(self) -> float:
        return float(np.mean([np.nansum(np.nan_to_num(each.rmsse) * each.weight) / each.weight.sum() for each in self.errors]))

    @property
    def wape_of_sum(self) -> float:
        return float(sum(each.absolute_of_sum.sum() for each in self.errors) / sum(each.units.sum() for each in self.errors))

    @property
    def cpu_per_1000(self) -> float:
        return self.cpu_s / self.items * PER


def main(size: Annotated[str, typer.Option(help="full, or small: 300 items and one fold of each panel")] = "full") -> None:
    """Run, judge, print, write results/demand.json."""
    if size not in ("full", "small"):
        raise typer.BadParameter("Expected --size full or small.")
    missing = [name for name in ("statsforecast", "mlforecast") if not installed(name)]
    if missing:
        raise SystemExit(f"The peers {', '.join(missing)} are not installed: `make bench-demand` installs them.")
    data = data_folder()
    panels = [m5(data), online_retail(data)]
    if size == "small":
        panels = [panel.sample(SMALL_ITEMS) for panel in panels]
    told: dict[str, Any] = {}
    short: list[str] = []
    for panel in panels:
        content, misses = _one_panel(panel, 1 if size == "small" else None)
        told[panel.name] = content
        short += misses
    many, misses = _many(MANY_SERIES if size == "full" else FEW_SERIES)
    short += misses
    libraries = {name: installed(name) or "not installed" for name in ("statsforecast", "mlforecast", "neuralforecast")}
    shape = {"size": size, "horizon": HORIZON, "folds": len(panels[0].origins("late")) if size == "full" else 1}
    conclude("demand", shape, {"panels": told, "many_series": many, "peers": libraries}, short, write=size == "full")


def _many(series: int) -> tuple[dict[str, Any], list[str]]:
    found = many_series(series, STORE / "many")
    limits = (("minutes", found.wall_s / 60, 30.0), ("GB", found.peak_bytes / 1e9, 6.0))
    told = ", ".join(f"{value:.1f} {unit} (≤ {limit:g}: {'holds' if value <= limit else 'falls short'})" for unit, value, limit in limits)
    print(f"{found.series:,} series in {found.chunks} chunks, two processes: {told}, {found.cpu_s:.0f} CPU s")
    short = [f"{found.series} series: {value:.1f} {unit} against {limit:g}" for unit, value, limit in limits if value > limit]
    return {**asdict(found), "limits": {unit: limit for unit, _, limit in limits}}, short


def _one_panel(panel: BenchPanel, folds: int | None) -> tuple[dict[str, Any], list[str]]:
    origins = panel.origins("late")[-(folds or 99) :]
    few = panel.sample(SAMPLE_ITEMS if folds is None else SMALL_SAMPLE_ITEMS)
    few = BenchPanel(f"{panel.name} sample", few.rows, few.events, few.country)
    methods = [*ITEM_PEERS, *TOTALS, WHOLE, CURVES]
    runs = run_all([Order(panel, method, origin) for method in methods for origin in origins])
    runs_of_few = run_all([Order(few, SLOW, origin) for origin in origins])
    truths = {origin: truth(panel, origin) for origin in origins}
    judged = {method: _judge(method, [run for run in runs if run.method == method], truths) for method in methods}
    slow = _judge(SLOW, runs_of_few, {origin: truth(few, origin) for origin in origins})
    beside_slow = _judge(WHOLE, _cut([run for run in runs if run.method == WHOLE], truths, few), {o: truth(few, o) for o in origins})
    figures = _figures(judged, truths)
    figures.append(("WRMSSE against AutoARIMA, sample", beside_slow.wrmsse / slow.wrmsse, None))
    _print(panel, judged, slow, figures)
    short = [
        f"{panel.name}: {name} {value:.3f} against {target:g}" for name, value, target in figures if target is not None and value > target
    ]
    kept = sum(run.was_kept for run in (*runs, *runs_of_few))
    print(f"  {kept} of {len(runs) + len(runs_of_few)} runs were kept from earlier benchmarks, with the CPU seconds measured then")
    rows = [_row(each, judged[WHOLE]) for each in judged.values()]
    content = {
        "items": max(run.items for run in runs),
        "origins": [origin.isoformat() for origin in origins],
        "kept_runs": kept,
        "methods": rows,
        "sample": {"items": slow.runs[-1].items, "methods": [_row(slow, beside_slow), _row(beside_slow, beside_slow)]},
        "figures": [{"name": name, "value": round(value, 4), "target": target} for name, value, target in figures],
    }
    return content, short


def _cut(runs: list[Run], truths: dict[Any, Truth], few: BenchPanel) -> list[Run]:
    """The same runs for the sampled items only."""
    key = ["product_id", "location_id"]
    kept = few.rows.select(key).unique()
    cut: list[Run] = []
    for run in runs:
        at = truths[run.origin].items.with_row_index("item").join(kept, on=key, how="semi").sort("item")["item"].to_numpy()
        cut.append(Run(run.method, run.origin, run.forecast[at], pl.DataFrame(), run.cpu_s, run.peak_bytes, run.items, run.was_kept))
    return cut


def _judge(method: str, runs: list[Run], truths: dict[Any, Truth]) -> Judged:
    totals = [total_errors(truths[run.origin], run.forecast) for run in runs]
    of_items = [] if method in TOTALS else [item_errors(truths[run.origin], run.forecast) for run in runs]
    category = float("nan") if method in TOTALS else float(np.mean([category_rmsse(truths[run.origin], run.forecast) for run in runs]))
    return Judged(
        method,
        of_items,
        float(np.mean([rmsse for rmsse, _, _ in totals])),
        category,
        sum(told for _, told, _ in totals) / sum(came for _, _, came in totals) - 1,
        sum(run.cpu_s for run in runs),
        sum(run.items for run in runs),
        max(run.peak_bytes for run in runs),
        runs,
    )


def _figures(judged: dict[str, Judged], truths: dict[Any, Truth]) -> list[tuple[str, float, float | None]]:
    """Name, value and target of every figure of the issue."""
    ours, prophet = judged[WHOLE], judged[PROPHET[0]]
    best = min((judged[name] for name in ITEM_PEERS), key=lambda each: each.wrmsse)
    best_sum = min((judged[name] for name in ITEM_PEERS), key=lambda each: each.wape_of_sum)
    best_total = min((judged[name] for name in (*ITEM_PEERS, *TOTALS)), key=lambda each: each.total_rmsse)
    loss, textbook, below = _distribution(ours, truths)
    return [
        (f"WRMSSE of items against {best.method}", ours.wrmsse / best.wrmsse, 0.98),
        (f"RMSSE of the total against {best_total.method}", ours.total_rmsse / best_total.total_rmsse, 1.0),
        ("incoherence of items, categories and total, share", _incoherence(ours, truths), 1e-9),
        (f"WAPE of the 28-day sum against {best_sum.method}", ours.wape_of_sum / best_sum.wape_of_sum, 0.95),
        ("pinball of 28-day demand against the textbook", loss / textbook, 0.85),
        ("|P(y <= q95) - 0.95| over 28 days", abs(below - 0.95), 0.02),
        ("|bias| of the total", abs(ours.bias), 0.03),
        ("CPU against Prophet per SKU", ours.cpu_per_1000 / prophet.cpu_per_1000, 0.25),
        ("batched Prophet: |WRMSSE against the package - 1|", abs(judged[CURVES].wrmsse / prophet.wrmsse - 1), 0.005),
        ("batched Prophet: CPU against the package", judged[CURVES].cpu_per_1000 / prophet.cpu_per_1000, 0.01),
    ]


def _distribution(ours: Judged, truths: dict[Any, Truth]) -> tuple[float, float, float]:
    """Pinball loss of ours and of the textbook (summed units), and how often 28-day demand lay at or below its 95 % quantile."""
    loss, textbook, below, count = 0.0, 0.0, 0, 0
    for run in ours.runs:
        fold = truths[run.origin]
        sums = run.quantiles.filter(pl.col("horizon_days") == HORIZON).sort("product_id", "location_id")
        quantiles = sums.select([quantile_column(level) for level in QUANTILES]).to_numpy()
        came = fold.actual.sum(axis=1)
        loss += float(pinball(came, quantiles).sum())
        textbook += float(pinball(came, textbook_quantiles(fold, HORIZON)).sum())
        below += int((came <= sums["q95"].to_numpy() + 1e-9).sum())
        count += came.size
    return loss, textbook, below / count


def _incoherence(ours: Judged, truths: dict[Any, Truth]) -> float:
    """Largest difference between the items' sum, the categories' sum and the sum of 28-day means, as a share of the total."""
    worst = 0.0
    for run in ours.runs:
        fold = truths[run.origin]
        total = run.forecast.sum()
        by_category = sum(run.forecast[fold.category == code].sum() for code in np.unique(fold.category))
        of_sums = run.quantiles.filter(pl.col("horizon_days") == HORIZON)["mean_units"].sum()
        worst = max(worst, abs(by_category - total) / total, abs(of_sums - total) / total)
    return float(worst)


def _row(each: Judged, ours: Judged) -> dict[str, Any]:
    """What the result file holds of one method; the ratio is ours over this one, with a 90 % bootstrap interval over items."""
    row: dict[str, Any] = {
        "method": each.method,
        "total_rmsse": round(each.total_rmsse, 4),
        "bias_total": round(each.bias, 4),
        "cpu_s_per_1000_series": round(each.cpu_per_1000, 3),
        "peak_mb": round(each.peak_bytes / 1e6),
    }
    if each.errors:
        ratio, low, high, wins = _against(ours, each)
        row |= {
            "wrmsse": round(each.wrmsse, 4),
            "category_rmsse": round(each.category, 4),
            "wape_28_days": round(each.wape_of_sum, 4),
            "ours_to_it": round(ratio, 4),
            "ours_to_it_low": round(low, 4),
            "ours_to_it_high": round(high, 4),
            "ours_wins_share": round(wins, 4),
        }
    return row


def _against(ours: Judged, other: Judged) -> tuple[float, float, float, float]:
    """Ratio of WRMSSE, its 90 % interval over resampled items (the same items in every fold), share of items on which ours is nearer."""
    shares = [each.weight / each.weight.sum() for each in ours.errors]
    own = np.concatenate([np.nan_to_num(each.rmsse) * share for each, share in zip(ours.errors, shares, strict=True)])
    its = np.concatenate([np.nan_to_num(each.rmsse) * share for each, share in zip(other.errors, shares, strict=True)])
    draws = np.random.default_rng(SEED).integers(0, own.size, size=(DRAWS, own.size), dtype=np.int32)
    ratios = np.array([own[draw].sum() / its[draw].sum() for draw in draws])
    moved = its > 0
    return ours.wrmsse / other.wrmsse, *(float(q) for q in np.quantile(ratios, [0.05, 0.95])), float((own[moved] < its[moved]).mean())


def _print(panel: BenchPanel, judged: dict[str, Judged], slow: Judged, figures: list[tuple[str, float, float | None]]) -> None:
    table = Table(title=f"{panel.name}: {judged[WHOLE].runs[-1].items} items, {len(judged[WHOLE].runs)} folds of {HORIZON} days")
    for column in ("method", "WRMSSE", "ours / it (90 %)", "wins", "categories", "total", "WAPE 28 d", "bias", "CPU s / 1,000", "MB"):
        table.add_column(column)
    for each in (*judged.values(), slow):
        row = _row(each, judged[WHOLE]) if each is not slow else _row(each, each)
        compared = "ours_to_it" in row and each is not slow and each.method != WHOLE
        table.add_row(
            each.method + (f" ({slow.runs[-1].items} items)" if each is slow else ""),
            f"{row['wrmsse']:.4f}" if each.errors else "",
            f"{row['ours_to_it']:.3f} ({row['ours_to_it_low']:.3f}–{row['ours_to_it_high']:.3f})" if compared else "",
            f"{row['ours_wins_share']:.0%}" if compared else "",
            f"{each.category:.3f}" if each.errors else "",
            f"{each.total_rmsse:.3f}",
            f"{each.wape_of_sum:.4f}" if each.errors else "",
            f"{each.bias:+.1%}",
            f"{each.cpu_per_1000:.2f}" if each.errors else "",
            f"{row['peak_mb']}",
        )
    for name in NEURAL if not NETWORKS else ():
        table.add_row(name, "not installed")
    console = Console(width=140)
    console.print(table)
    if NETWORKS:
        console.print(f"  {' and '.join(NETWORKS)}: {STEPS} training steps, a fifth of the library's default")
    for name, value, target in figures:
        told = "" if target is None else f"≤ {target:g}: {'holds' if value <= target else 'falls short'}"
        console.print(f"  {name}: {value:.4f} {told}")


if __name__ == "__main__":
    typer.run(main)
