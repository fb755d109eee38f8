"""The shop's own customer numbers behind pseudonyms, for files that go back to the shop and nowhere else.

They are read from the shop's files and the key each time; nothing that links a number to a pseudonym is kept.
"""

import polars as pl

from shops.contract import TABLES
from shops.erased import Erased
from shops.intake_cells import as_text
from shops.intake_csv import UnreadableFileError
from shops.intake_files import raw_pieces, table_files
from shops.pseudonym import pseudonymise
from shops.shop import Shop

NAMED_IN = ("customers", "order_lines")


def customer_numbers(shop: Shop, key: bytes, wanted: pl.Series, erased: Erased) -> pl.DataFrame:
    """Return customer_key, customer_id of the wanted pseudonyms (grain: customer_key), sorted.

    Those in no file and erased persons are missing. Where files spell one customer's number differently, the first spelling in the
    alphabet is told.
    """
    found = pl.DataFrame(schema={"customer_key": pl.String, "customer_id": pl.String})
    sought = wanted.drop_nulls().unique()
    sought = sought.filter(~erased.among(sought))
    for table in NAMED_IN:
        missing = sought.filter(~sought.is_in(found["customer_key"].implode()))
        if missing.is_empty():
            break
        for path in table_files(shop, table)[0]:
            try:
                named = [_numbers(frame, key, missing) for frame, _ in raw_pieces(path, shop, TABLES[table])]
            except UnreadableFileError:  # landing says so
                continue
            found = pl.concat([found, *named]).unique()
    return found.sort("customer_key", "customer_id").unique("customer_key", keep="first", maintain_order=True)


def _numbers(frame: pl.DataFrame, key: bytes, missing: pl.Series) -> pl.DataFrame:
    """customer_key, customer_id of the missing ones among raw rows."""
    raw = frame["customer_id"].unique() if "customer_id" in frame.columns else pl.Series([], dtype=pl.String)
    numbers = as_text(raw).drop_nulls().unique().alias("customer_id")
    pairs = pl.DataFrame([pseudonymise(numbers, key).alias("customer_key"), numbers])
    return pairs.filter(pl.col("customer_key").is_in(missing.implode()))
