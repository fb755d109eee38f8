"""Merchandisers' decisions about coupons as they come in: what is refused, and that nobody's name lands."""

import pytest

from shops.intake import read_table

HEADER = "override_id,action,coupon_id,customer_id,segment,coupons,valid_from,valid_to,decided_by,note,recorded_at\n"
GIVE = "1,give,c3,C1,,,2024-03-05,,Ann Example,for Ann,2024-03-05 08:00\n"
FIX = "2,fix,c3,,new,20,2024-03-05,2024-03-09,Ann Example,,2024-03-05 08:00\n"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (GIVE.replace("1,give", "3,give").replace("C1", ""), "missing_required"),
        (FIX.replace("2,fix", "3,fix").replace("new", ""), "missing_required"),
        (FIX.replace("2,fix", "3,fix").replace("20,2024-03-05", ",2024-03-05"), "missing_required"),
        (GIVE.replace("1,give", "3,push"), "not_allowed"),
        (FIX.replace("2,fix", "3,fix").replace("2024-03-09", "2024-03-04"), "out_of_range"),
    ],
)
def test_decisions_that_say_nothing_are_refused(make_shop, key, bad: str, code: str) -> None:
    intake = read_table(make_shop({"coupon_overrides.csv": HEADER + GIVE + FIX + bad}), "coupon_overrides", key)
    assert intake.counts.rows() == [("coupon_overrides", "coupon_overrides.csv", 3, 2, 1)]
    assert intake.quarantine["reason_code"].to_list() == [code]
    assert "Ann" not in intake.quarantine["raw"].item()


def test_only_the_pseudonym_lands(make_shop, key) -> None:
    landed = read_table(make_shop({"coupon_overrides.csv": HEADER + GIVE + FIX}), "coupon_overrides", key).accepted
    assert {"customer_id", "decided_by", "note"}.isdisjoint(landed.columns)
    assert landed["customer_key"].null_count() == 1
    assert "C1" not in landed["customer_key"].to_list()
