"""A day's transfers as the shop's books see them: on the way, arrived, gone; room at the receiver; off unless the shop says so."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.decisions.transfers import OWN_TRANSFERS_SCHEMA, transfer_rows, transfers_of_day, with_own_transfers
from assets.table_contracts import table_contracts
from optimization.replenishment import ITEM_COLUMNS, ReplenishmentLimits, ReplenishmentSettings
from shops.replenishment_terms import TransferTerms

DAY = date(2025, 3, 5)
LEVELS = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q80": 0.8, "q90": 0.9, "q95": 0.95, "q975": 0.975, "q99": 0.99}


def position(source: str = "ledger", **on_hand: float) -> pl.DataFrame:
    """Return one product's position per location; demand until the delivery after next is uniform on 0..100, the next one is a day away."""
    rows = [
        {
            "product_id": "p1",
            "location_id": place,
            "supplier_id": "s1",
            "order_day": DAY + timedelta(days=1),
            "is_order_day": True,
            "unit_cost": 6.0,
            "unit_price": 10.0,
            "volume_m3": 0.1,
            "on_hand": units,
            "in_transit_units": 2.0,
            "lead_time_days": 2,
            "review_days": 7,
            "lead_mean_units": 0.0,
            "cover_mean_units": 50.0,
            "stock_source": source,
            "discontinued": False,
        }
        | {f"cover_{name}": 100 * level for name, level in LEVELS.items()}
        | {f"lead_{name}": 0.0 for name in ("q10", "q50", "q90")}
        for place, units in on_hand.items()
    ]
    return pl.DataFrame(rows, schema=dict(ITEM_COLUMNS))


def earlier(*rows: tuple[int, int, float]) -> pl.DataFrame:
    """Return transfers from north to south as (days ago, days from now until they arrive, units)."""
    told = [(DAY - timedelta(days=ago), "p1", "north", "south", units, DAY + timedelta(days=arrives)) for ago, arrives, units in rows]
    return pl.DataFrame(told, schema=OWN_TRANSFERS_SCHEMA, orient="row")


def test_a_ledger_books_what_left_and_what_arrived_and_expects_what_is_under_way() -> None:
    # 5 left and arrived, 7 left and are due before an order of tomorrow, 9 left and come after it, 11 are from before the ledger opened
    sent = earlier((4, -1, 5.0), (2, 3, 7.0), (1, 9, 9.0), (30, -20, 11.0))
    booked = with_own_transfers(position(north=40.0, south=1.0), sent, DAY, DAY - timedelta(days=10))
    assert booked.select("location_id", "on_hand", "in_transit_units").rows() == [("north", 19.0, 2.0), ("south", 6.0, 9.0)]
    assert booked.columns == list(ITEM_COLUMNS)
    short = with_own_transfers(position(north=4.0, south=1.0), sent, DAY, DAY - timedelta(days=10))
    assert short["on_hand"].to_list() == [0.0, 6.0]


def test_a_feeds_counts_are_left_alone_but_what_is_under_way_is_expected() -> None:
    booked = with_own_transfers(position("feed", north=40.0, south=1.0), earlier((4, -1, 5.0), (2, 3, 7.0)), DAY, None)
    assert booked.select("on_hand", "in_transit_units").rows() == [(40.0, 2.0), (1.0, 9.0)]


def test_the_days_own_transfers_are_not_booked_on_that_day() -> None:
    stock = position(north=40.0, south=1.0)
    assert with_own_transfers(stock, earlier((0, 2, 5.0)), DAY, DAY - timedelta(days=10)).equals(stock)
    assert with_own_transfers(stock, earlier(), DAY, None).equals(stock)


def test_without_the_shops_word_nothing_is_moved() -> None:
    limits, costs = ReplenishmentLimits(), ReplenishmentSettings()
    assert transfers_of_day(position(north=400.0, south=0.0), TransferTerms(), limits, costs) is None


def test_rows_meet_the_contract_and_a_full_location_takes_no_more_than_its_room() -> None:
    terms = TransferTerms(enabled=True, handling_cost_per_unit=0.1, transfer_days=2)
    limits = ReplenishmentLimits(warehouse_volume_m3={"south": 1.3})
    plan = transfers_of_day(position(north=400.0, south=1.0), terms, limits, ReplenishmentSettings())
    assert plan is not None
    assert plan.certificate.holds
    rows = table_contracts()["decisions.transfers"].conform(transfer_rows(plan, terms, DAY, "run"))
    # 1.3 m3 less the 3 units that lie there or are due leave room for 10 units of 0.1 m3
    assert rows.select("from_location_id", "to_location_id", "transfer_units", "as_of_day", "leaves_on", "arrives_on").rows() == [
        ("north", "south", pytest.approx(10.0), DAY, DAY + timedelta(days=1), DAY + timedelta(days=3))
    ]
