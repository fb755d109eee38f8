"""`countinghouse explain forecast` on the small simulated shop: it tells the stored forecast, and says what to do where there is none."""

import json
from datetime import date
from importlib import import_module
from math import prod

import polars as pl
import pytest

pytestmark = pytest.mark.xdist_group("chain")
command_line = import_module("dagster_project.cli.explain_command")
FACTORS = [f"{name}_factor" for name in command_line.FACTORS]


@pytest.fixture(scope="module")
def promoted(past_week) -> str:
    """A product with a promotion ahead, else any that sells."""
    ahead = past_week.read(
        "select f.product_id from demand.forecast_daily f left join marts.fct_promotions p on f.product_id = p.product_id and "
        "f.business_day between p.starts_on and p.ends_on where f.as_of_day = '2025-12-31' and f.forecast_units > 0 "
        "group by 1 order by count(p.product_id) desc, sum(f.forecast_units) desc limit 1"
    )
    return ahead.item()


@pytest.fixture(scope="module")
def told(past_week, promoted: str) -> dict:
    status, said = past_week.command("explain", "forecast", promoted, "--format", "json")
    assert status == 0, said
    return json.loads(said)


def stored(house, product: str, day: str) -> pl.DataFrame:
    return house.read(
        "select location_id, business_day, forecast_units, level_units, segment, model from demand.forecast_daily "
        "where product_id = ? and as_of_day = ? order by all",
        (product, date.fromisoformat(day)),
    )


def same_as_stored(told: dict, rows: pl.DataFrame) -> None:
    found = {(item["location_id"], day["business_day"]): day["forecast_units"] for item in told["items"] for day in item["days"]}
    wanted = {(row["location_id"], row["business_day"].isoformat()): row["forecast_units"] for row in rows.to_dicts()}
    assert found.keys() == wanted.keys()
    assert max(abs(found[key] - wanted[key]) for key in wanted) < 1e-9
    assert told["notes"] == []


def test_what_is_explained_is_the_stored_forecast(past_week, told: dict) -> None:
    rows = stored(past_week, told["product_id"], "2025-12-31")
    assert told["as_of_day"] == "2025-12-31"
    same_as_stored(told, rows)
    assert {item["location_id"]: (item["segment"], item["method"]) for item in told["items"]} == {
        location: (segment, model) for location, segment, model in rows.select("location_id", "segment", "model").unique().rows()
    }


def test_a_day_of_the_past_is_explained_by_the_model_that_served_it(past_week, promoted: str) -> None:
    location = stored(past_week, promoted, "2025-11-26")["location_id"][0]
    status, said = past_week.command("explain", "forecast", promoted, "--day", "2025-11-26", "--location", location, "--format", "json")
    assert status == 0, said
    told = json.loads(said)
    assert told["trained_as_of"] == "2025-11-23"
    same_as_stored(told, stored(past_week, promoted, "2025-11-26").filter(location_id=location))


def test_factors_multiply_to_the_forecast_and_promotions_are_weighed(told: dict) -> None:
    days = [day for item in told["items"] for day in item["days"]]
    for day in days:
        if day["weekday_factor"] is not None:
            assert prod([day["level_units"], *(day[name] for name in FACTORS)]) == pytest.approx(day["forecast_units"], abs=1e-9)
    assert all(day["without_promotion_units"] == pytest.approx(day["forecast_units"], rel=0.05) for day in days if not day["on_promotion"])


def test_weeks_hold_what_was_sold(past_week, told: dict) -> None:
    for item in told["items"]:
        sold = [week for week in item["weeks"] if not week["is_forecast"]]
        assert [week["last_day"] for week in sold] == ["2025-12-10", "2025-12-17", "2025-12-24", "2025-12-31"]
        panel = past_week.read(
            "select sum(units) from marts.sales_panel where superseded_on is null and product_id = ? and location_id = ? and "
            "business_day between '2025-12-04' and '2025-12-31'",
            (told["product_id"], item["location_id"]),
        )
        assert sum(week["units"] for week in sold) == pytest.approx(panel.item())
        ahead = [week["units"] for week in item["weeks"] if week["is_forecast"]]
        assert sum(ahead) == pytest.approx(sum(day["forecast_units"] for day in item["days"]))


def test_the_page_is_plain_text_off_a_terminal(past_week, told: dict) -> None:
    status, said = past_week.command("explain", "forecast", told["product_id"].lower())
    assert status == 0, said
    assert "\x1b" not in said
    assert "nan" not in said.lower().split()
    assert "None" not in said
    for expected in (told["product_name"], "the next 14 days: units = level x weekday x promotion", "by week", "expected, at most"):
        assert expected in said
    for item in told["items"][:3]:
        assert all(sentence in " ".join(said.split()) for sentence in item["sentences"])


def test_a_product_is_found_by_its_name(past_week, told: dict) -> None:
    location = told["items"][0]["location_id"]
    status, said = past_week.command("explain", "forecast", told["product_name"].upper(), "--location", location)
    assert status == 0, said
    assert said.startswith(told["product_id"])
    assert "by location" not in said


def test_unknown_things_are_answered_with_what_there_is(past_week, told: dict) -> None:
    product, first = told["product_id"], told["items"][0]["location_id"]
    for arguments, answer in (
        ([product + "x"], f"Near to it: {product} ({told['product_name']})"),
        ([told["product_name"][:-1]], "Names that hold it"),
        (["?" * 20], "Ids look like"),
        ([" "], "Ids look like"),
        ([product, "--location", "moon"], first),
        ([product, "--day", "2025-11-29"], "there are those of 2025-11-23 to 2025-11-28, 2025-12-31"),
    ):
        status, said = past_week.command("explain", "forecast", *arguments)
        assert status == 2, said
        assert answer in said


def test_a_forecast_that_no_longer_holds_is_said(past_week, told: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("assets.demand.explanation")
    rows = module._stored
    monkeypatch.setattr(module, "_stored", lambda *asked: rows(*asked).with_columns(pl.col("forecast_units") + 1))
    status, said = past_week.command("explain", "forecast", told["product_id"], "--location", told["items"][0]["location_id"])
    assert status == 0
    assert "The stored forecast of 2025-12-31 is another one" in said


def test_a_model_that_is_gone_is_trained_by_the_next_run(past_week, told: dict, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    from assets.house import House

    monkeypatch.setattr(House, "models", tmp_path)
    status, said = past_week.command("explain", "forecast", told["product_id"])
    assert status == 1
    assert "`countinghouse run --day 2025-12-31` trains it anew" in said


def test_before_the_first_run_it_says_so(small_shop, key_file, tmp_path) -> None:
    from tests.conftest import House

    status, said = House(small_shop, tmp_path / "var", key_file).command("explain", "forecast", "P1")
    assert status == 1
    assert "Run `countinghouse run` first" in said
    assert not (tmp_path / "var" / "simulated-small" / "warehouse.duckdb").exists()
