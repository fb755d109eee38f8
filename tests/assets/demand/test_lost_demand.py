"""The day's lost demand: at the last known price, and nothing where a shop has long handed in nothing."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.demand.forecasts import LOST_SCHEMA
from assets.demand.forecasts import _lost_on as lost_on  # pyright: ignore[reportPrivateUsage]

DAY = date(2025, 12, 31)


class Model:
    """Loses two units of A on the day, and one the day before."""

    def lost_units(self, panel: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
        rows = [(as_of_day - timedelta(days=back), "A", "main", 1.0, 1.0 + lost, lost) for back, lost in ((1, 1.0), (0, 2.0))]
        names = ["business_day", "product_id", "location_id", "units", "expected_units", "lost_units"]
        return pl.DataFrame(rows, schema=names, orient="row")


def panel(last: date, prices: list[float | None]) -> pl.DataFrame:
    days = [last - timedelta(days=back) for back in reversed(range(len(prices)))]
    return pl.DataFrame(
        {"business_day": days, "product_id": "A", "location_id": "main", "unit_price": prices}, schema_overrides={"unit_price": pl.Float64}
    )


def test_only_the_day_itself_at_the_last_known_price() -> None:
    found = lost_on(Model(), panel(DAY, [9.0, 4.0, None]), DAY)  # pyright: ignore[reportArgumentType]
    assert found.schema == LOST_SCHEMA
    assert found.rows() == [(DAY, "A", "main", 1.0, 3.0, 2.0, 8.0)]


def test_without_a_price_the_value_is_unknown() -> None:
    assert lost_on(Model(), panel(DAY, [None]), DAY)["lost_value"].to_list() == [None]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("days", [224, 400])
def test_a_shop_that_long_handed_in_nothing_lost_nothing_that_is_known(days: int) -> None:
    found = lost_on(Model(), panel(DAY - timedelta(days=days), [4.0]), DAY)  # pyright: ignore[reportArgumentType]
    assert found.is_empty()
    assert found.schema == LOST_SCHEMA
