"""Profiles of a shop of 130 days against sums added up the slow way, from the orders and sales in force on each evening."""

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest

FIRST = date(2024, 1, 1)
START, END = FIRST + timedelta(60), FIRST + timedelta(130)
ONE_DAY = timedelta(1)
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
        # cleo's hours are not told: midnight
        more["order_ts"] = datetime(day.year, day.month, day.day, 0 if who == "cleo" else random.Random(number).choice([9, 15, 20]))
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
    summed = {name: f"sum({name})" for name in ("gross_revenue", "discount_amount", "margin", "units")}
    for name, total in (summed | {"refund_amount": "sum(sale_revenue - net_revenue)"}).items():
        slow |= {f"{name}_{days}": f"{total} filter (business_day > as_of_day - {days})" for days in WINDOWS} | {f"{name}_lifetime": total}
    slow |= {
        "orders_lifetime": "count(*) filter (sale_lines > 0)",
        "net_revenue_lifetime": "sum(net_revenue)",
        "coupon_orders_lifetime": "count(*) filter (has_coupon)",
        "cancelled_lines_365": "sum(cancelled_lines)",
        "return_orders_365": "count(*) filter (return_lines > 0)",
        "repeat_share": "(count(*) filter (sale_lines > 0) - 1) / nullif(count(*) filter (sale_lines > 0), 0)",
        "recency_days": "as_of_day - max(business_day) filter (sale_lines > 0)",
        "tenure_days": "as_of_day - min(business_day) filter (sale_lines > 0)",
        "channel_count": "count(distinct channel) filter (sale_lines > 0)",
    }
    assert grown_shop.rows("select count(*), count(distinct customer_key) from marts.customer_profile") == [(210, 3)]
    assert differing(grown_shop, "customer_profile", "customer_key", slow, "intermediate.int_orders") == []


def test_every_evening_comes_to_what_the_lines_of_its_customers_come_to(grown_shop: Any) -> None:
    """Straight from the order lines; the orders in between are left aside."""
    slow = {
        "gross_revenue_lifetime": "sum(units * unit_price) filter (line_type = 'sale')",
        "discount_amount_84": "sum(discount_amount) filter (line_type = 'sale' and business_day > as_of_day - 84)",
        "refund_amount_28": "-sum(net_revenue) filter (line_type = 'return' and business_day > as_of_day - 28)",
        "net_revenue_365": "sum(net_revenue)",
        "cancelled_lines_365": "count(*) filter (is_cancelled)",
    }
    assert differing(grown_shop, "customer_profile", "customer_key", slow, "marts.fct_order_lines") == []
    told = grown_shop.rows(
        f"select {', '.join(f'min({name}) > 0' for name in slow)} from marts.customer_profile where as_of_day = '{END - ONE_DAY}'"
    )
    assert told == [(True,) * len(slow)], "there is something to add up"
    grown_shop.run(END - ONE_DAY, END, "--select", "profiles_add_up_to_order_lines", command="test")


def test_a_profile_that_does_not_add_up_is_found(grown_shop: Any) -> None:
    import duckdb

    change = "update marts.customer_profile set refund_amount_84 = refund_amount_84 {} where as_of_day = ?"
    with duckdb.connect(str(grown_shop.warehouse)) as connection:
        connection.execute(change.format("+ 1"), [END - ONE_DAY])
    with pytest.raises(AssertionError, match="profiles_add_up_to_order_lines"):
        grown_shop.run(END - ONE_DAY, END, "--select", "profiles_add_up_to_order_lines", command="test")
    with duckdb.connect(str(grown_shop.warehouse)) as connection:
        connection.execute(change.format("- 1"), [END - ONE_DAY])


def lifecycle_of(order_days: list[date], day: date, gap: float) -> str:
    """The lifecycle on `day` of a customer with this rhythm."""
    past = [each for each in order_days if each <= day]
    if len(past) == 1 and (day - past[0]).days < 28:
        return "new"
    since = (day - past[-1]).days
    return "active" if since <= 1.5 * gap else "at_risk" if since <= 3 * gap else "lapsed" if since <= 6 * gap else "lost"


def test_the_lifecycle_is_dated_as_if_every_day_had_been_looked_at(grown_shop: Any) -> None:
    columns = "as_of_day, customer_key, first_order_day, expected_gap_days, lifecycle, lifecycle_since, previous_lifecycle"
    orders = grown_shop.rows("select customer_key, business_day, known_on, superseded_on from intermediate.int_orders where sale_lines > 0")
    seen = set()
    for evening, customer, first, gap, lifecycle, since, previous in grown_shop.rows(f"select {columns} from marts.customer_profile"):
        days = sorted(
            {day for who, day, known, gone in orders if who == customer and known <= evening and (gone is None or gone > evening)}
        )
        course = [
            (first + timedelta(number), lifecycle_of(days, first + timedelta(number), gap)) for number in range((evening - first).days + 1)
        ]
        assert course[-1][1] == lifecycle
        began = next((day for day, was in reversed(course) if was != lifecycle), first - ONE_DAY) + ONE_DAY
        before = dict(course).get(began - ONE_DAY)
        assert (since, previous) == (began, before), (evening, customer)
        seen.add((before, lifecycle))
    assert len(seen) >= 4, seen


def test_old_snapshots_are_thinned_out_to_month_ends(grown_shop: Any) -> None:
    later = END + timedelta(40)
    grown_shop.run(
        END,
        END + ONE_DAY,
        "--select",
        "customer_profile",
        COUNTINGHOUSE_AS_OF_START=str(later),
        COUNTINGHOUSE_AS_OF_END=str(later + ONE_DAY),
    )
    kept = [day for (day,) in grown_shop.rows("select distinct as_of_day from marts.customer_profile order by 1")]
    everything = [START + timedelta(number) for number in range((END - START).days)] + [later]
    is_kept = [day for day in everything if day >= later - timedelta(92) or (day + ONE_DAY).day == 1]
    assert kept == is_kept
    assert len(kept) < len(everything)


def test_the_preferred_hour_is_the_earliest_of_those_with_most_orders(grown_shop: Any) -> None:
    hours = (
        "select as_of_day, profile.customer_key, hour(order_ts) as hour, count(*) as orders from marts.customer_profile as profile "
        f"inner join marts.fct_order_lines as lines using (customer_key) where line_type = 'sale' and {in_force('lines')} group by all"
    )
    slow = f"select as_of_day, customer_key, arg_max(hour, row(orders, -hour)) as hour from ({hours}) group by all"
    wrong = f"select * from marts.customer_profile inner join ({slow}) as slow using (as_of_day, customer_key) where preferred_hour <> hour"
    assert grown_shop.rows(f"{wrong} and customer_key <> 'cleo'") == []
    assert len(grown_shop.rows("select distinct preferred_hour from marts.customer_profile where preferred_hour is not null")) > 1
    assert grown_shop.rows("select distinct customer_key from marts.customer_profile where preferred_hour is null") == [("cleo",)]


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
