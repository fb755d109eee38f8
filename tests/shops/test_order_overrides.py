"""Buyers' decisions as they come in: what is refused, from when they are known, and that nobody's name lands."""

from datetime import date

import pytest

from shops.check import check_shop
from shops.intake import read_table

HEADER = "order_day,product_id,location_id,action,units,reason,decided_by,note,recorded_at\n"
GOOD = "2024-03-05,tea,north,edit,30,promotion,Ann Example,for Ann,2024-03-05 08:00\n"


@pytest.mark.parametrize(
    ("bad", "code", "said"),
    [
        (GOOD.replace("30", "-1"), "out_of_range", "units is '-1'; it must be at least 0 and at most 10,000,000."),
        (GOOD.replace("30", "many"), "not_a_number", "units is 'many'; a number such as 1234.5 was expected."),
        (GOOD.replace("30", "nan"), "not_finite", "units is 'nan'; a finite number was expected."),
        (GOOD.replace("30", ""), "missing_required", "units is empty."),
        (GOOD.replace("edit", "cancel"), "not_allowed", "action is 'cancel'; allowed are approve, edit, reject."),
        (GOOD.replace("tea", ""), "missing_required", "product_id is empty."),
        (GOOD.replace("promotion", "a whim"), "not_allowed", "reason is 'a whim'"),
        (GOOD.replace("2024-03-05,tea", "soon,tea"), "not_a_date", "order_day is 'soon'"),
        (GOOD.replace("2024-03-05,tea", "2024-03-01,tea"), "outside_history", "the first orders go out the day after 2024-03-01"),
    ],
)
def test_bad_decisions_are_refused_with_a_reason_and_without_a_name(refusal_of_second, bad: str, code: str, said: str) -> None:
    found, reason = refusal_of_second("order_overrides", HEADER + GOOD + bad)
    assert found == code
    assert said in reason


def test_no_name_lands(make_shop, key) -> None:
    landed = read_table(make_shop({"order_overrides.csv": HEADER + GOOD}), "order_overrides", key).accepted
    assert {"decided_by", "note"}.isdisjoint(landed.columns)
    assert "Ann" not in str(landed.rows())


@pytest.mark.parametrize("line", ["reject,,", "approve,,", "approve,12,"])
def test_only_an_edit_needs_units(make_shop, key, line: str) -> None:
    text = "order_day,product_id,action,units,recorded_at\n2024-03-05,tea," + line + "\n"
    landed = read_table(make_shop({"order_overrides.csv": text}), "order_overrides", key).accepted
    assert landed.select("product_id", "location_id").rows() == [("tea", "main")]


@pytest.mark.parametrize(
    ("recorded_at", "known_on"),
    [
        ("2024-03-03 09:00", date(2024, 3, 3)),  # planned ahead
        ("2024-03-04 23:00", date(2024, 3, 4)),
        ("2024-03-05 08:00", date(2024, 3, 4)),  # in the morning, before the order goes out
        ("2024-03-05 23:59", date(2024, 3, 4)),
        ("2024-03-06 00:01", date(2024, 3, 6)),  # too late
        ("", date(2024, 3, 4)),
    ],
)
def test_a_decision_in_time_is_part_of_the_order_decided_the_evening_before(make_shop, key, recorded_at: str, known_on: date) -> None:
    shop = make_shop({"order_overrides.csv": HEADER + GOOD.replace("2024-03-05 08:00", recorded_at)})
    assert read_table(shop, "order_overrides", key).accepted["known_on"].to_list() == [known_on]


def test_the_check_names_products_and_places_that_nobody_knows(make_shop) -> None:
    files = {
        "order_lines.csv": "order_id,line_id,order_ts,product_id,units,unit_price\n1,1,2024-03-02 10:00,tea,2,3.5\n",
        "products.csv": "product_id,product_name\ntea,Tea\n",
        "order_overrides.csv": HEADER + GOOD + GOOD.replace("tea", "tae"),
    }
    shop = make_shop(files)
    notes = [note for note in check_shop(shop.path).notes if note.startswith("order_overrides")]
    assert len(notes) == 1
    assert "'tae'" in notes[0]
    assert "nothing is ordered" in notes[0]
