"""Buyers' decisions in the marts: the last one in time holds, a late one stands beside it."""

from datetime import date, datetime
from typing import Any

import pytest

FIRST, END = date(2024, 3, 1), date(2024, 3, 9)
ORDER_DAY = date(2024, 3, 4)


def decision(action: str, units: float | None, recorded_at: datetime | None, known_on: date) -> dict[str, object]:
    """One record as the intake lands it."""
    about = {"order_day": ORDER_DAY, "business_day": ORDER_DAY, "product_id": "tea", "location_id": "main"}
    return {**about, "action": action, "units": units, "recorded_at": recorded_at, "known_on": known_on}


@pytest.fixture(scope="module")
def decided(shop: Any) -> Any:
    """Planned ahead on the 2nd, edited twice in the morning of the order day (known the evening before), and once after it."""
    shop.land(
        "order_overrides",
        [
            decision("reject", None, datetime(2024, 3, 2, 9), date(2024, 3, 2)),
            decision("edit", 20.0, datetime(2024, 3, 4, 8), date(2024, 3, 3)),
            decision("edit", 24.0, datetime(2024, 3, 4, 9), date(2024, 3, 3)),
            decision("edit", 99.0, datetime(2024, 3, 6, 9), date(2024, 3, 6)),
        ],
    )
    shop.run(FIRST, END)
    return shop


@pytest.mark.parametrize(
    ("day", "known"),
    [
        (1, []),
        (2, [(True, "reject", None)]),
        (3, [(True, "edit", 24.0)]),
        (6, [(False, "edit", 99.0), (True, "edit", 24.0)]),
    ],
)
def test_the_last_decision_in_time_is_in_force(decided: Any, day: int, known: list[tuple]) -> None:
    rows = decided.as_of("fct_order_overrides", date(2024, 3, day))
    assert decided.rows(f"select is_in_time, override_action, override_units from {rows} order by 1") == known
