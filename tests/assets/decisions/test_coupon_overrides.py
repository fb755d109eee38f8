"""Which merchandisers' decisions the plan of a day honours."""

from datetime import date

import polars as pl

from assets.as_of import Versions
from assets.decisions.coupon_overrides import overrides_of, told_with_numbers

DAY = date(2025, 3, 10)


def decisions(*rows: tuple) -> Versions:
    """Rows of (number, action, segment, count, valid from, valid to, known on, superseded on), all about coupon c3."""
    names = ["override_id", "override_action", "segment", "override_count", "valid_from", "valid_to", "known_on", "superseded_on"]
    kinds = [pl.String, pl.String, pl.String, pl.Int64, pl.Date, pl.Date, pl.Date, pl.Date]
    frame = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    return Versions(frame.with_columns(coupon_id=pl.lit("c3"), customer_key=pl.lit(None, dtype=pl.String)))


def test_only_what_is_valid_and_known_that_day_counts() -> None:
    before, after = date(2025, 3, 1), date(2025, 3, 20)
    found = overrides_of(
        decisions(
            ("1", "forbid", "new", None, before, after, before, None),
            ("2", "forbid", "old", None, before, date(2025, 3, 9), before, None),  # over
            ("3", "forbid", "all", None, after, after, before, None),  # not yet
            ("4", "forbid", "vip", None, before, after, date(2025, 3, 11), None),  # known a day too late
            ("5", "forbid", "few", None, before, after, before, date(2025, 3, 5)),  # taken back
        ),
        DAY,
    )
    assert found["override_id"].to_list() == ["1"]


def test_of_two_fixed_counts_of_one_cell_the_later_number_holds() -> None:
    found = overrides_of(decisions(("7", "fix", "new", 5, DAY, DAY, DAY, None), ("8", "fix", "new", 6, DAY, DAY, DAY, None)), DAY)
    assert found.select("override_id", "override_count").rows() == [("8", 6)]


def test_two_decisions_that_say_the_same_are_both_told() -> None:
    twice = overrides_of(
        decisions(("1", "forbid", "new", None, DAY, DAY, DAY, None), ("2", "forbid", "new", None, DAY, DAY, DAY, None)), DAY
    )
    told = twice.drop("override_id").unique().with_columns(outcome=pl.lit("honoured"))
    assert told_with_numbers(told, twice).select("override_id", "outcome").rows() == [("1", "honoured"), ("2", "honoured")]
