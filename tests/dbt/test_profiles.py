"""Profiles of a shop of 130 days against sums added up the slow way, from the orders and sales in force on each evening."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

FIRST = date(2024, 1, 1)
START, END = FIRST + timedelta(60), FIRST + timedelta(130)
WINDOWS = (28, 84, 365)


@pytest.fixture(scope="module")
def grown_shop(shop: Any) -> Any:
    """150 orders; many are corrected or cancelled, some on the very day they leave a window."""
    draw = random.Random(5)
    lines = []
    for number in range(150):
        day = FIRST + timedelta(draw.randrange(125))
        who = draw.choice(["anna", "ben", "cleo"])
        what = (draw.choice(["tea", "cup"]), draw.choice([1, 2, 3, -1]), draw.choice([4.0, 5.5]))
        more = {"customer_key": who, "channel": draw.choice(["web", "store"])}
        lines.append(shop.line(f"o{number}", 1, day, *what, **more))
        known_on = day + timedelta(draw.choice([1, 28, 84]))
        if number % 3 == 0 and known_on < END:
            change = {"line_type": "cancellation"} if number % 2 else {"discount_amount": 1.0}
            lines.append(shop.line(f"o{number}", 1, day, *what, known_on=known_on, **{**more, **change}))
    shop.land("order_lines", lines)
    products = [("tea", "drink", 2.0), ("cup", "ware", 3.0)]
    shop.land("products", [{"product_id": name, "category": kind, "unit_cost": cost, "known_on": FIRST} for name, kind, cost in products])
    shop.run(FIRST, END, COUNTINGHOUSE_AS_OF_START=START.isoformat(), COUNTINGHOUSE_AS_OF_END=END.isoformat())
    return shop


def in_force(rows: str) -> str:
    return f"{rows}.known_on <= as_of_day and coalesce({rows}.superseded_on, date '9999-12-31') > as_of_day"


def differing(shop: Any, profile: str, key: str, slow: dict[str, str], table: str) -> list[tuple]:
    """Rows of `profile` whose columns differ from the expressions of `slow` over the rows of `table` in force that evening."""
    sums = ", ".join(f"{expression} as {name}" for name, expression in slow.items())
    unequal = " or ".join(f"abs(profile.{name} - coalesce(slow.{name}, 0)) > 1e-9" for name in slow)
    return shop.rows(
        f"with slow as (select as_of_day, {key}, {sums} from (select as_of_day, {key} from marts.{profile}) as days "
        f"inner join {table} as facts using ({key}) where {in_force('facts')} group by as_of_day, {key}) "
        f"select * from marts.{profile} as profile left join slow using (as_of_day, {key}) where {unequal}"
    )


def test_every_evening_of_every_customer_adds_up(grown_shop: Any) -> None:
    counted = "count(*) filter (sale_lines > 0 and business_day > as_of_day - {})"
    slow = {f"orders_{days}": counted.format(days) for days in WINDOWS}
    slow |= {f"net_revenue_{days}": f"sum(net_revenue) filter (business_day > as_of_day - {days})" for days in WINDOWS}
    slow |= {
        "orders_lifetime": "count(*) filter (sale_lines > 0)",
        "net_revenue_lifetime": "sum(net_revenue)",
        "margin_365": "sum(margin)",
        "units_365": "sum(units)",
        "recency_days": "as_of_day - max(business_day) filter (sale_lines > 0)",
        "tenure_days": "as_of_day - min(business_day) filter (sale_lines > 0)",
        "channel_count": "count(distinct channel) filter (sale_lines > 0)",
    }
    assert grown_shop.rows("select count(*), count(distinct customer_key) from marts.customer_profile") == [(210, 3)]
    assert differing(grown_shop, "customer_profile", "customer_key", slow, "intermediate.int_orders") == []


def test_every_evening_of_every_product_adds_up(grown_shop: Any) -> None:
    slow = {f"units_{days}": f"sum(units) filter (business_day > as_of_day - {days})" for days in WINDOWS}
    slow |= {f"net_revenue_{days}": f"sum(net_revenue) filter (business_day > as_of_day - {days})" for days in WINDOWS}
    assert grown_shop.rows("select count(*) from marts.product_profile") == [(140,)]
    assert differing(grown_shop, "product_profile", "product_id", slow, "marts.fct_sales_daily") == []


def test_gaps_and_shares_follow_from_the_order_days(grown_shop: Any) -> None:
    days = (
        "select distinct as_of_day, profile.customer_key, business_day from marts.customer_profile as profile "
        f"inner join intermediate.int_orders as orders using (customer_key) where sale_lines > 0 and {in_force('orders')}"
    )
    gap = "business_day - lag(business_day) over (partition by as_of_day, customer_key order by business_day)"
    slow = "select as_of_day, customer_key, avg(gap) as mean, stddev_samp(gap) as sd, max(gap) as longest from gaps group by all"
    gaps = grown_shop.rows(
        f"with days as ({days}), gaps as (select *, {gap} as gap from days), slow as ({slow}) "
        "select * from marts.customer_profile inner join slow using (as_of_day, customer_key) "
        "where abs(gap_mean_days - mean) > 1e-9 or abs(gap_sd_days - sd) > 1e-9 or gap_max_days <> longest"
    )
    assert gaps == []
    top = grown_shop.rows("select distinct top_category from marts.customer_profile order by 1")
    assert top == [("drink",), ("ware",)]
    assert grown_shop.rows("select min(top_category_share) >= 0.5, max(top_category_share) <= 1 from marts.customer_profile") == [
        (True, True)
    ]
