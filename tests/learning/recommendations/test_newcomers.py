"""What newcomers bought, by hand: a small group leans on everybody."""

from datetime import timedelta

import polars as pl
import pytest

from learning.recommendations import newcomer_chances

from .conftest import DAY, lines_of


def _customers(*rows: tuple[str, int, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {"customer_key": [r[0] for r in rows], "started_on": [DAY - timedelta(days=r[1]) for r in rows], "channel": [r[2] for r in rows]}
    ).with_columns(region=pl.lit("north"))


def test_chances_by_hand() -> None:
    customers = _customers(("ann", 60, "web"), ("bob", 60, "web"), ("cid", 60, None), ("new", 3, "shop"), ("old", 400, "web"))
    lines = lines_of(("ann", "tea", 60), ("ann", "tea", 50), ("cid", "tea", 40), ("bob", "jam", 20), ("old", "salt", 60), ("new", "rum", 1))
    told = newcomer_chances(lines, customers, DAY, 28)
    assert set(told["product_id"]) == {"tea"}  # jam came 40 days after bob did, salt and rum from no newcomer of the time
    by_channel = {row["channel"]: row for row in told.iter_rows(named=True)}
    everybody = 2 / 3
    assert by_channel["web"]["chance"] == pytest.approx((1 + 50 * everybody) / (2 + 50))
    assert by_channel["unknown"]["chance"] == pytest.approx((1 + 50 * everybody) / (1 + 50))
    assert by_channel["shop"]["chance"] == pytest.approx(everybody)  # nobody came from there at the time
    assert (by_channel["web"]["group_buyers"], by_channel["web"]["group_newcomers"]) == (1, 2)
    assert (told["chance_low"] < told["chance"]).all()
    assert (told["chance_high"] > told["chance"]).all()


def test_without_newcomers_there_is_nothing() -> None:
    assert newcomer_chances(lines_of(("ann", "tea", 60)), _customers(("ann", 400, "web")), DAY, 28).is_empty()
