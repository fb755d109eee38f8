"""Faults of whole files: what stands where a table should stand."""

import gzip
import os

from benchmarks.reliability.bad_input.fault import DamagedShop, Fault, accepted, refused
from benchmarks.reliability.bad_input.sound_shop import ROWS


def _linked(shop: DamagedShop) -> None:
    elsewhere = shop.folder / "_elsewhere.csv"
    shop.file("locations").rename(elsewhere)
    shop.file("locations").symlink_to(elsewhere)


def _broken_link(shop: DamagedShop) -> None:
    shop.file("calendar").unlink()
    shop.file("calendar").symlink_to(shop.folder / "gone.csv")


def _circle(shop: DamagedShop) -> None:
    shop.file("coupons").unlink()
    shop.file("coupons").symlink_to(shop.file("coupons"))


def _folder_named_as_file(shop: DamagedShop) -> None:
    shop.file("suppliers").unlink()
    shop.file("suppliers").mkdir()


def _pipe(shop: DamagedShop) -> None:
    shop.file("web_events").unlink()
    os.mkfifo(shop.file("web_events"))


def _closed_folder(shop: DamagedShop) -> None:
    shop.file("purchase_orders").unlink()
    closed = shop.folder / "purchase_orders"
    closed.mkdir()
    (closed / "2024.csv").write_text("po_id\n", encoding="utf-8")
    closed.chmod(0)


def _in_parts(shop: DamagedShop, damaged: str, content: bytes) -> None:
    """The order lines as a folder of three files, one of them damaged."""
    whole = shop.frame("order_lines")
    shop.file("order_lines").unlink()
    folder = shop.folder / "order_lines"
    folder.mkdir()
    whole.head(6).write_parquet(folder / "march.parquet")
    whole.tail(6).write_csv(folder / "late march.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    (folder / damaged).write_bytes(content)


def _name_that_is_no_text(shop: DamagedShop) -> None:
    folder = shop.folder / "ad_spend"
    folder.mkdir()
    os.rename(shop.file("ad_spend"), os.fsencode(folder) + b"/m\xe4rz.csv")


def _both_formats(shop: DamagedShop) -> None:
    shop.frame("products").write_parquet(shop.file("products", ".parquet"))


def _halved(shop: DamagedShop, table: str) -> None:
    whole = shop.parquet(table)
    shop.file(table, ".parquet").write_bytes(whole[: len(whole) // 2])


def _without_its_end(shop: DamagedShop) -> None:
    shop.file("stock_levels", ".parquet").write_bytes(shop.parquet("stock_levels")[:-9])


def _zeros_within(shop: DamagedShop) -> None:
    """A block of the disk that was never written: the footer is whole, the pages are not."""
    whole = shop.parquet("daily_sales", compression="zstd")
    shop.file("daily_sales", ".parquet").write_bytes(whole[:40] + bytes(400) + whole[440:])


def _may_not_be_read(shop: DamagedShop) -> None:
    shop.file("customers").chmod(0)


FILE_FAULTS = (
    Fault(
        "A Parquet file cut off in the middle",
        "order_lines",
        lambda shop: _halved(shop, "order_lines"),
        refused("no readable Parquet file"),
        "Export it again.",
    ),
    Fault(
        "A Parquet file without its last bytes", "stock_levels", _without_its_end, refused("no readable Parquet file"), "Export it again."
    ),
    Fault(
        "A Parquet file with a block of zeros inside", "daily_sales", _zeros_within, refused("no readable Parquet file"), "Export it again."
    ),
    Fault(
        "CSV text in a file named .parquet",
        "products",
        lambda shop: shop.write("products", shop.text("products"), ".parquet"),
        refused("no readable Parquet file"),
        "Name it .csv.",
    ),
    Fault(
        "A Parquet file named .csv",
        "customers",
        lambda shop: shop.write("customers", b"PAR1" + bytes(100) + b"PAR1"),
        refused("is a Parquet file although its name ends in .csv"),
        "Name it .parquet.",
    ),
    Fault("An empty file", "prices", lambda shop: shop.write("prices", b""), refused("no header line"), "Export it again."),
    Fault(
        "An empty file named .parquet",
        "promotions",
        lambda shop: shop.write("promotions", b"", ".parquet"),
        refused("no readable Parquet file"),
        "Export it again.",
    ),
    Fault(
        "A CSV file with a header line only",
        "campaigns",
        lambda shop: shop.lines("campaigns", lambda lines: lines[:1]),
        accepted(0, reported="1 files without a row"),
        "A table may be empty; `shop check` remarks on it.",
    ),
    Fault(
        "A Parquet file without rows",
        "coupons",
        lambda shop: shop.parquet("coupons", lambda frame: frame.clear()),
        accepted(0, reported="1 files without a row"),
        "A table may be empty; `shop check` remarks on it.",
    ),
    Fault(
        "A folder where a file should be", "suppliers", _folder_named_as_file, refused("This is a folder"), "Call the folder suppliers/."
    ),
    Fault("A link to a file elsewhere", "locations", _linked, accepted(), "Links are followed."),
    Fault("A link that points to nothing", "calendar", _broken_link, refused("points to nothing"), "Mend the link or take it away."),
    Fault("A link that points to itself", "coupons", _circle, refused("cannot be read"), "Mend the link or take it away."),
    Fault(
        "A pipe where a file should be",
        "web_events",
        _pipe,
        refused("no regular file"),
        "Put a file in its place; nothing waits for the pipe.",
    ),
    Fault(
        "A file that may not be read",
        "customers",
        _may_not_be_read,
        refused("may not be read"),
        "Give the user who runs Countinghouse the right to.",
        as_other_user=True,
    ),
    Fault(
        "A folder that may not be read",
        "purchase_orders",
        _closed_folder,
        refused("may not be read"),
        "Give the user who runs Countinghouse the right to.",
        as_other_user=True,
    ),
    Fault(
        "An Excel workbook named .csv",
        "competitor_prices",
        lambda shop: shop.write("competitor_prices", b"PK\x03\x04" + bytes(300)),
        refused("an Excel workbook although"),
        "Save the sheet as CSV.",
    ),
    Fault(
        "A packed file named .csv",
        "coupon_redemptions",
        lambda shop: shop.write("coupon_redemptions", gzip.compress(shop.text("coupon_redemptions").encode())),
        refused("a gzip archive although"),
        "Unpack it.",
    ),
    Fault(
        "A table under a name with an ending nobody reads",
        "products",
        lambda shop: shop.write("products", shop.text("products").replace(",", "\t"), ".tsv"),
        accepted(0, reported="Files that no table is read from: products.tsv"),
        "The table counts as not handed in; `shop check` names the file.",
    ),
    Fault(
        "A damaged file among sound ones",
        "order_lines",
        lambda shop: _in_parts(shop, "april.parquet", b"PAR1, or nearly so"),
        refused("no readable Parquet file", ROWS + 1),
        "The others are read all the same.",
    ),
    Fault(
        "Something else in a table's folder",
        "order_lines",
        lambda shop: _in_parts(shop, "notes.txt", b"ask Ida about March"),
        refused("neither .parquet nor .csv", ROWS + 1),
        "Take it away, or begin its name with a dot or an underscore.",
    ),
    Fault("A file name with bytes that are no text", "ad_spend", _name_that_is_no_text, accepted(), "Shown with a question mark for each."),
    Fault(
        "One table in two formats",
        "products",
        _both_formats,
        accepted(reported="Files that no table is read from: products.csv"),
        "Parquet is read; `shop check` names the other file.",
    ),
)
