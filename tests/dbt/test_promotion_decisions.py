"""An approved promotion is announced from the evening it is known, for every reader of promotions, until it is taken back."""

from datetime import date, datetime
from typing import Any

import pytest

FIRST, END = date(2024, 3, 1), date(2024, 3, 12)
MONDAY = date(2024, 3, 4)


def decision(action: str, recorded_at: datetime, **changes: object) -> dict[str, object]:
    """One record as the intake lands it."""
    about = {"product_id": "tea", "location_id": "main", "starts_on": MONDAY, "business_day": MONDAY, "promotion_name": "20 percent"}
    share = 0.2 if action == "approve" else None
    return {**about, "action": action, "discount_share": share, "recorded_at": recorded_at, "known_on": recorded_at.date(), **changes}


@pytest.fixture(scope="module")
def decided(shop: Any) -> Any:
    """Approved on the 1st, made deeper on the 2nd, taken back on the 6th; another one approved for two days; the shop's own beside them."""
    shop.clear()
    shop.land(
        "promotion_decisions",
        [
            decision("approve", datetime(2024, 3, 1, 9)),
            decision("approve", datetime(2024, 3, 2, 9), discount_share=0.3),
            decision("reject", datetime(2024, 3, 6, 9), promotion_name=None),
            decision("approve", datetime(2024, 3, 2, 9), product_id="cup", ends_on=date(2024, 3, 5)),
            decision("reject", datetime(2024, 3, 2, 9), product_id="pot"),
        ],
    )
    own = {"promotion_id": "spring", "product_id": "tea", "location_id": "all", "starts_on": date(2024, 3, 9), "ends_on": date(2024, 3, 9)}
    shop.land("promotions", [{**own, "discount_share": 0.1, "business_day": date(2024, 3, 9), "known_on": FIRST}])
    stock = [(product, number) for product in ("tea", "cup", "pot") for number in range(1, 11)]
    shop.land(
        "stock_levels",
        [
            {"business_day": day, "product_id": product, "location_id": "main", "on_hand": 5.0, "known_on": day}
            for product, day in ((product, date(2024, 3, number)) for product, number in stock)
        ],
    )
    shop.run(FIRST, END)
    return shop


@pytest.mark.parametrize(
    ("day", "known"),
    [
        (1, [("spring", "tea", 9, 9, 0.1), ("approved 2024-03-04", "tea", 4, 10, 0.2)]),
        (2, [("spring", "tea", 9, 9, 0.1), ("approved 2024-03-04", "cup", 4, 5, 0.2), ("approved 2024-03-04", "tea", 4, 10, 0.3)]),
        (6, [("spring", "tea", 9, 9, 0.1), ("approved 2024-03-04", "cup", 4, 5, 0.2)]),
    ],
)
def test_what_is_approved_is_announced_until_it_is_taken_back(decided: Any, day: int, known: list[tuple]) -> None:
    rows = decided.as_of("fct_promotions", date(2024, 3, day))
    columns = "promotion_id, product_id, day(starts_on), day(ends_on), discount_share"
    assert decided.rows(f"select {columns} from {rows} order by promotion_id desc, product_id") == known


def test_the_panel_marks_its_days_as_they_were_known(decided: Any) -> None:
    def promoted(day: int) -> list[tuple]:
        rows = decided.as_of("sales_panel", date(2024, 3, day))
        return decided.rows(f"select product_id, day(business_day) from {rows} where on_promotion order by 1, 2")

    assert promoted(5) == [("cup", 4), ("cup", 5), ("tea", 4), ("tea", 5)]
    assert promoted(10) == [("cup", 4), ("cup", 5), ("tea", 9)]  # what was taken back on the 6th is not held against its days


def test_a_rejection_is_kept_as_a_decision(decided: Any) -> None:
    rows = decided.as_of("fct_promotion_decisions", date(2024, 3, 6))
    told = decided.rows(f"select product_id, action, day(ends_on), promotion_name from {rows} order by 1")
    assert told == [("cup", "approve", 5, "20 percent"), ("pot", "reject", 10, "20 percent"), ("tea", "reject", 10, None)]
