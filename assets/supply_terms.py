"""Who delivers what, when: suppliers' terms per product on one day, and the days an order has to cover.

Terms: orders decided with the knowledge of day D go out on the *order day* D + 1 and arrive `lead_time_days` later, before that day's
sales. The next chance to order is the supplier's next order weekday (or `review_days` later where it takes orders every day), so an order
must cover the demand of `lead_time_days + review_days` days from D + 1 on."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from assets.as_of import Versions, read_versions
from assets.house import House
from assets.warehouse import Warehouse
from shops.replenishment_terms import SupplierTerms

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DEFAULT_SUPPLIER = "default supplier"


@dataclass(frozen=True)
class Supply:
    """Version tables of products and suppliers, and the terms assumed where a shop has none."""

    products: Versions
    suppliers: Versions
    assumed: SupplierTerms

    def suppliers_on(self, day: date) -> pl.DataFrame:
        """One row per supplier: supplier_id, lead_time_days, review_days, order_day, is_order_day, next_order_day, min_order_value,
        fixed_order_cost, supplier_terms ('shop' or 'assumed')."""
        known = self.suppliers.as_of(day)
        order_day = day + timedelta(days=1)
        rows = [self._terms(row, order_day, "shop") for row in known.to_dicts()]
        assumed = {
            "supplier_id": DEFAULT_SUPPLIER,
            "lead_time_days": self.assumed.lead_time_days,
            "review_days": self.assumed.review_days,
            "order_weekdays": self.assumed.order_weekdays,
            "min_order_value": self.assumed.min_order_value,
            "fixed_order_cost": 0.0,
        }
        if DEFAULT_SUPPLIER not in known["supplier_id"]:  # a shop may call one of its own so; its terms are the default then
            rows.append(self._terms(assumed, order_day, "assumed"))
        return pl.DataFrame(
            rows,
            schema_overrides={
                "lead_time_days": pl.Int64,
                "review_days": pl.Int64,
                "min_order_value": pl.Float64,
                "fixed_order_cost": pl.Float64,
            },
        )

    def products_on(self, day: date) -> pl.DataFrame:
        """Products with their supplier's terms; a product without a known supplier has the default one."""
        suppliers = self.suppliers_on(day)
        known = set(suppliers["supplier_id"])
        products = (
            self.products.as_of(day)
            .filter(~pl.col("is_service"))
            .with_columns(supplier_id=pl.when(pl.col("supplier_id").is_in(known)).then("supplier_id").otherwise(pl.lit(DEFAULT_SUPPLIER)))
        )
        return products.join(suppliers, on="supplier_id", how="left")

    def _terms(self, row: dict, order_day: date, source: str) -> dict:
        weekdays = order_weekdays(row["order_weekdays"])
        is_order_day = order_day.weekday() in weekdays if weekdays else True
        next_day = next_order_day(order_day, weekdays, row["review_days"])
        return {
            "supplier_id": row["supplier_id"],
            "lead_time_days": row["lead_time_days"],
            "review_days": (next_day - order_day).days,
            "order_day": order_day,
            "is_order_day": is_order_day,
            "next_order_day": next_day,
            "min_order_value": row["min_order_value"] or 0.0,
            "fixed_order_cost": row["fixed_order_cost"] or 0.0,
            "supplier_terms": source,
        }


def order_weekdays(text: str | None) -> frozenset[int]:
    """`Mon,Thu` as weekday numbers; empty where orders are taken every day. Raises ValueError on a word that is no weekday."""
    words = [word.strip().title()[:3] for word in (text or "").split(",") if word.strip()]
    unknown = [word for word in words if word not in WEEKDAYS]
    if unknown:
        raise ValueError(f"Expected order weekdays like Mon,Thu; got {text!r}. Mend order_weekdays in suppliers or shop.toml.")
    return frozenset(WEEKDAYS.index(word) for word in words)


def next_order_day(order_day: date, weekdays: frozenset[int], review_days: int | None) -> date:
    """The next chance to order after `order_day`."""
    if not weekdays:
        return order_day + timedelta(days=review_days or 1)
    return next(day for day in (order_day + timedelta(days=step) for step in range(1, 8)) if day.weekday() in weekdays)


def read_supply(house: House, warehouse: Warehouse, last_day: date) -> Supply:
    """Read once what every day up to `last_day` needs."""
    return Supply(
        read_versions(warehouse, "dim_products", last_day), read_versions(warehouse, "dim_suppliers", last_day), house.shop.suppliers
    )


def supply_horizons(supply: Supply, day: date, items: pl.DataFrame) -> pl.DataFrame:
    """The horizons the replenishment program asks for: product_id, location_id, horizon_days (lead time, and lead time +
    review), items x 2."""
    terms = supply.products_on(day).select("product_id", "lead_time_days", "review_days")
    joined = items.join(terms, on="product_id").with_columns(cover_days=pl.col("lead_time_days") + pl.col("review_days"))
    key = ["product_id", "location_id"]
    return (
        pl.concat([joined.select(*key, horizon_days="lead_time_days"), joined.select(*key, horizon_days="cover_days")])
        .unique()
        .sort(*key, "horizon_days")
    )
