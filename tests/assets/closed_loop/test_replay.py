"""A replay from folder to orders: settings from the past, orders that know nothing of what comes, figures that add up."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from assets.closed_loop import replay as module
from assets.closed_loop.folder_case import asked_stretch, folder_case
from assets.closed_loop.history import read_history
from assets.closed_loop.replay import ReplayResult, replay
from dagster_project.cli.main import app
from shops.replay_folder import read_replay_folder

WEEKS, ITEMS, FIRST = 60, 48, date(2024, 1, 1)
LAST_SEEN, ROUNDS, LEAD = 51, 4, 2


def write_folder(folder: Path, spoil_from: int | None = None) -> Path:
    """Steady weekly sales with a new item and some weeks out of stock; after `spoil_from` everything sells ten times as much."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(4)
    weeks = np.arange(WEEKS)
    rates = np.linspace(1.0, 25.0, ITEMS)[:, None] * np.ones(WEEKS)[None, :]
    units = rng.poisson(rates).astype(float)
    out = rng.random(units.shape) < 0.03
    out[:, LAST_SEEN:] = False
    units = np.where(out, np.floor(units / 3), units)
    if spoil_from is not None:
        units[:, spoil_from:] *= 10
    rows = [
        (f"P{item:02d}", FIRST + timedelta(days=7 * int(week)), units[item, week], not out[item, week])
        for item in range(ITEMS)
        for week in weeks
        if item != 3 or week >= 40  # P03 was launched late
    ]
    pl.DataFrame(rows, schema=["item_id", "period_start", "units", "in_stock"], orient="row").write_parquet(folder / "sales.parquet")
    usual = np.round(rates.mean(axis=1))
    state = {"item_id": [f"P{item:02d}" for item in range(ITEMS)], "on_hand": usual * 1.5, "receipts_1": usual, "receipts_2": usual}
    pl.DataFrame(state).write_csv(folder / "initial_state.csv")
    day = [FIRST + timedelta(days=7 * week) for week in (LAST_SEEN, LAST_SEEN + 1 + LEAD, LAST_SEEN + LEAD + ROUNDS)]
    (folder / "replay.toml").write_text(
        f'period = "week"\nlead_time_periods = {LEAD}\nholding_cost = 0.2\nshortage_cost = 1.0\nlost_sales = true\n'
        f"first_order_after = {day[0]}\norder_rounds = {ROUNDS}\nscore_from = {day[1]}\nscore_to = {day[2]}\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> ReplayResult:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "WINDOWS", 1)
        return replay(read_replay_folder(write_folder(tmp_path_factory.mktemp("replay"))))


def test_every_item_and_round_has_an_order(told: ReplayResult) -> None:
    assert told.orders.height == ITEMS * ROUNDS
    assert told.orders.select("round", "item_id", "location_id").is_unique().all()
    assert (told.orders["order_units"] >= 0).all()
    assert (told.orders["order_units"] == told.orders["order_units"].round()).all()
    ahead = (told.orders["arrives_at"] - told.orders["decided_after"]).dt.total_days().unique().to_list()
    assert ahead == [7 * (1 + LEAD)]


def test_perfect_information_is_cheapest_and_ours_is_near_the_rules_on_steady_demand(told: ReplayResult) -> None:
    """Steady Poisson demand is where a year's quantile is at its best: there is nothing to forecast."""
    cost = {each.name: each.outcome.cost for each in told.policies}
    rules = [value for name, value in cost.items() if name not in (module.OURS, module.PERFECT)]
    assert len(rules) == 4
    assert 0 < cost[module.PERFECT] <= cost[module.OURS] < 1.3 * min(rules)


def test_figures_add_up(told: ReplayResult) -> None:
    for each in told.policies:
        figures = each.outcome
        assert figures.cost == pytest.approx(figures.holding + figures.shortage)
        assert 0 <= figures.fill_rate <= 1
        assert figures.item_cost.sum() == pytest.approx(figures.cost)


def test_windows_lie_in_the_past(told: ReplayResult) -> None:
    assert told.windows == (FIRST + timedelta(days=7 * (LAST_SEEN - ROUNDS - LEAD)),)


def test_orders_know_nothing_of_what_comes(told: ReplayResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second order is decided after the week LAST_SEEN + 1: what sells later must not change the first two rounds."""
    monkeypatch.setattr(module, "WINDOWS", 1)
    spoilt = replay(read_replay_folder(write_folder(tmp_path / "spoilt", spoil_from=LAST_SEEN + 2)))
    early = pl.col("round") <= 2
    assert spoilt.orders.filter(early).equals(told.orders.filter(early))
    assert not spoilt.orders.equals(told.orders)


def test_a_week_is_told_as_seven_days_of_the_same_units(tmp_path: Path) -> None:
    history = read_history(read_replay_folder(write_folder(tmp_path)))
    panel = history.panel(10)
    assert panel["business_day"].max() == FIRST + timedelta(days=7 * 11 - 1)
    weeks = panel.group_by("product_id", pl.col("business_day").dt.truncate("1w")).agg(pl.col("units").sum(), pl.col("is_censored").any())
    one = weeks.filter(product_id="P05").sort("business_day")
    assert one["units"].to_list() == pytest.approx(history.units[5, :11].tolist())
    assert one["is_censored"].to_list() == (~history.in_stock[5, :11]).tolist()
    assert "P03" not in panel["product_id"]


def test_the_command_writes_orders_and_figures(told: ReplayResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "replay", lambda folder, say: told)
    done = CliRunner().invoke(app, ["replay", str(write_folder(tmp_path / "shop"))])
    assert done.exit_code == 0, done.output
    assert "perfect information" in done.output
    assert "Countinghouse" in done.output
    written = pl.read_csv(tmp_path / "shop" / "replay" / "orders.csv")
    assert written["order_units"].sum() == told.orders["order_units"].sum()
    assert pl.read_csv(tmp_path / "shop" / "replay" / "figures.csv")["policy"].to_list() == [each.name for each in told.policies]


def test_the_command_says_what_is_wrong_with_a_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert done.exit_code == 2
    assert "replay.toml" in done.output


def test_more_rounds_than_periods_end_with_the_periods(tmp_path: Path) -> None:
    path = write_folder(tmp_path)
    toml = (path / "replay.toml").read_text(encoding="utf-8")
    (path / "replay.toml").write_text(toml.replace(f"order_rounds = {ROUNDS}", "order_rounds = 500"), encoding="utf-8")
    folder = read_replay_folder(path)
    asked = asked_stretch(folder, folder_case(folder))
    assert asked.rounds == LEAD + ROUNDS + 1


def limited_folder(folder: Path, **told: str) -> Path:
    """The same folder with packs of six, a supplier with a minimum, and a budget."""
    path = write_folder(folder)
    names = [f"P{item:02d}" for item in range(ITEMS)]
    pl.DataFrame(
        {
            "item_id": names,
            "supplier_id": ["big" if item % 2 else "small" for item in range(ITEMS)],
            "pack_units": [6 if item % 3 == 0 else 1 for item in range(ITEMS)],
            "moq_units": [12 if item % 4 == 0 else 1 for item in range(ITEMS)],
            "unit_cost": [2.0] * ITEMS,
            "shortage_cost": [1.0 + item % 2 for item in range(ITEMS)],
        }
    ).write_csv(path / "items.csv")
    pl.DataFrame({"supplier_id": ["big"], "min_order_value": [300.0]}).write_csv(path / "suppliers.csv")
    lines = "".join(f"{name} = {value}\n" for name, value in told.items())
    with (path / "replay.toml").open("a", encoding="utf-8") as file:
        file.write("purchase_budget = 900.0\n" + lines)
    return path


def test_orders_of_a_limited_folder_keep_packs_minimums_and_the_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOWS", 0)  # textbook settings: no window is replayed
    folder = read_replay_folder(limited_folder(tmp_path / "limited"))
    assert folder.has_limits
    told = replay(folder)
    items = folder.items.select("item_id", "supplier_id", "pack_units", "moq_units", "unit_cost")
    lines = told.orders.filter(pl.col("order_units") > 0).join(items, on="item_id")
    assert lines.height > 0
    assert (lines["order_units"] % lines["pack_units"] == 0).all()
    assert (lines["order_units"] >= lines["moq_units"]).all()
    spent = lines.group_by("round").agg((pl.col("order_units") * pl.col("unit_cost")).sum().alias("value"))
    assert spent["value"].max() <= 900.0
    big = lines.filter(supplier_id="big").group_by("round").agg((pl.col("order_units") * pl.col("unit_cost")).sum().alias("value"))
    assert big["value"].min() >= 300.0
    costs = {each.name: each.outcome.cost for each in told.policies}
    assert costs[module.PERFECT] == min(costs.values())
    assert costs[module.OURS] < max(costs.values())


def test_limits_that_cannot_be_counted_are_refused(tmp_path: Path) -> None:
    path = limited_folder(tmp_path)
    pl.read_csv(path / "items.csv").drop("unit_cost").write_csv(path / "items.csv")
    done = CliRunner().invoke(app, ["replay", str(path)])
    assert done.exit_code == 2
    assert "unit_cost" in done.output
