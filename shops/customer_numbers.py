"""The shop's own customer numbers behind pseudonyms, for files that go back to the shop and nowhere else.

They are read from the shop's files and the key each time; nothing that links a number to a pseudonym is kept.
"""

import polars as pl

from shops.contract import TABLES
from shops.erased import Erased
from shops.intake_cells import as_text
from shops.intake_files import read_raw
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
        for frame in read_raw(shop, TABLES[table]).groups:
            if "customer_id" in frame.columns:
                numbers = as_text(frame["customer_id"].unique()).drop_nulls().unique().alias("customer_id")
                pairs = pl.DataFrame([pseudonymise(numbers, key).alias("customer_key"), numbers])
                found = pl.concat([found, pairs.filter(pl.col("customer_key").is_in(missing.implode()))])
    return found.sort("customer_key", "customer_id").unique("customer_key", keep="first", maintain_order=True)
