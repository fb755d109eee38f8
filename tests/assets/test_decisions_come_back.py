"""A buyer's decision goes round: proposed by one run, handed in, honoured by the next run of the same day, sent, and judged."""

import csv
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY, ORDER_DAY = date(2025, 12, 31), date(2026, 1, 1)
ADDED = ("need_units", "safety_units", "pack_rounding_units", "moq_uplift_units", "supplier_minimum_units", "override_change_units")


@pytest.fixture(scope="module")
def proposed(last_day) -> tuple[dict, dict]:
    """Of the last day's rows the largest order, and the first item of which enough is there."""
    orders = last_day.published("replenishment_orders").filter(pl.col("as_of_day") == LAST_DAY)
    largest = orders.sort("order_value", "product_id", "location_id", descending=[True, False, False]).row(0, named=True)
    enough = orders.filter(reason_code="enough_stock").sort("product_id", "location_id").row(0, named=True)
    assert largest["order_units"] > 0
    return largest, enough


@pytest.fixture(scope="module")
def decided(last_day, proposed, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201  (House, as conftest.py one folder up declares it)
    """A copy of the house in which the day was decided again after a buyer had rejected the largest order and asked for what was enough."""
    folder = tmp_path_factory.mktemp("decided")
    shutil.copytree(last_day.shop, folder / "shop")
    shutil.copytree(last_day.var, folder / "var", symlinks=True)
    rejected, edited = proposed
    with (folder / "shop" / "order_overrides.csv").open("a", encoding="utf-8") as file:
        for row, what in ((edited, "edit,7,event"), (rejected, "reject,,")):
            file.write(f"{ORDER_DAY},{row['product_id']},{row['location_id']},{what},A Buyer,,2026-01-01T08:00:00\n")
        file.write(f"{ORDER_DAY},no such product,{edited['location_id']},edit,5,,A Buyer,,2026-01-01T08:00:00\n")
    return type(last_day)(folder / "shop", folder / "var", last_day.key_file).after("run")


def of(house, name: str) -> pl.DataFrame:
    return house.published(name).filter(pl.col("as_of_day") == LAST_DAY)


def test_the_quantities_are_ordered_and_add_up(decided, proposed) -> None:
    orders = of(decided, "replenishment_orders")
    for before, units in zip(proposed, (0.0, 7.0), strict=True):
        row = orders.filter(product_id=before["product_id"], location_id=before["location_id"]).row(0, named=True)
        assert row["order_units"] == units
        assert (row["reason_code"], row["proposed_units"]) == ("override", before["order_units"])
        parts = sum(row[name] for name in ADDED) - sum(value for name, value in row.items() if name.endswith("_cut_units"))
        assert parts == pytest.approx(row["order_units"])
    assert of(decided, "plan_certificates").filter(plan="replenishment").select("checked", "violations").rows() == [(True, "")]


def test_every_decision_is_told_with_what_it_is_expected_to_lead_to(decided) -> None:
    rows = of(decided, "order_overrides").sort("outcome", "override_action").to_dicts()
    assert [(row["outcome"], row["override_action"]) for row in rows] == [
        ("honoured", "edit"),
        ("honoured", "reject"),
        ("not_planned", "edit"),
    ]
    assert rows[0]["expected_left_units"] > rows[0]["expected_left_units_proposed"]
    assert rows[1]["expected_lost_units"] >= rows[1]["expected_lost_units_proposed"]
    assert (rows[0]["reason"], rows[2]["order_units"]) == ("event", 0.0)


def test_the_page_and_the_list_to_look_at_first_name_them(decided) -> None:
    assert "Look first" in decided.said
    assert "decided by buyers: 3 lines" in decided.said
    first = of(decided, "orders_to_check").sort("rank").row(0, named=True)
    assert (first["kind"], first["product_id"]) == ("override_not_planned", "no such product")


def test_suppliers_receive_what_was_decided(decided, proposed, tmp_path: Path) -> None:
    status, said = decided.command("orders", "--output", str(tmp_path / "out"))
    assert status == 0, said
    sent = {}
    for file in (tmp_path / "out").iterdir():
        rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
        sent |= {(row["product_id"], row["location_id"]): float(row["units"]) for row in rows if row["line"] != "total"}
    orders = of(decided, "replenishment_orders").filter(pl.col("order_units") > 0)
    assert sent == {(product, place): units for product, place, units in orders.select("product_id", "location_id", "order_units").rows()}
    rejected, edited = proposed
    assert sent[edited["product_id"], edited["location_id"]] == 7.0
    assert (rejected["product_id"], rejected["location_id"]) not in sent


def test_decisions_of_the_past_week_are_honoured_refused_and_judged(past_week) -> None:
    """Nine decisions about three orders; the first order's cover ended on the week's last day."""
    told = past_week.published("order_overrides")
    assert told.group_by("as_of_day").len().sort("as_of_day").rows() == [(date(2025, 11, day), 3) for day in (23, 26, 28)]
    assert told["outcome"].unique().to_list() == ["honoured"]
    ordered = past_week.published("replenishment_orders").join(told, on=["as_of_day", "product_id", "location_id"], how="semi")
    assert ordered.filter(override_action="edit")["order_units"].to_list() == [2.0] * 3
    assert ordered.filter(override_action="reject")["order_units"].to_list() == [0.0] * 3
    judged = past_week.published("order_override_review").filter(decided_on=date(2025, 11, 23))
    assert judged.select("as_of_day", "outcome").unique().rows() == [(date(2025, 11, 28), "honoured")]
    assert judged.height == 3
    assert judged["sold_units"].null_count() == 0
    is_unknown = judged["stock_units"].is_null()
    assert judged["realised_left_units"].is_null().to_list() == is_unknown.to_list(), "what was never counted is not made up"
    assert not is_unknown.all()
    refused = past_week.published("quarantine").filter(table_name="order_overrides")
    assert refused["reason_code"].to_list() == ["not_a_number"]
