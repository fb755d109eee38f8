"""UCI Online Retail (a gift wholesaler, December 2010 to December 2011) as a shop.

Decides what each invoice line is:
- a line of an ordinary invoice is a *sale*, known when it was invoiced;
- a line of a credit note (invoice `C…`) that repeats an earlier sale of the same customer, product, quantity and price is a
  *cancellation* of the latest such sale, known at the credit note's time; every other one is a *return* under its own number;
- a line with negative units outside credit notes, or with price 0 and no customer, is a stock correction ("damaged", "found", "?"):
  its line_type is `adjustment`, which the contract does not allow, so that the intake counts it in quarantine.
Rows the contract refuses (negative prices, stock corrections) are handed over as they are; nothing is dropped here. Lines that repeat
within an invoice stay two lines. Product codes are upper-cased (`15056bl` is `15056BL`). Postage, fees, vouchers, samples and manual
entries are service products. There is no cost, stock, supplier or coupon in the data.
"""

from pathlib import Path

import polars as pl

from shops.readers.shop_folder import write_shop_folder

SERVICE_CODES = ("POST", "DOT", "M", "C2", "C3", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK")
VOUCHER_PREFIX = "GIFT_"
REPEATED_SALE = ("customer_id", "product_id", "sold_units", "unit_price")

SHOP_TOML = """[shop]
name = "online-retail"
currency = "GBP"
time_zone = "Europe/London"
country = "GB"
first_day = 2010-12-01
last_day = 2011-12-09
source = "UCI Online Retail (Chen, 2015): invoices of a UK gift wholesaler"

[limits]
purchase_budget = 20000.0      # about one day's sales at cost

[suppliers]                    # the data names none; assumed
lead_time_days = 14
review_days = 7

[assumptions]
cost_share = 0.6

[stock]                        # no stock feed: the ledger opens with an assumed position on the last day
opening_day = 2011-12-09
opening_cover_days = 14
"""


def convert_online_retail(data: Path, folder: Path) -> None:
    """Read `data`/transactions.parquet and write the shop into `folder`: order_lines, products, customers."""
    invoices = _invoice_lines(pl.read_parquet(Path(data) / "transactions.parquet"))
    lines = _order_lines(invoices)
    write_shop_folder(Path(folder), SHOP_TOML, {"order_lines": lines, "products": _products(invoices), "customers": _customers(invoices)})


def _invoice_lines(transactions: pl.DataFrame) -> pl.DataFrame:
    """One row per invoice line in file order, under the contract's names, with `position` in the file and `is_credit`."""
    return transactions.with_row_index("position").select(
        "position",
        pl.col("InvoiceNo").alias("order_id"),
        (pl.int_range(pl.len()).over("InvoiceNo") + 1).cast(pl.String).alias("line_id"),
        pl.col("InvoiceDate").alias("order_ts"),
        pl.col("StockCode").str.to_uppercase().alias("product_id"),
        pl.col("Description").str.strip_chars().alias("description"),
        pl.col("CustomerID").cast(pl.String).alias("customer_id"),
        pl.col("Quantity").cast(pl.Float64).alias("units"),
        pl.col("UnitPrice").alias("unit_price"),
        pl.col("Country").alias("country"),
        pl.col("InvoiceNo").str.starts_with("C").alias("is_credit"),
    )


def _order_lines(invoices: pl.DataFrame) -> pl.DataFrame:
    voided = _voided_sales(invoices)
    is_adjustment = ~pl.col("is_credit") & ((pl.col("units") < 0) | ((pl.col("unit_price") == 0) & pl.col("customer_id").is_null()))
    line_type = pl.when("is_credit").then(pl.lit("return")).when(is_adjustment).then(pl.lit("adjustment")).otherwise(pl.lit("sale"))
    own_lines = invoices.join(voided, left_on="position", right_on="credit_position", how="anti").select(
        "position", line_type.alias("line_type"), *_LINE_COLUMNS, pl.col("order_ts").alias("recorded_at")
    )
    credit_times = invoices.select(credit_position="position", recorded_at="order_ts")
    cancellations = (
        voided.join(invoices, left_on="sale_position", right_on="position")
        .join(credit_times, on="credit_position")
        .select(pl.col("credit_position").alias("position"), pl.lit("cancellation").alias("line_type"), *_LINE_COLUMNS, "recorded_at")
    )
    everything = pl.concat([own_lines, cancellations]).sort("position")
    return everything.drop("position").with_columns(channel=pl.lit("web"), currency=pl.lit("GBP"))


_LINE_COLUMNS = ("order_id", "line_id", "order_ts", "product_id", "customer_id", "units", "unit_price")


def _voided_sales(invoices: pl.DataFrame) -> pl.DataFrame:
    """Which credit line voids which sale: one row per match, `credit_position` and `sale_position`; each line matched once at most."""
    known = invoices.filter(pl.col("customer_id").is_not_null()).with_columns(pl.col("units").abs().alias("sold_units"))
    credited = known.filter("is_credit").select(REPEATED_SALE).unique()
    candidates = known.filter(pl.col("is_credit") | (pl.col("units") > 0)).join(credited, on=REPEATED_SALE, how="semi")
    ordered = candidates.sort("order_ts", "is_credit", "position")
    open_sales: dict[tuple, list[int]] = {}
    matches: list[tuple[int, int]] = []
    for *sale, is_credit, position in ordered.select(*REPEATED_SALE, "is_credit", "position").iter_rows():
        stack = open_sales.setdefault(tuple(sale), [])
        if not is_credit:
            stack.append(position)
        elif stack:
            matches.append((position, stack.pop()))
    position_type = invoices.schema["position"]
    return pl.DataFrame(matches, schema={"credit_position": position_type, "sale_position": position_type}, orient="row")


def _products(invoices: pl.DataFrame) -> pl.DataFrame:
    """One row per product code, named by its most frequent description and known from its first invoice on."""
    names = (
        invoices.filter(pl.col("description").is_not_null() & (pl.col("unit_price") > 0))
        .group_by("product_id", "description")
        .len()
        .sort("product_id", "len", "description", descending=[False, True, False])
        .unique("product_id", keep="first")
    )
    is_service = pl.col("product_id").is_in(SERVICE_CODES) | pl.col("product_id").str.starts_with(VOUCHER_PREFIX)
    return (
        invoices.group_by("product_id")
        .agg(pl.col("order_ts").min().alias("recorded_at"))
        .join(names, on="product_id", how="left")
        .select("product_id", pl.col("description").alias("product_name"), is_service.alias("is_service"), "recorded_at")
        .sort("product_id")
    )


def _customers(invoices: pl.DataFrame) -> pl.DataFrame:
    """One row per customer with the country of the first invoice, known from that invoice on."""
    return (
        invoices.filter(pl.col("customer_id").is_not_null())
        .sort("order_ts", "position")
        .unique("customer_id", keep="first", maintain_order=True)
        .select(
            "customer_id",
            pl.col("order_ts").dt.date().alias("acquired_on"),
            pl.col("country").alias("region"),
            pl.col("order_ts").alias("recorded_at"),
        )
        .sort("customer_id")
    )
