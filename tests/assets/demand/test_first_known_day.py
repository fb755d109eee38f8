"""From which day on a shop can be decided for, and what is said of the days before."""

from datetime import date

import dagster as dg
import polars as pl
import pytest

from assets.as_of import Versions
from assets.demand.panel_model import first_known_day
from assets.demand.panels import DemandInputs
from assets.windows import Window, by_training_day

MONDAY, WEDNESDAY, FRIDAY, SUNDAY = date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 5), date(2024, 1, 7)


def inputs_known_on(*days: date) -> DemandInputs:
    panel = Versions(pl.DataFrame({"known_on": list(days)}, schema={"known_on": pl.Date}))
    return DemandInputs(panel, panel, panel, panel, None)


def test_a_shop_is_decided_for_from_its_first_record_on_not_from_the_sunday_after() -> None:
    first = first_known_day(inputs_known_on(WEDNESDAY, FRIDAY), Window(WEDNESDAY, date(2024, 1, 9)))
    groups = dict(by_training_day([WEDNESDAY, FRIDAY, SUNDAY, date(2024, 1, 8)], max(MONDAY, first)))
    assert groups == {WEDNESDAY: [WEDNESDAY, FRIDAY], SUNDAY: [SUNDAY, date(2024, 1, 8)]}


def test_days_before_the_first_record_say_when_it_came() -> None:
    with pytest.raises(
        dg.Failure, match=r"Nothing can be decided for 2024-01-01: .* became known on 2024-01-03\. Decide 2024-01-03 or later"
    ):
        first_known_day(inputs_known_on(WEDNESDAY), Window(MONDAY, FRIDAY))


def test_a_shop_without_goods_says_what_to_hand_in() -> None:
    with pytest.raises(dg.Failure, match="Hand in order_lines or daily_sales"):
        first_known_day(inputs_known_on(), Window(MONDAY, FRIDAY))
