"""Faults of CSV text: encodings, delimiters, quotes, line ends, columns."""

from benchmarks.reliability.bad_input.fault import DamagedShop, Fault, accepted, quarantined, refused
from benchmarks.reliability.bad_input.sound_shop import ROWS


def _recoded(shop: DamagedShop, table: str, encoding: str, mark: str = "") -> None:
    shop.write(table, (mark + shop.text(table)).encode(encoding))


def _in_utf16(shop: DamagedShop) -> None:
    """Every file, since the encoding is declared for all of them."""
    for file in shop.folder.glob("*.csv"):
        file.write_text(file.read_text(encoding="utf-8"), encoding="utf-16")
    shop.settings("", '\n[csv]\nencoding = "utf-16"\n')


def _german(shop: DamagedShop, declared: str, *only: str) -> None:
    """Every file with semicolons; all of them, or `only` some, with decimal commas."""
    for file in shop.folder.glob("*.csv"):
        shop.csv(file.stem, separator=";", decimal_comma=not only or file.stem in only)
    shop.settings("", f'\n[csv]\ndelimiter = ";"\n{declared}')


def _thousands_point(shop: DamagedShop) -> None:
    _german(shop, 'decimal = ","\n')
    shop.replace("suppliers", ";4,0;", ";1.234;")


def _longest_row(shop: DamagedShop, table: str, column: str, length: int) -> None:
    shop.cell(table, column, "x" * length)


CSV_FAULTS = (
    Fault(
        "Latin-1 text that is not declared",
        "products",
        lambda shop: _recoded(shop, "products", "latin-1"),
        quarantined("bad_encoding", 2, "not utf-8 text"),
        "Set `[csv] encoding`; rows without such letters land.",
    ),
    Fault(
        "Windows text declared as latin-1",
        "products",
        lambda shop: (
            shop.settings("", '\n[csv]\nencoding = "latin-1"\n'),
            shop.replace("products", "Honey 5", "Honey 5 €"),
            _as_1252(shop),
        ),
        quarantined("not_text", 1, "a wrong encoding"),
        'Set `[csv] encoding = "cp1252"`: the euro sign reads as a control character in latin-1.',
    ),
    Fault(
        "UTF-16 text that is not declared",
        "stock_levels",
        lambda shop: _recoded(shop, "stock_levels", "utf-16"),
        refused("is UTF-16 text"),
        'Set `[csv] encoding = "utf-16"`.',
    ),
    Fault("UTF-16 text that is declared", "stock_levels", _in_utf16, accepted(), "Read as declared."),
    Fault(
        "UTF-16 text without its mark",
        "calendar",
        lambda shop: _recoded(shop, "calendar", "utf-16-le"),
        refused("not utf-8 text"),
        "Set `[csv] encoding`.",
    ),
    Fault("A byte order mark", "prices", lambda shop: _recoded(shop, "prices", "utf-8", "\ufeff"), accepted(), "Passed over."),
    Fault("Two byte order marks", "prices", lambda shop: _recoded(shop, "prices", "utf-8", "\ufeff\ufeff"), accepted(), "Passed over."),
    Fault(
        "Decimal commas that are not declared",
        "prices",
        lambda shop: _german(shop, "", "prices"),
        quarantined("not_a_number", ROWS, "a number such as 1234.5 was expected"),
        'Set `[csv] decimal = ","`. A comma is never guessed at.',
    ),
    Fault(
        "An unquoted decimal comma between commas",
        "competitor_prices",
        lambda shop: shop.replace("competitor_prices", ",2.5,", ",2,5,"),
        quarantined("ragged_line", 1, "8 fields where the header has 7"),
        "Quote the number, or part the fields by semicolons.",
    ),
    Fault(
        "Thousands separators",
        "purchase_orders",
        lambda shop: shop.cell("purchase_orders", "unit_cost", "1,234.50", 0, 5),
        quarantined("not_a_number", 2),
        "Export numbers without them.",
    ),
    Fault(
        "A point as thousands separator beside decimal commas",
        "suppliers",
        _thousands_point,
        quarantined("not_a_number", 1),
        "Export numbers without it: 1.234 is not taken for 1.234.",
    ),
    Fault(
        "Another delimiter than declared",
        "customers",
        lambda shop: shop.csv("customers", separator=";"),
        refused("its fields are parted by semicolon"),
        'Set `[csv] delimiter = ";"`.',
    ),
    Fault(
        "A stray quote",
        "products",
        lambda shop: shop.replace("products", "Rye bread 0", '"Rye" bread 0'),
        quarantined("ragged_line", 1, "quotes do not close"),
        "Double the quotes within a quoted field. The lines below are read.",
    ),
    Fault(
        "A quote that is never closed",
        "campaigns",
        lambda shop: shop.replace("campaigns", "campaign_name 3", '"campaign_name 3'),
        quarantined("ragged_line", 1),
        "Close it. Only its own line is lost.",
    ),
    Fault(
        "Line ends of old Macs (CR)",
        "web_events",
        lambda shop: shop.write("web_events", shop.text("web_events").replace("\n", "\r")),
        accepted(),
        "Read as line ends.",
    ),
    Fault(
        "Line ends of three kinds in one file",
        "daily_sales",
        lambda shop: shop.write("daily_sales", shop.text("daily_sales").replace("\n", "\r\n", 4).replace("0\n", "0\r", 3)),
        accepted(),
        "Read as line ends.",
    ),
    Fault(
        "A line break inside a quoted field",
        "products",
        lambda shop: shop.cell("products", "product_name", "Rye bread,\nsliced"),
        accepted(),
        "Part of the text.",
    ),
    Fault("Blank lines", "locations", lambda shop: shop.replace("locations", "\n", "\n\n"), accepted(), "Passed over."),
    Fault(
        "A line with too few fields",
        "ad_spend",
        lambda shop: shop.lines("ad_spend", lambda lines: [*lines[:-1], lines[-1].rpartition(",")[0]]),
        quarantined("ragged_line", 1, "fields where the header has"),
        "Export the line again.",
    ),
    Fault(
        "A file that ends in the middle of a line",
        "coupon_assignments",
        lambda shop: shop.write("coupon_assignments", shop.text("coupon_assignments")[:-40]),
        quarantined("ragged_line", 1),
        "Export it again; the lines before the end are read.",
    ),
    Fault(
        "A delimiter after every line",
        "coupons",
        lambda shop: shop.lines("coupons", lambda lines: [lines[0], *(f"{line}," for line in lines[1:])]),
        quarantined("ragged_line", ROWS),
        "Write one in the header line too, or none.",
    ),
    Fault(
        "A block of NUL bytes at the end",
        "stock_levels",
        lambda shop: shop.write("stock_levels", shop.text("stock_levels").encode() + bytes(4096)),
        quarantined("ragged_line", 1, read=ROWS + 1),
        "A disk did not finish writing; export it again. The lines before it are read.",
    ),
    Fault(
        "A NUL byte in a name",
        "products",
        lambda shop: shop.cell("products", "product_name", "Rye\0bread"),
        quarantined("not_text", 1, "control characters"),
        "Export the row again.",
    ),
    Fault(
        "Commands to a terminal in a name",
        "suppliers",
        lambda shop: shop.cell("suppliers", "supplier_name", "\x1b[2J\x1b]0;owned\x07"),
        quarantined("not_text", 1, "'?[2J?]0;owned?'"),
        "Export the row again; nothing of it reaches a terminal.",
    ),
    Fault(
        "A field of 10 MB",
        "products",
        lambda shop: _longest_row(shop, "products", "product_name", 10_000_000),
        quarantined("too_long", 1, "longer than 131,072 characters"),
        "Export names, not documents.",
    ),
    Fault(
        "A field of 10,001 characters",
        "products",
        lambda shop: _longest_row(shop, "products", "brand", 10_001),
        quarantined("too_long", 1, "at most 10,000 characters"),
        "Export names, not documents. The quarantine keeps the first 1,000.",
    ),
    Fault(
        "A header line whose quotes do not close",
        "calendar",
        lambda shop: shop.replace("calendar", "business_day,", '"business_day,', 1),
        refused("The header line cannot be read"),
        "Close them.",
    ),
    Fault(
        "A header line with a stray quote",
        "promotions",
        lambda shop: shop.replace("promotions", "promotion_type", '"promotion"_type', 1),
        refused("The header line cannot be read"),
        "Mend it.",
    ),
    Fault(
        "Too many fields, and bytes that are no text",
        "products",
        lambda shop: shop.write("products", shop.text("products").encode().replace(b"brand 4,", b"br\xe4nd, 4,")),
        quarantined("ragged_line", 1, "fields where the header has"),
        "Export the line again. The quarantine keeps it with a question mark for each such byte.",
    ),
    Fault(
        "No header line",
        "customers",
        lambda shop: shop.lines("customers", lambda lines: lines[1:]),
        refused("its first line must name them"),
        "Add one. What stands in the first line is not shown, since it may be a person.",
    ),
    Fault(
        "A required column under another name",
        "order_lines",
        lambda shop: shop.replace("order_lines", "units,", "quantity,", 1),
        quarantined("missing_required", ROWS, "[columns.order_lines] of shop.toml"),
        'Say `units = "quantity"` in `[columns.order_lines]`.',
    ),
    Fault(
        "A required column in capitals",
        "daily_sales",
        lambda shop: shop.replace("daily_sales", "product_id", "PRODUCT_ID", 1),
        quarantined("missing_required", ROWS),
        'Say `product_id = "PRODUCT_ID"` in `[columns.daily_sales]`.',
    ),
    Fault(
        "An optional column under another name",
        "products",
        lambda shop: shop.replace("products", "pack_units", "case_size", 1),
        accepted(
            reported="columns the contract does not know are left out (case_size)",
            holds=lambda rows: rows["pack_units"].unique().to_list() == [1],
        ),
        "It takes its default; `shop check` names the column that was left out.",
    ),
    Fault(
        "A missing required column",
        "suppliers",
        lambda shop: shop.csv("suppliers", lambda frame: frame.drop("lead_time_days")),
        quarantined("missing_required", ROWS, "The file has no column 'lead_time_days'"),
        "Add it.",
    ),
    Fault(
        "Columns in another order",
        "order_lines",
        lambda shop: shop.csv("order_lines", lambda frame: frame.select(reversed(frame.columns))),
        accepted(),
        "Columns are found by name.",
    ),
    Fault(
        "A column nobody knows",
        "customers",
        lambda shop: shop.csv("customers", lambda frame: frame.with_columns(shoe_size=frame["customer_group"])),
        accepted(reported="left out (shoe_size)"),
        "Left out, and never kept, since it may be personal.",
    ),
    Fault(
        "One column twice",
        "stock_levels",
        lambda shop: shop.lines("stock_levels", lambda lines: [f"{line},{line.split(',')[1]}" for line in lines]),
        refused("more than one column 'product_id'"),
        "Leave one of them.",
    ),
)


def _as_1252(shop: DamagedShop) -> None:
    for file in shop.folder.glob("*.csv"):
        file.write_bytes(file.read_text(encoding="utf-8").encode("cp1252"))
