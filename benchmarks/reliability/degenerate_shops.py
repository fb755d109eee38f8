"""Shops at the edge through the whole chain: nothing to spend, nothing in stock, nobody to sell to, no past.

Wanted of each: a green run with explained tables and no impossible number, or one clear error that says what to do. What is special about
a shop is said by its own expectation. `small` runs one of them, `full` all.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_chain import Ran, TinyChain, impossible_numbers
from benchmarks.reliability.tiny_shop import TinyShop, tiny_shop
from shops.check import check_shop, render

Frames = dict[str, pl.DataFrame]
EXPLAINED = {
    "replenishment_orders": ("sentence", "reason_code"),
    "supplier_orders": ("sentence",),
    "coupon_budget": ("sentence",),
    "coupon_assignments": ("sentence",),
    "limits": ("sentence",),
    "plan_certificates": ("status", "input_hash"),
    "alerts": ("message",),
}
PLANS = ["coupon_assignments", "coupon_budget", "replenishment"]
ROOMS = ("marts", "demand", "customers", "response", "decisions", "review")
STATUSES = {"optimal", "feasible", "relaxed", "empty"}
ABOUT = {
    "order_lines": "order_ts",
    "daily_sales": "business_day",
    "stock_levels": "business_day",
    "purchase_orders": "ordered_on",
    "coupon_redemptions": "redeemed_on",
    "coupon_assignments": "assigned_on",
    "web_events": "event_ts",
    "ad_spend": "business_day",
    "competitor_prices": "observed_on",
}


def with_tables(shop: TinyShop, **changed: pl.DataFrame | None) -> TinyShop:
    """The shop with tables replaced, or taken away where None is given."""
    tables = {**shop.tables, **changed}
    return replace(shop, tables={name: frame for name, frame in tables.items() if frame is not None})


def only_tables(shop: TinyShop, *names: str) -> TinyShop:
    """The shop with these tables and no others."""
    return replace(shop, tables={name: shop.tables[name] for name in names})


def without_days(shop: TinyShop, first: date, last: date) -> TinyShop:
    """No event happened from `first` to `last`; reference data stay."""
    tables = {
        name: frame.filter(~pl.col(ABOUT[name]).cast(pl.Date).is_between(first, last)) if name in ABOUT else frame
        for name, frame in shop.tables.items()
    }
    return replace(shop, tables=tables)


def with_limits(shop: TinyShop, **limits: float) -> TinyShop:
    """The shop with other budgets in shop.toml."""
    return replace(shop, limits={**shop.limits, **limits})


def _no_budgets() -> TinyShop:
    return with_limits(tiny_shop(), coupon_budget=0.0, purchase_budget=0.0)


def _nothing_in_stock() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, stock_levels=shop.tables["stock_levels"].with_columns(on_hand=pl.lit(0.0)))


def _supplier_minimum_above_budget() -> TinyShop:
    shop = tiny_shop()
    return with_limits(
        with_tables(shop, suppliers=shop.tables["suppliers"].with_columns(min_order_value=pl.lit(5000.0))), purchase_budget=100.0
    )


def _room_for_nothing() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, locations=shop.tables["locations"].with_columns(volume_capacity_m3=pl.lit(0.0)))


def _one_customer_one_product() -> TinyShop:
    return tiny_shop(customers=1, products=1)


def _first_day() -> TinyShop:
    return tiny_shop(days=1)


def _second_day() -> TinyShop:
    return tiny_shop(days=2)


def _first_week() -> TinyShop:
    return tiny_shop(days=7)


def _closed_a_month_ago() -> TinyShop:
    shop = tiny_shop()
    return without_days(shop, shop.last_day - timedelta(days=60), shop.last_day - timedelta(days=31))


def _closed_since_a_month() -> TinyShop:
    shop = tiny_shop()
    return without_days(shop, shop.last_day - timedelta(days=29), shop.last_day)


def _closed_next_month() -> TinyShop:
    shop = tiny_shop()
    days = [shop.last_day + timedelta(days=step) for step in range(1, 61)]
    closed = pl.DataFrame({"business_day": days, "event_name": "refit", "is_open": False, "recorded_at": shop.first_day})
    closed = closed.with_columns(pl.col("recorded_at").cast(pl.Datetime("us")))
    return with_tables(shop, calendar=pl.concat([shop.tables["calendar"], closed.select(shop.tables["calendar"].columns)]))


def _all_prices_equal() -> TinyShop:
    shop = tiny_shop()
    tables = shop.tables
    return with_tables(
        shop,
        order_lines=tables["order_lines"].with_columns(unit_price=pl.lit(5.0), discount_amount=pl.lit(0.0)),
        products=tables["products"].with_columns(regular_price=pl.lit(5.0), unit_cost=pl.lit(2.0)),
        prices=tables["prices"].with_columns(price=pl.lit(5.0)),
        promotions=None,
    )


def _all_prices_zero() -> TinyShop:
    shop = tiny_shop()
    tables = shop.tables
    return with_tables(
        shop,
        order_lines=tables["order_lines"].with_columns(unit_price=pl.lit(0.0), discount_amount=pl.lit(0.0)),
        products=tables["products"].with_columns(regular_price=pl.lit(0.0), unit_cost=pl.lit(0.0)),
        prices=tables["prices"].with_columns(price=pl.lit(0.0)),
    )


def _no_products_table() -> TinyShop:
    return with_tables(tiny_shop(), products=None)


def _only_order_lines() -> TinyShop:
    return only_tables(tiny_shop(), "order_lines")


def _only_returns() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, order_lines=shop.tables["order_lines"].filter(pl.col("line_type") == "return"))


def _only_cancellations() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, order_lines=shop.tables["order_lines"].filter(pl.col("line_type") == "cancellation"))


def _only_daily_sales() -> TinyShop:
    shop = tiny_shop()
    sold = shop.tables["order_lines"].filter(pl.col("line_type") == "sale")
    daily = sold.group_by("product_id", business_day=pl.col("order_ts").dt.date(), maintain_order=True).agg(pl.col("units").sum())
    return replace(shop, tables={"daily_sales": daily})


def _one_order_line() -> TinyShop:
    shop = tiny_shop()
    return replace(shop, tables={"order_lines": shop.tables["order_lines"].filter(pl.col("line_type") == "sale").head(1)})


def _one_order_line_today() -> TinyShop:
    shop = tiny_shop()
    last = shop.tables["order_lines"].filter(pl.col("line_type") == "sale", pl.col("order_ts").dt.date() == shop.last_day)
    return replace(shop, tables={"order_lines": last.head(1)})


def _no_sales_at_all() -> TinyShop:
    return with_tables(tiny_shop(), order_lines=None, coupon_redemptions=None)


def _no_tables() -> TinyShop:
    return replace(tiny_shop(), tables={})


def _no_consent() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, customers=shop.tables["customers"].with_columns(email_consent=pl.lit(False)))


def _nobody_known() -> TinyShop:
    shop = tiny_shop()
    lines = shop.tables["order_lines"].with_columns(customer_id=pl.lit(None, dtype=pl.String))
    return with_tables(shop, order_lines=lines, customers=None, coupon_assignments=None, coupon_redemptions=None)


def _no_coupons_in_issue() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, coupons=shop.tables["coupons"].with_columns(issuance_limit=pl.lit(0, dtype=pl.Int64)))


def _everything_is_a_service() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, products=shop.tables["products"].with_columns(is_service=pl.lit(True)))


def _everything_discontinued() -> TinyShop:
    shop = tiny_shop()
    return with_tables(shop, products=shop.tables["products"].with_columns(discontinued_on=pl.lit(shop.last_day - timedelta(days=40))))


def _nothing_ordered(tables: Frames, reason: str) -> Iterator[str]:
    orders = tables["replenishment_orders"]
    if orders["order_units"].sum() != 0:
        yield "something is ordered"
    if orders.is_empty() or set(orders["reason_code"]) != {reason}:
        yield f"orders have the reasons {sorted(set(orders['reason_code']))}, expected {reason}"


def _something_ordered(tables: Frames) -> Iterator[str]:
    if tables["replenishment_orders"]["order_units"].sum() <= 0:
        yield "nothing is ordered"


def _nobody_gets_a_coupon(tables: Frames, word: str) -> Iterator[str]:
    assignments = tables["coupon_assignments"]
    if assignments["coupon_id"].count():
        yield "somebody gets a coupon"
    if not assignments["sentence"].str.contains(word, literal=True).any():
        yield f"no assignment says {word!r}"


def _no_coupon_plan(tables: Frames, word: str) -> Iterator[str]:
    """Nothing causal is known: no assignments, and the pilot (or why there is none) says so."""
    if tables["coupon_assignments"].height or tables["coupon_budget"].height:
        yield "coupons are planned without a trial"
    if not tables["pilot_plan"]["sentence"].str.contains(word, literal=True).any():
        yield f"the pilot plan does not say {word!r}"


def _limits_say(tables: Frames, *words: str) -> Iterator[str]:
    told = " ".join(tables["limits"]["sentence"])
    yield from (f"no limit says {word!r}" for word in words if word not in told)


def _no_budget_holds(tables: Frames) -> Iterator[str]:
    yield from _nothing_ordered(tables, "budget_cut")
    yield from _nobody_gets_a_coupon(tables, "but the total budget is 0.")


def _minimum_collides(tables: Frames) -> Iterator[str]:
    yield from _nothing_ordered(tables, "supplier_minimum")
    yield from _limits_say(tables, "above the purchase budget of 100")


def _is_relaxed(tables: Frames) -> Iterator[str]:
    yield from _nothing_ordered(tables, "capacity_cut")
    status = dict(tables["plan_certificates"].select("plan", "status").rows())["replenishment"]
    if status != "relaxed" or "plan_relaxed" not in set(tables["alerts"]["kind"]):
        yield f"the plan is {status}, and no alert says that a limit gave way"
    yield from _limits_say(tables, "is used up before ordering")


def _no_forecast_beyond(units: float) -> Callable[[Frames], Iterator[str]]:
    def expect(tables: Frames) -> Iterator[str]:
        if tables["demand_forecast"]["forecast_units"].sum() > units:
            yield f"more than {units} units are forecast"

    return expect


def _all_of(*parts: Callable[[Frames], Iterator[str]]) -> Callable[[Frames], Iterator[str]]:
    def expect(tables: Frames) -> Iterator[str]:
        for part in parts:
            yield from part(tables)

    return expect


def _anything(_: Frames) -> Iterator[str]:
    yield from ()


@dataclass(frozen=True)
class Degenerate:
    """A shop, what is expected of its published tables beyond what is expected of all, a part of the one error it must end with where
    nothing can be decided, and how many days are decided (the last ones, in one run)."""

    make: Callable[[], TinyShop]
    expect: Callable[[Frames], Iterator[str]] = _anything
    error: str = ""
    days: int = 1


SHOPS: dict[str, Degenerate] = {
    "no budgets": Degenerate(_no_budgets, _no_budget_holds),
    "nothing in stock, ever": Degenerate(_nothing_in_stock, _something_ordered),
    "supplier minimum above the budget": Degenerate(_supplier_minimum_above_budget, _minimum_collides),
    "a full warehouse": Degenerate(_room_for_nothing, _is_relaxed),
    "one customer, one product": Degenerate(_one_customer_one_product, lambda tables: _no_coupon_plan(tables, "too few for two arms")),
    "first day": Degenerate(_first_day, _something_ordered),
    "second day": Degenerate(_second_day, _something_ordered),
    "first week, every day of it": Degenerate(_first_week, _something_ordered, days=7),
    "closed for a month, a month ago": Degenerate(_closed_a_month_ago, _something_ordered),
    "closed since a month": Degenerate(_closed_since_a_month),
    "closed for the coming two months": Degenerate(
        _closed_next_month, _all_of(_no_forecast_beyond(0), lambda tables: _nothing_ordered(tables, "enough_stock"))
    ),
    "all prices equal": Degenerate(_all_prices_equal, _something_ordered),
    "all prices zero": Degenerate(_all_prices_zero, lambda tables: _nothing_ordered(tables, "blocked")),
    "no products table": Degenerate(_no_products_table, _something_ordered),
    "only order lines": Degenerate(_only_order_lines, lambda tables: _no_coupon_plan(tables, "no coupon can be given out tomorrow")),
    "only returns": Degenerate(_only_returns, _no_forecast_beyond(0)),
    "only cancellations": Degenerate(_only_cancellations, _no_forecast_beyond(0)),
    "only daily sales, without prices": Degenerate(_only_daily_sales, lambda tables: _nothing_ordered(tables, "blocked")),
    "one order line, long ago": Degenerate(_one_order_line, _no_forecast_beyond(1)),
    "one order line, today": Degenerate(_one_order_line_today),
    "no sales at all": Degenerate(_no_sales_at_all, _no_forecast_beyond(0)),
    "no tables": Degenerate(_no_tables, error="Hand in order_lines or daily_sales"),
    "nobody has consented": Degenerate(_no_consent, lambda tables: _nobody_gets_a_coupon(tables, "has not consented")),
    "nobody is known": Degenerate(_nobody_known, lambda tables: _no_coupon_plan(tables, "no customer who may be written to")),
    "no coupon left to give": Degenerate(_no_coupons_in_issue, lambda tables: _nobody_gets_a_coupon(tables, "but the issuance is 0.")),
    "everything is a service": Degenerate(_everything_is_a_service, error="is_service = true do not count"),
    "everything is discontinued": Degenerate(_everything_discontinued, lambda tables: _nothing_ordered(tables, "blocked")),
}
SMALL = ("no budgets",)


def run(size: str, root: Path) -> list[Outcome]:
    """One outcome over all shops of the size."""
    chain = TinyChain(root)
    chosen = SMALL if size == "small" else tuple(SHOPS)
    with trial("degenerate shops: explained tables or one clear error") as outcome:
        for name in chosen:
            outcome.tries += 1
            outcome.faults += 1
            for complaint in judge(chain, SHOPS[name]):
                outcome.expect(False, f"{name}: {complaint}")
    outcome.note = f"{len(chosen)} shops, {outcome.seconds / len(chosen):.0f} s each through the whole chain"
    return [outcome]


def judge(chain: TinyChain, case: Degenerate) -> Iterator[str]:
    """Decide the shop's last day in a fresh house; every complaint about what came of it."""
    shop = case.make()
    chain.forget()
    ran = chain.run(shop, shop.last_day - timedelta(days=case.days - 1), shop.last_day)
    yield from _shop_check_complaints(chain.shop_folder)
    if case.error:
        yield from _error_complaints(ran, case.error)
        return
    if not ran.is_success:
        yield f"the run failed: {ran.errors}"
        return
    tables = chain.published_tables()
    yield from _table_complaints(tables, shop, case.days)
    yield from (f"{column} is not a finite number" for column in impossible_numbers(chain.tables(ROOMS)))
    yield from case.expect(tables)
    words = re.findall(r"\b(?:None|nan|inf)\b", chain.page())
    if words:
        yield f"the page says {words}"


def _shop_check_complaints(folder: Path) -> Iterator[str]:
    if not render(check_shop(folder)).strip():
        yield "`shop check` says nothing"


def _error_complaints(ran: Ran, wanted: str) -> Iterator[str]:
    if ran.is_success or len(ran.errors) != 1:
        yield f"expected one error, got {ran.errors}"
        return
    _, kind, message = ran.errors[0]
    if kind != "Failure" or wanted not in message:
        yield f"expected a Failure that says {wanted!r}; got {kind}: {message}"


def _table_complaints(tables: Frames, shop: TinyShop, days: int) -> Iterator[str]:
    yield from (f"{column} is not a finite number" for column in impossible_numbers(tables))
    for table, columns in EXPLAINED.items():
        silent = tables[table].filter(pl.any_horizontal(pl.col(column).fill_null("").str.strip_chars() == "" for column in columns))
        if silent.height:
            yield f"{silent.height} rows of {table} do not say why"
    certificates = tables["plan_certificates"]
    if sorted(certificates["plan"]) != sorted(PLANS * days):
        yield f"certificates of {sorted(certificates['plan'])}"
    if not set(certificates["status"]) <= STATUSES or not certificates["checked"].all():
        yield f"certificates say {certificates.select('plan', 'status', 'checked').rows()}"
    if certificates.filter((pl.col("violations") != "") & (pl.col("status") != "relaxed")).height:
        yield "a plan that is not called relaxed breaks a limit"
    spent = (("purchase_budget", "replenishment_orders", "order_value"), *(("coupon_budget", plan, "expected_cost") for plan in PLANS[:2]))
    for limit, table, column in spent:
        most = tables[table].group_by("as_of_day").agg(pl.col(column).sum())[column].max() or 0.0
        if most > shop.limits[limit] + 0.005:
            yield f"{table}: {most} is more than the {limit} of {shop.limits[limit]}"
    if tables["demand_forecast"].filter(pl.col("forecast_units").is_null() | (pl.col("forecast_units") < 0)).height:
        yield "forecasts are missing or negative"
