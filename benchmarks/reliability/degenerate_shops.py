"""Shops at the edge through the whole chain: nothing to spend, nothing in stock, nobody to sell to, no past.

Wanted of each: a green run with explained tables and no impossible number, or one clear error that says what to do. What is special about
a shop is said by its own expectation. `small` runs one of them, `full` all.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl

from benchmarks.reliability.edge_shops import EDGE_SHOPS
from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_chain import Ran, TinyChain, impossible_numbers
from benchmarks.reliability.tiny_shop import TinyShop
from shops.check import check_shop, render

Frames = dict[str, pl.DataFrame]
EXPLAINED = {
    "replenishment_orders": ("sentence", "reason_code"),
    "supplier_orders": ("sentence",),
    "coupon_budget": ("sentence",),
    "coupon_assignments": ("sentence",),
    "ad_budget": ("sentence",),
    "limits": ("sentence",),
    "plan_certificates": ("status", "input_hash"),
    "alerts": ("message",),
}
PLANS = ["ad_budget", "coupon_assignments", "coupon_budget", "replenishment"]
ROOMS = ("marts", "demand", "customers", "response", "decisions", "review")
STATUSES = {"optimal", "feasible", "relaxed", "empty"}


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
class Wanted:
    """What is expected of a shop's published tables beyond what is expected of all, a part of the one error it must end with where
    nothing can be decided, and how many days are decided (the last ones, in one run)."""

    expect: Callable[[Frames], Iterator[str]] = _anything
    error: str = ""
    days: int = 1


WANTED: dict[str, Wanted] = {
    "no budgets": Wanted(_no_budget_holds),
    "nothing in stock, ever": Wanted(_something_ordered),
    "supplier minimum above the budget": Wanted(_minimum_collides),
    "a full warehouse": Wanted(_is_relaxed),
    "one customer, one product": Wanted(lambda tables: _no_coupon_plan(tables, "too few for two arms")),
    "first day": Wanted(_something_ordered),
    "second day": Wanted(_something_ordered),
    "first week, every day of it": Wanted(_something_ordered, days=7),
    "closed for a month, a month ago": Wanted(_something_ordered),
    "closed since a month": Wanted(),
    "closed for the coming two months": Wanted(_all_of(_no_forecast_beyond(0), lambda tables: _nothing_ordered(tables, "enough_stock"))),
    "all prices equal": Wanted(_something_ordered),
    "all prices zero": Wanted(lambda tables: _nothing_ordered(tables, "blocked")),
    "no products table": Wanted(_something_ordered),
    "only order lines": Wanted(lambda tables: _no_coupon_plan(tables, "no coupon can be given out tomorrow")),
    "only returns": Wanted(_no_forecast_beyond(0)),
    "only cancellations": Wanted(_no_forecast_beyond(0)),
    "only daily sales, without prices": Wanted(lambda tables: _nothing_ordered(tables, "blocked")),
    "one order line, long ago": Wanted(_no_forecast_beyond(1)),
    "one order line, today": Wanted(),
    "no sales at all": Wanted(_no_forecast_beyond(0)),
    "no tables": Wanted(error="Hand in order_lines or daily_sales"),
    "nobody has consented": Wanted(lambda tables: _nobody_gets_a_coupon(tables, "has not consented")),
    "nobody is known": Wanted(lambda tables: _no_coupon_plan(tables, "no customer who may be written to")),
    "no coupon left to give": Wanted(lambda tables: _nobody_gets_a_coupon(tables, "but the issuance is 0.")),
    "everything is a service": Wanted(error="is_service = true do not count"),
    "everything is discontinued": Wanted(lambda tables: _nothing_ordered(tables, "blocked")),
}
SMALL = ("no budgets",)


def run(size: str, root: Path) -> list[Outcome]:
    """One outcome over all shops of the size."""
    chain = TinyChain(root)
    chosen = SMALL if size == "small" else tuple(EDGE_SHOPS)
    with trial("degenerate shops: explained tables or one clear error") as outcome:
        for name in chosen:
            outcome.tries += 1
            outcome.faults += 1
            for complaint in judge(chain, EDGE_SHOPS[name](), WANTED[name]):
                outcome.expect(False, f"{name}: {complaint}")
    outcome.note = f"{len(chosen)} shops, {outcome.seconds / len(chosen):.0f} s each through the whole chain"
    return [outcome]


def judge(chain: TinyChain, shop: TinyShop, wanted: Wanted) -> Iterator[str]:
    """Decide the shop's last day in a fresh house; every complaint about what came of it."""
    chain.forget()
    ran = chain.run(shop, shop.last_day - timedelta(days=wanted.days - 1), shop.last_day)
    yield from _shop_check_complaints(chain.shop_folder)
    if wanted.error:
        yield from _error_complaints(ran, wanted.error)
        return
    if not ran.is_success:
        yield f"the run failed: {ran.errors}"
        return
    tables = chain.published_tables()
    yield from _table_complaints(tables, shop, wanted.days)
    yield from (f"{column} is not a finite number" for column in impossible_numbers(chain.tables(ROOMS)))
    yield from wanted.expect(tables)
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
    spent = (
        ("purchase_budget", "replenishment_orders", "order_value"),
        *(("coupon_budget", plan, "expected_cost") for plan in ("coupon_assignments", "coupon_budget")),
    )
    for limit, table, column in spent:
        most = tables[table].group_by("as_of_day").agg(pl.col(column).sum())[column].max() or 0.0
        if most > shop.limits[limit] + 0.005:
            yield f"{table}: {most} is more than the {limit} of {shop.limits[limit]}"
    if tables["demand_forecast"].filter(pl.col("forecast_units").is_null() | (pl.col("forecast_units") < 0)).height:
        yield "forecasts are missing or negative"
