"""What tables say of one another that does not meet: ids no table describes, and ids that only look alike.

Decides what is worth a remark; no row is refused for it. A *reference* is a column that names rows of another table; it is looked at where
that table is handed in. Ids *look alike* when they are one and the same to the eye: in another case, in full width, with a blank or an
invisible mark inside, or with a Cyrillic or Greek letter of the same shape. They stay different ids, as the shop wrote them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from shops.contract import TABLES

EXAMPLES = 3
SHOWN_ID = 40


@dataclass(frozen=True)
class Reference:
    """`table.column` names rows of `target` by its column `by`; `meanwhile` says what is done with a row whose target is unknown."""

    table: str
    column: str
    target: str
    by: str
    meanwhile: str


PLACEHOLDER = "a placeholder stands in: no category, cost as assumed"
NOBODY = "counted for a customer nobody described, consent assumed"
ANY_PLACE = "the location is taken as one without a description or a volume limit"
NOT_PLANNED = "no such order is planned: nothing is ordered, and the table order_overrides says so (`outcome = 'not_planned'`)"
NOT_OFFERED = "there is no such offer: nothing changes, and the table coupon_overrides says so (`outcome = 'not_offered'`)"
REFERENCES = (
    Reference("order_lines", "product_id", "products", "product_id", PLACEHOLDER),
    Reference("order_lines", "location_id", "locations", "location_id", ANY_PLACE),
    Reference("order_lines", "customer_key", "customers", "customer_key", NOBODY),
    Reference("order_lines", "coupon_id", "coupons", "coupon_id", "the line counts as one with a coupon, of no known face value"),
    Reference("order_lines", "promotion_id", "promotions", "promotion_id", "the line counts as promoted"),
    Reference("daily_sales", "product_id", "products", "product_id", PLACEHOLDER),
    Reference("daily_sales", "location_id", "locations", "location_id", ANY_PLACE),
    Reference(
        "products", "supplier_id", "suppliers", "supplier_id", "ordered on the terms assumed in [suppliers] (`supplier_terms = 'assumed'`)"
    ),
    Reference("stock_levels", "product_id", "products", "product_id", PLACEHOLDER),
    Reference("stock_levels", "location_id", "locations", "location_id", ANY_PLACE),
    Reference("purchase_orders", "product_id", "products", "product_id", PLACEHOLDER),
    Reference("purchase_orders", "supplier_id", "suppliers", "supplier_id", "the order counts as in transit; its supplier gets no terms"),
    Reference("order_overrides", "product_id", "products", "product_id", NOT_PLANNED),
    Reference("order_overrides", "location_id", "locations", "location_id", NOT_PLANNED),
    Reference("prices", "product_id", "products", "product_id", "kept, used once the product is sold"),
    Reference("promotions", "product_id", "products", "product_id", "kept, used once the product is sold"),
    Reference("promotion_decisions", "product_id", "products", "product_id", "kept, used once the product is sold"),
    Reference("coupons", "campaign_id", "campaigns", "campaign_id", "the coupon stands alone"),
    Reference("coupon_assignments", "campaign_id", "campaigns", "campaign_id", "kept; it counts as drawn by lot where it has a propensity"),
    Reference("coupon_assignments", "coupon_id", "coupons", "coupon_id", "no face value is known, so no effect is read from it"),
    Reference("coupon_assignments", "customer_key", "customers", "customer_key", NOBODY),
    Reference("coupon_overrides", "coupon_id", "coupons", "coupon_id", NOT_OFFERED),
    Reference("coupon_overrides", "customer_key", "customers", "customer_key", NOT_OFFERED),
    Reference("coupon_redemptions", "coupon_id", "coupons", "coupon_id", "kept; it counts as redeemed"),
    Reference("coupon_redemptions", "customer_key", "customers", "customer_key", NOBODY),
)
NAMES_OF_THINGS = ("product_id", "location_id", "supplier_id", "coupon_id", "campaign_id", "promotion_id")
OUTLINES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХасеіјорѕухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABESIJKMHOPCTYXaceijopsyxABEZHIKMNOPTYXo",  # pragma: allowlist secret
)


def unknown_references(seen: Mapping[str, pl.DataFrame]) -> list[str]:
    """One sentence per reference with ids that its target does not describe; `seen` are the accepted rows per table."""
    notes = []
    for it in REFERENCES:
        rows, target = seen.get(it.table), seen.get(it.target)
        if rows is None or target is None or rows.is_empty() or target.is_empty():
            continue
        lost = rows[it.column].drop_nulls()
        lost = lost.filter(~lost.is_in(target[it.by].unique().implode()))
        if lost.is_empty():
            continue
        ids = lost.unique().sort()
        column = "customer_id" if it.column == "customer_key" else it.column
        examples = "" if it.column == "customer_key" else f" ({_examples(ids)})"
        notes.append(
            f"{it.table}: {lost.len():,} rows name {ids.len():,} {column} that {it.target} does not describe{examples}; {it.meanwhile}."
        )
    return notes


def alike_ids(seen: Mapping[str, pl.DataFrame]) -> list[str]:
    """One sentence per id column in which different ids look alike."""
    spellings: dict[str, set[str]] = {}
    for name, rows in seen.items():
        for column in TABLES[name].by_name:
            if column in NAMES_OF_THINGS and column in rows.columns:
                spellings.setdefault(column, set()).update(rows[column].drop_nulls().unique())
    notes = []
    for column, ids in spellings.items():
        groups: dict[str, list[str]] = {}
        for each in sorted(ids):
            groups.setdefault(_outline(each), []).append(each)
        alike = [group for group in groups.values() if len(group) > 1]
        if alike:
            shown = "; ".join(" and ".join(ascii(each)[:SHOWN_ID] for each in group[:2]) for group in alike[:EXAMPLES])
            notes.append(f"{column}: {len(alike):,} groups of ids look alike but differ ({shown}); each counts as an id of its own.")
    return notes


def _examples(ids: pl.Series) -> str:
    shown = ", ".join(repr(each[:SHOWN_ID]) for each in ids.head(EXAMPLES))
    return shown + (", …" if ids.len() > EXAMPLES else "")


def _outline(text: str) -> str:
    """What the eye sees of an id."""
    import unicodedata

    compatible = unicodedata.normalize("NFKC", text)
    visible = "".join(each for each in compatible if unicodedata.category(each) not in ("Cf", "Zs", "Mn"))
    return visible.translate(OUTLINES).casefold()
