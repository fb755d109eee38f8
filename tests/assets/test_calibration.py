"""A shop's orders calibrated in closed loop: replayed, written down, taken by the next day's orders and by no day before."""

import shutil
from datetime import date, timedelta

import polars as pl
import pytest

from assets.closed_loop import cases
from assets.decisions.order_calibration import weights_on

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)


@pytest.fixture(scope="module")
def calibrated(last_day, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201  (House, as conftest.py one folder up declares it)
    """A copy of the house after a calibration as of its last day."""
    folder = tmp_path_factory.mktemp("calibrated")
    shutil.copytree(last_day.shop, folder / "shop")
    shutil.copytree(last_day.var, folder / "var", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(cases.LEAST_PERIODS, 7, 8)  # the shop of the tests is twenty weeks old; by itself it would stay with the textbook
        return type(last_day)(folder / "shop", folder / "var", last_day.key_file).after("calibrate")


def test_every_cost_class_has_a_weight_from_past_windows(calibrated) -> None:
    rows = calibrated.read("select * from decisions.order_calibration order by cost_class")
    assert rows["cost_class"].to_list() == ["A", "B", "C"]
    assert rows["as_of_day"].unique().to_list() == [LAST_DAY]
    assert (rows["shortage_weight"] > 0).all()
    assert rows["windows"].min() >= 1
    # eight weeks lie between a window's beginning and its end at the least: nothing later than the last day is read
    assert rows["last_window_after"].max() <= LAST_DAY - timedelta(days=7 * 6)
    assert (rows["best_cost"] <= rows["textbook_cost"]).all()
    assert all(f"Class {name}" in calibrated.said for name in "ABC")


def test_the_next_orders_take_the_weights_and_say_so(calibrated, last_day) -> None:
    weights = dict(calibrated.read("select cost_class, shortage_weight from decisions.order_calibration").rows())
    before = last_day.published("replenishment_orders").filter(as_of_day=LAST_DAY)
    assert before["weight_source"].unique().to_list() == ["textbook"]
    orders = calibrated.after("run").published("replenishment_orders").filter(as_of_day=LAST_DAY)
    assert orders["weight_source"].unique().to_list() == [f"replay of {LAST_DAY}"]
    told = orders.filter(pl.col("cost_class").is_not_null()).select("cost_class", "shortage_weight").unique()
    assert {name: weights[name] for name in told["cost_class"]} == dict(told.rows())


def test_a_shop_is_replayed_beside_the_rules(calibrated) -> None:
    status, said = calibrated.command("replay", str(calibrated.shop), "--output", str(calibrated.var / "replayed"))
    assert status == 0, said
    figures = pl.read_csv(calibrated.var / "replayed" / "figures.csv")
    assert figures["policy"][0] == "Countinghouse"
    assert figures["policy"][-1] == "perfect information"
    assert figures["cost"].min() == figures["cost"][-1]
    orders = pl.read_csv(calibrated.var / "replayed" / "orders.csv")
    assert orders["round"].unique().sort().to_list() == [1, 2, 3, 4, 5, 6]


def test_only_what_was_known_on_the_day_counts() -> None:
    rows = [(date(2025, 1, 31), "A", 0.5, 2), (date(2025, 2, 28), "A", 0.7, 2), (date(2025, 3, 31), "A", 1.0, 0)]
    calibration = pl.DataFrame(rows, schema=["as_of_day", "cost_class", "shortage_weight", "windows"], orient="row")
    assert weights_on(calibration, date(2025, 1, 30), {})[1] == "textbook"
    weights, source = weights_on(calibration, date(2025, 2, 27), {"AX": 0.9})
    assert (weights.shortage_weight, weights.service_targets, source) == ({"A": 0.5}, {"AX": 0.9}, "replay of 2025-01-31")
    # a calibration that had no window to choose by is no calibration
    assert weights_on(calibration, date(2025, 4, 1), {})[1] == "replay of 2025-02-28"
