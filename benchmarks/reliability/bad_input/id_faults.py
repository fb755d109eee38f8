"""Faults of ids, names and what they refer to: injections, look-alikes, repetitions, unknown references, foreign money."""

import polars as pl

from benchmarks.reliability.bad_input.fault import DamagedShop, Fault, accepted, quarantined
from benchmarks.reliability.bad_input.sound_shop import ROWS

FORMULAS = ("=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x")', "＝1+1")
SQL = "Robert'); drop table order_lines; --"
TEXT_ONLY = "Text is text: it lands as it is, and nothing is ever made of it but text."
EXPORTED = "Lands as it is; `countinghouse export` puts an apostrophe before it."


def _named(shop: DamagedShop, *names: str) -> None:
    written = [names[row % len(names)] for row in range(ROWS)]
    shop.csv("products", lambda frame: frame.with_columns(product_name=pl.Series(written)))


def _renamed_everywhere(shop: DamagedShop, old: str, new: str, *tables: str) -> None:
    for table in tables:
        shop.replace(table, old, new)


def _twice(shop: DamagedShop, near: bool) -> None:
    """The first line of the file again, at its end; nearly the same with another price."""
    first = shop.frame("order_lines").head(1)
    again = first.with_columns(unit_price=pl.lit(9.99)) if near else first
    shop.csv("order_lines", lambda frame: pl.concat([frame, again]))


def _dollars(shop: DamagedShop, table: str, word: str = "USD") -> None:
    shop.csv(table, lambda frame: frame.with_columns(currency=pl.Series([word if row < 3 else "EUR" for row in range(ROWS)])))


ID_FAULTS = (
    Fault(
        "Formulas in product names",
        "products",
        lambda shop: _named(shop, *FORMULAS),
        accepted(holds=lambda rows: set(rows["product_name"]) == set(FORMULAS)),
        EXPORTED,
    ),
    Fault(
        "Formulas in ids",
        "products",
        lambda shop: _renamed_everywhere(shop, "P01,", "=cmd|' /C calc'!A0,", "products", "order_lines"),
        accepted(holds=lambda rows: "=cmd|' /C calc'!A0" in rows["product_id"]),
        EXPORTED + " BI tools join the id as it is.",
    ),
    Fault("SQL in names", "suppliers", lambda shop: shop.cell("suppliers", "supplier_name", SQL), accepted(), TEXT_ONLY),
    Fault(
        "SQL in ids",
        "customers",
        lambda shop: shop.cell("customers", "customer_id", SQL),
        accepted(holds=lambda rows: rows["customer_key"].str.len_chars().unique().to_list() == [32]),
        "Customer numbers land as pseudonyms whatever stands in them.",
    ),
    Fault("HTML in names", "products", lambda shop: _named(shop, "<script>alert(1)</script>"), accepted(), TEXT_ONLY),
    Fault(
        "Path characters in ids",
        "locations",
        lambda shop: shop.cell("locations", "location_id", "../../etc/passwd", 3),
        accepted(holds=lambda rows: "../../etc/passwd" in rows["location_id"]),
        "No file is named after an id.",
    ),
    Fault("Emoji in names", "products", lambda shop: _named(shop, "Rye bread 🍞", "👩‍🍳's choice"), accepted(), TEXT_ONLY),
    Fault(
        "A letter of another alphabet in an id",
        "order_lines",
        lambda shop: shop.replace("order_lines", "P03,", "Р03,"),
        accepted(reported="1 groups of ids look alike"),
        "An id of its own, with a placeholder for its product; `shop check` shows both spellings.",
    ),
    Fault(
        "An accent written as a sign of its own",
        "order_lines",
        lambda shop: (shop.replace("products", "P04,", "Caf\u00e9,"), shop.replace("order_lines", "P04,", "Cafe\u0301,")),
        accepted(holds=lambda rows: "Caf\u00e9" in rows["product_id"]),
        "The same id: text is read in Unicode's normal form C.",
    ),
    Fault(
        "A blank of no width inside an id",
        "order_lines",
        lambda shop: shop.replace("order_lines", "P05,", "P\u200b05,"),
        accepted(reported="1 groups of ids look alike"),
        "An id of its own; `shop check` shows both spellings.",
    ),
    Fault(
        "A blank of no width around an id",
        "order_lines",
        lambda shop: shop.replace("order_lines", "P05,", "\ufeff P05\u200b,"),
        accepted(holds=lambda rows: "P05" in rows["product_id"]),
        "The same id: blanks and invisible marks around it are passed over.",
    ),
    Fault(
        "The word NULL for a customer",
        "order_lines",
        lambda shop: shop.cell("order_lines", "customer_id", "NULL", 0, 1, 2),
        accepted(holds=lambda rows: rows["customer_key"].null_count() == 3),
        "Sales of nobody, not of a customer NULL; likewise null, NaN, None, <NA>, #N/A and \\N.",
    ),
    Fault(
        "The word NULL for a product",
        "order_lines",
        lambda shop: shop.cell("order_lines", "product_id", "NULL", 0),
        quarantined("missing_required", 1, "product_id is empty"),
        "Fill it.",
    ),
    Fault(
        "An empty id",
        "purchase_orders",
        lambda shop: shop.cell("purchase_orders", "po_id", "  "),
        quarantined("missing_required", 1),
        "Fill it.",
    ),
    Fault(
        "A line twice",
        "order_lines",
        lambda shop: _twice(shop, near=False),
        quarantined("duplicate", 1, "The same row stands in order_lines.csv, row 1", read=ROWS + 1),
        "Counted once.",
    ),
    Fault(
        "A line nearly twice",
        "order_lines",
        lambda shop: _twice(shop, near=True),
        accepted(ROWS + 1),
        "Versions of one record: the one recorded last is in force, of two recorded at once the one further down.",
    ),
    Fault(
        "A product nobody described",
        "order_lines",
        lambda shop: shop.cell("order_lines", "product_id", "P99"),
        accepted(reported="name 1 product_id that products does not describe ('P99')"),
        "A sale is a sale: it counts, and a placeholder stands in (`is_placeholder` in table products).",
    ),
    Fault(
        "A supplier nobody described",
        "products",
        lambda shop: shop.cell("products", "supplier_id", "S99"),
        accepted(reported="name 1 supplier_id that suppliers does not describe"),
        "Ordered on the terms assumed in `[suppliers]`, and said so (`supplier_terms = 'assumed'`).",
    ),
    Fault(
        "A coupon nobody described",
        "coupon_assignments",
        lambda shop: shop.cell("coupon_assignments", "coupon_id", "K99"),
        accepted(reported="name 1 coupon_id that coupons does not describe"),
        "Kept; without a face value no effect is read from it.",
    ),
    Fault(
        "A customer nobody described",
        "coupon_redemptions",
        lambda shop: shop.cell("coupon_redemptions", "customer_id", "C99"),
        accepted(reported="name 1 customer_id that customers does not describe;"),
        "Kept; `shop check` tells how many, and names none.",
    ),
    Fault(
        "Order lines in two currencies",
        "order_lines",
        lambda shop: _dollars(shop, "order_lines"),
        quarantined("wrong_currency", 3, "the shop's currency is EUR"),
        "Convert them; nothing is added up across currencies.",
    ),
    Fault(
        "List prices in two currencies",
        "prices",
        lambda shop: _dollars(shop, "prices"),
        quarantined("wrong_currency", 3, "the shop's currency is EUR"),
        "Convert them. Every table with money may say its `currency`.",
    ),
    Fault("The currency in small letters", "products", lambda shop: _dollars(shop, "products", "eur"), accepted(), "The same currency."),
)
