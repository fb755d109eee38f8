"""The page a run ends with: what was decided and why, read from the published tables and from nothing else."""

from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assets.erasure.erase import unfinished_erasures
from dagster_project.resources import state_folder
from dagster_project.settings import Settings
from shops.shop import Shop, load_shop

MOST_ALERTS, MOST_CHECKED = 4, 3


def print_page(settings: Settings, console: Console) -> None:
    """One page about the newest day that was decided."""
    shop = load_shop(settings.shop_folder)
    state = state_folder(settings)
    with duckdb.connect(str(state / "bi.duckdb"), read_only=True) as connection:
        page = Page(connection, shop)
        console.rule(f"[bold]{shop.name}[/bold], as of {page.day}")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column()
        for title, lines in page.sections():
            grid.add_row(title, Text("\n".join(lines)))  # as Text: names of the shop may look like markup
        for text in house_notes(state):
            grid.add_row("House", Text(text))
        grid.add_row("Tables", Text(f"{state / 'bi.duckdb'} (views over {state / 'published'}; meanings in view data_dictionary)"))
        grid.add_row("Next", Text("\n".join(page.next_steps(str(settings.shop_folder)))))
        console.print(grid)


def house_notes(state: Path) -> list[str]:
    """What is amiss with the house itself and not with a day."""
    begun = unfinished_erasures(state)
    return [f"{begun} erasures were begun and not finished: start `countinghouse erase` for these customers again"] if begun else []


class Page:
    """Sentences for each part of the page."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, shop: Shop) -> None:
        self.connection, self.shop = connection, shop
        self.day = self.one("select max(as_of_day) from replenishment_orders")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def sections(self) -> list[tuple[str, list[str]]]:
        return [
            ("Shop", self.about_shop()),
            ("Forecast", self.forecast()),
            ("Coupons", self.coupons()),
            ("Orders", self.orders()),
            ("Look first", self.look_first()),
            ("Review", self.review()),
            ("Quarantine", self.quarantine()),
            ("Alerts", self.alerts()),
        ]

    def about_shop(self) -> list[str]:
        items, locations = self.rows("select count(distinct product_id), count(distinct location_id) from stock_position_latest")[0]
        customers = self.one("select count(*) from customer_profile")
        read = self.one("select coalesce(sum(rows_read), 0) from intake_counts")
        source = self.rows("select stock_source, count(*) from stock_position_latest group by 1 order by 2 desc")
        stock = (
            "no item has a stock yet"
            if not source
            else {"feed": "stock as the shop counts it", "ledger": "stock from Countinghouse's own ledger (opening position declared)"}[
                source[0][0]
            ]
        )
        return [f"{self.shop.source}", f"{items:,} products at {locations} locations, {customers:,} customers; {read:,} rows read; {stock}"]

    def forecast(self) -> list[str]:
        row = self.rows(
            "select wape_item, wape_item_seasonal_naive, skill_against_seasonal_naive, skill_low, skill_high, bias_total,"
            " coverage_q95, trained_as_of, model_version from training_runs_latest"
        )
        if not row or row[0][0] is None:
            return ["no past forecast could be replayed: the history is too short or shows no sale; column model says what is used instead"]
        wape, naive, skill, low, high, bias, coverage, trained, version = row[0]
        units = self.one("select sum(forecast_units) from demand_forecast where horizon_days <= 28")
        return [
            f"error per item and day {wape:.1%} of units, seasonal naive {_percent(naive, 1)} (replayed past forecasts, WAPE); "
            f"skill {_percent(skill, 1)} [{_percent(low, 1)} to {_percent(high, 1)}]",
            f"bias of the total {_percent(bias, 1, '+')}; 95 % quantiles held {_percent(coverage)} of the time; {units:,.0f} units "
            "expected in the next 28 days",
            f"model {version}, trained on what was known on {trained}",
        ]

    def coupons(self) -> list[str]:
        plan = self.rows(
            "select sum(issued), sum(expected_cost), sum(expected_profit), any_value(causal), any_value(effect_source) "
            f"from coupon_budget where as_of_day = date '{self.day}'"
        )[0]
        if plan[0] is None:
            return self.no_coupons()
        budget = self.rows(
            f"select allowed, shadow_price from limits where as_of_day = date '{self.day}' and plan = 'coupon_budget' and "
            "limit_name = 'total_budget'"
        )
        given = self.rows(
            "select count(*) filter (coupon_id is not null), sum(value), count(*) filter (is_holdout) from coupon_assignments_latest"
        )[0]
        said = "no total budget is declared" if not budget else f"of {budget[0][0]:,.2f}; one more 1.00 of budget earns {budget[0][1]:.2f}"
        return [
            f"budget: {plan[0]:,.0f} coupons, expected cost {plan[1]:,.2f} {self.shop.currency} {said}; expected profit {plan[2]:,.2f}",
            f"assignments: {given[0]:,} customers get one, expected profit {given[1] or 0:,.2f}; {given[2]:,} held out to "
            "measure the effect",
            f"effects are causal (randomised trials), {plan[4]}",
        ]

    def no_coupons(self) -> list[str]:
        day = f"as_of_day = date '{self.day}'"
        refusals = self.rows(f"select sentence, count(*) from coupon_assignments where {day} group by 1 order by 2 desc, 1 limit 1")
        if refusals:
            return [f"no plan: nobody can be offered a coupon. {refusals[0][0]} ({refusals[0][1]:,} customers)"]
        pilot = self.rows(f"select count(*), sum(customers), sum(expected_cost), any_value(sentence) from pilot_plan where {day}")[0]
        if pilot[0] and not pilot[1]:
            return ["no plan: no randomised trial is known, so nothing causal can be said (`causal = false`)", pilot[3]]
        if pilot[0]:
            return [
                "no plan: no randomised trial is known, so nothing causal can be said (`causal = false`)",
                f"a pilot is proposed instead: {pilot[0]} arms, {pilot[1]:,.0f} customers, expected cost {pilot[2]:,.2f} "
                f"{self.shop.currency} (table pilot_plan)",
            ]
        customers = self.one("select count(*) from customer_profile")
        return [
            "not possible: "
            + (
                "the shop hands in no coupons that could be given out tomorrow"
                if customers
                else "the shop hands in no customers' order lines"
            )
        ]

    def orders(self) -> list[str]:
        day = f"as_of_day = date '{self.day}'"
        lines, value, suppliers = self.rows(
            "select count(*), coalesce(sum(order_value), 0), count(distinct supplier_id) from replenishment_orders where "
            f"{day} and order_units > 0"
        )[0]
        reasons = self.rows(
            f"select reason_code, count(*), sum(order_value) from replenishment_orders where {day} group by 1 order by 3 "
            "desc nulls last, 2 desc limit 6"
        )
        told = [
            f"{lines:,} lines worth {value:,.2f} {self.shop.currency} from {suppliers} suppliers; reasons: "
            + ", ".join(f"{code} {count:,}" for code, count, _ in reasons)
        ]
        bound = self.rows(
            f"select sentence from limits where {day} and plan = 'replenishment' and (shadow_price > 0 or relaxed_by > 0) "
            "and limit_name <> 'supplier_minimum' order by shadow_price desc limit 2"
        )
        told += [sentence for (sentence,) in bound]
        largest = self.rows(
            f"select product_id, location_id, sentence from replenishment_orders where {day} and order_units > 0 order by "
            "order_value desc, product_id limit 2"
        )
        told += [f"{product} at {location}: {sentence}" for product, location, sentence in largest]
        gap = self.rows(f"select status, gap from plan_certificates where {day} and plan = 'replenishment'")
        return told + [f"plan {status}, proven within {gap or 0:.4%} of the best" for status, gap in gap]

    def look_first(self) -> list[str]:
        """The orders most worth a look, and what came of buyers' decisions."""
        if not self.one("select count(*) from duckdb_views() where view_name = 'orders_to_check'"):
            return ["published by an older version: decide the day again to see it"]
        day = f"as_of_day = date '{self.day}'"
        found = self.rows(f"select subject, sentence from orders_to_check where {day} order by rank")
        told = [f"{subject}: {sentence}" for subject, sentence in found[:MOST_CHECKED]]
        told += [f"and {len(found) - len(told)} more in view orders_to_check"] if len(found) > len(told) else []
        decided, changed = self.rows(f"select count(*), coalesce(sum(abs(override_change_value)), 0) from order_overrides where {day}")[0]
        if decided:
            told.append(f"decided by buyers: {decided:,} lines, {changed:,.2f} {self.shop.currency} of goods more or less than proposed")
        judged, realised = self.rows("select count(realised_cost_change), sum(realised_cost_change) from order_override_review")[0]
        if judged:
            verdict = "saved" if realised < 0 else "cost"
            told.append(f"{judged:,} decisions of buyers judged: together they {verdict} {abs(realised):,.2f} {self.shop.currency}")
        return told or ["nothing stands out"]

    def review(self) -> list[str]:
        judged = self.rows(
            "select count(*), coalesce(sum(promised_lost_sales_avoided_units), 0), coalesce(sum(realised_lost_sales_avoided_units), 0) "
            "from decision_value"
        )[0]
        came = self.rows(
            "select count(distinct as_of_day), sum(wape * units) / nullif(sum(units), 0), sum(wape_seasonal_naive * "
            "units) / nullif(sum(units), 0) from forecast_accuracy where horizon_days <= 7"
        )[0]
        if not came[0]:
            return ["nothing to judge yet: earlier days' forecasts and orders are judged as days pass (or after a backfill)"]
        error, naive = _percent(came[1], 1), _percent(came[2], 1)
        told = [f"forecasts up to 7 days ahead, {came[0]} days judged: error {error} against {naive} seasonal naive"]
        if judged[0]:
            told.append(f"{judged[0]:,} order lines judged: lost sales avoided {judged[2]:,.0f} units realised, {judged[1]:,.0f} promised")
        return told

    def quarantine(self) -> list[str]:
        total, read = self.one("select count(*) from quarantine"), self.one("select sum(rows_read) from intake_counts")
        reasons = self.rows("select table_name, reason_code, count(*) from quarantine group by all order by 3 desc, 1, 2 limit 4")
        if not total:
            return ["nothing: every row read was accepted"]
        return [f"{total:,} of {read:,} rows: " + ", ".join(f"{table} {reason} {count:,}" for table, reason, count in reasons)]

    def alerts(self) -> list[str]:
        """One line each, the gravest first."""
        found = self.rows(
            "select severity, kind, subject, message, first_seen, as_of_day from alerts where as_of_day >= "
            f"date '{self.day}' order by list_position(['error', 'warning', 'info'], severity), as_of_day, kind, subject"
        )
        if not found:
            return ["none"]
        told = [
            f"{severity}: {message} ({kind}, {subject}" + (f", since {first})" if first < day else ")")
            for severity, kind, subject, message, first, day in found[:MOST_ALERTS]
        ]
        rest = len(found) - len(told)
        return [*told, f"and {rest} more in view alerts"] if rest else told

    def next_steps(self, folder: str) -> list[str]:
        return [
            f"countinghouse ui --shop {folder}   asset graph, checks, backfills",
            f"countinghouse shop check {folder}   what is wrong in the records and which decisions they allow",
        ]


def _percent(share: float | None, digits: int = 0, sign: str = "") -> str:
    return "unknown" if share is None else f"{share:{sign}.{digits}%}"
