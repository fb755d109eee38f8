"""A shop whose every id and name is an attack, through the whole chain: text stays text, in every room.

The shop is the tiny one with products, places, suppliers, coupons, customers, categories and holidays renamed to injections into
formulas, SQL, paths, markup, format strings and column names. Wanted: a green run, every name published as the shop wrote it, a page that
prints, and a CSV for spreadsheets in which no formula runs. Only at size full: it decides a day of the whole chain.
"""

import re
from dataclasses import replace
from pathlib import Path

import polars as pl

from benchmarks.reliability.outcome import Outcome, trial
from benchmarks.reliability.tiny_chain import TinyChain, impossible_numbers
from benchmarks.reliability.tiny_shop import TinyShop, tiny_shop

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "'; drop table marts.dim_products; --",
    "../../../tmp/owned",
    "[/red] [bold",
    "<script>alert(1)</script>",
    '{"a": [1, 2]}, %s %d {0} {{x}} ${x}',
    "two\nlines\tand a tab",
    'a"b\\c`d',
    "@SUM(1+1)*cmd",
    "Р001 ＝1+1 👩‍🍳 e\u0301 \u202eabc",
    "-2+3",
    "default supplier",
    "nan",
    "1e5",
    "true",
    "all",
    "_delim_ : , ; | .",
    "x" * 400,
)
RENAMED = {
    "product_id": ("products", "product_id"),
    "supplier_id": ("products", "supplier_id"),
    "location_id": ("locations", "location_id"),
    "category": ("products", "category"),
    "coupon_id": ("coupons", "coupon_id"),
    "campaign_id": ("campaigns", "campaign_id"),
    "region": ("customers", "region"),
    "channel": ("order_lines", "channel"),
    "event_name": ("calendar", "event_name"),
    "competitor": ("competitor_prices", "competitor"),
    "promotion_id": ("promotions", "promotion_id"),
}
START = {"supplier_id": 11, "location_id": 2, "category": 3, "coupon_id": 4, "campaign_id": 5, "region": 7, "channel": 8, "event_name": 5}


def hostile_shop() -> tuple[TinyShop, dict[str, dict[str, str]]]:
    """The shop, and the new name of each old one by column."""
    shop = tiny_shop()
    names = {}
    for column, (table, of) in RENAMED.items():
        old = shop.tables[table][of].drop_nulls().unique().sort().to_list() if table in shop.tables else []
        start = START.get(column, 0)
        names[column] = {each: HOSTILE[(start + place) % len(HOSTILE)] for place, each in enumerate(old)}
    placed = {
        name: shop.tables[name].with_columns(location_id=pl.lit("main")) for name in ("order_lines", "stock_levels", "purchase_orders")
    }
    tables = {name: _renamed(frame, names) for name, frame in {**shop.tables, **placed}.items()}
    products = tables["products"]
    tables["products"] = products.with_columns(
        product_name=pl.Series(HOSTILE[: products.height]), brand=pl.Series(HOSTILE[-products.height :])
    )
    return replace(shop, tables=tables), names


def _renamed(frame: pl.DataFrame, names: dict[str, dict[str, str]]) -> pl.DataFrame:
    columns = [pl.col(column).replace(names[column]) for column in frame.columns if column in names]
    if "customer_id" in frame.columns:
        columns.append(pl.format("{} '; drop table x; -- =1+1 [/]", "customer_id").alias("customer_id"))
    return frame.with_columns(columns)


def run(size: str, root: Path) -> list[Outcome]:
    """One day of the whole chain at size full, nothing at size small."""
    if size == "small":
        return []
    with trial("every decision explains itself: names that are attacks") as outcome:
        shop, names = hostile_shop()
        chain = TinyChain(root)
        ran = chain.run(shop, shop.last_day)
        outcome.tries = 1
        outcome.faults = sum(len(each) for each in names.values()) + shop.tables["customers"].height
        outcome.expect(ran.is_success, f"the run failed: {ran.errors}")
        if ran.is_success:
            _judge(outcome, chain, names)
    return [outcome]


def _judge(outcome: Outcome, chain: TinyChain, names: dict[str, dict[str, str]]) -> None:
    from assets.published.spreadsheet import export_csv

    tables = chain.published_tables()
    outcome.expect(not impossible_numbers(tables), f"impossible numbers: {impossible_numbers(tables)}")
    for column in ("product_id", "location_id", "category", "supplier_id"):
        wanted = {_landed(name) for name in names[column].values()}
        for table, frame in tables.items():
            if column in frame.columns and frame[column].dtype == pl.String:
                others = set(frame[column].drop_nulls()) - wanted - {"all", "default supplier", "whole shop"}
                outcome.expect(not others, f"{table}.{column} holds other names than the shop's: {sorted(others)[:3]}")
    sold = set(tables["sales_daily"]["product_id"])
    outcome.expect(sold == {_landed(name) for name in names["product_id"].values()}, "sales are not published under the shop's ids")
    orders = tables["replenishment_orders"]
    outcome.expect(orders.height > 0 and orders["sentence"].null_count() == 0, "orders are missing or say nothing")
    page = chain.page()
    outcome.expect("[/red] [bold" in page, "the page does not show names as they are")
    for table in tables:
        file = chain.state / f"{table}.csv"
        export_csv(chain.state / "bi.duckdb", table, file)
        formulas = re.findall(r'(?:^|,)"?[=@＝][^,\n]{0,30}', file.read_text(encoding="utf-8-sig"), flags=re.MULTILINE)
        outcome.expect(not formulas, f"{table}.csv holds formulas: {formulas[:3]}")
    outcome.note = f"{len(tables)} tables published, each exported as CSV"


def _landed(name: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", name.strip())
