"""Merchandisers' decisions about promotions as they come in: what is refused, from when they are known, and that nobody's name lands."""

from datetime import date

import pytest

from shops.intake import read_table

HEADER = "product_id,starts_on,action,ends_on,promotion_name,discount_share,decided_by,note,recorded_at\n"
GOOD = "tea,2024-03-11,approve,2024-03-17,2 for 1,0.3,Ann Example,for Ann,2024-03-05 08:00\n"


@pytest.mark.parametrize(
    ("bad", "code", "said"),
    [
        (GOOD.replace(",0.3,", ",,"), "missing_required", "discount_share is empty"),
        (GOOD.replace(",0.3,", ",1.3,"), "out_of_range", "discount_share is '1.3'"),
        (GOOD.replace("approve", "perhaps"), "not_allowed", "action is 'perhaps'; allowed are approve, reject."),
        (GOOD.replace("2024-03-17", "2024-03-10"), "out_of_range", "it may not be before starts_on"),
        (GOOD.replace("2024-03-17", "2034-03-17"), "out_of_range", "a promotion runs at most 1,098 days"),
        (GOOD.replace("tea,2024-03-11", "tea,soon"), "not_a_date", "starts_on is 'soon'"),
    ],
)
def test_bad_decisions_are_refused_with_a_reason_and_without_a_name(refusal_of_second, bad: str, code: str, said: str) -> None:
    found, reason = refusal_of_second("promotion_decisions", HEADER + GOOD + bad)
    assert found == code
    assert said in reason


def test_a_rejection_needs_no_cut_and_no_last_day_and_no_name_lands(make_shop, key) -> None:
    text = HEADER + GOOD + "cup,2024-03-11,reject,,,,Ann Example,,2024-03-06 08:00\n"
    landed = read_table(make_shop({"promotion_decisions.csv": text}), "promotion_decisions", key).accepted
    assert landed.select("product_id", "location_id", "action", "known_on").rows() == [
        ("tea", "main", "approve", date(2024, 3, 5)),
        ("cup", "main", "reject", date(2024, 3, 6)),
    ]
    assert {"decided_by", "note"}.isdisjoint(landed.columns)
    assert "Ann" not in str(landed.rows())
