"""A shop small enough for hundreds of disturbances and complete enough to have every table of the input contract.

Six products at one location, 160 customers, 120 days, one randomised coupon trial that is settled and one coupon that can be given out.
About one record in eight was recorded one to seven days late. Everything is drawn from one seed; money is in whole cents.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl

LAST_DAY = date(2025, 6, 27)  # a Friday
Tables = dict[str, pl.DataFrame]
LIMITS = {"coupon_budget": 60.0, "purchase_budget": 400.0}


@dataclass(frozen=True)
class TinyShop:
    """Tables of the input contract by name, and what shop.toml says. `sections` are lines below [limits] and the like."""

    tables: Tables
    first_day: date
    last_day: date
    name: str = "tiny"
    limits: Mapping[str, float] = field(default_factory=lambda: dict(LIMITS))
    sections: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """The shop folder, written anew: one Parquet file per table and shop.toml."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.parquet"):
            old.unlink()
        for name, frame in self.tables.items():
            frame.write_parquet(folder / f"{name}.parquet")
        about = {
            "name": self.name,
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "country": "DE",
            "first_day": self.first_day,
            "last_day": self.last_day,
            "source": "a tiny shop made for tests",
        }
        coupons = {"outcome_window_days": 14, "holdout_share": 0.1, "pilot_budget": 50.0}
        sections = {"shop": about, "limits": self.limits, "coupons": coupons, **self.sections}
        text = "\n\n".join(
            "\n".join([f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]) for name, values in sections.items()
        )
        (folder / "shop.toml").write_text(text + "\n", encoding="utf-8")
        return folder


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def tiny_shop(days: int = 120, products: int = 6, customers: int = 160, seed: int = 1, last_day: date = LAST_DAY) -> TinyShop:
    """The shop with the given extent."""
    first = last_day - timedelta(days=days - 1)
    chance = np.random.default_rng(seed)
    calendar = [first + timedelta(days=step) for step in range(days)]
    goods = [f"P{number}" for number in range(1, products + 1)]
    buyers = [f"C{number:03d}" for number in range(1, customers + 1)]
    catalogue = _catalogue(goods, first)
    trial_day = max(first, last_day - timedelta(days=30))
    arms = {buyer: bool(chance.random() < 0.5) for buyer in buyers}
    tables = {
        "products": catalogue,
        "customers": _customers(buyers, first, chance),
        "order_lines": _order_lines(calendar, catalogue, arms, trial_day, chance),
        "suppliers": _suppliers(first),
        "locations": _recorded(pl.DataFrame({"location_id": ["main"], "location_type": ["store"], "volume_capacity_m3": [20.0]}), first),
        "prices": _prices(catalogue, calendar),
        "promotions": _promotions(goods, calendar),
        "campaigns": _recorded(
            pl.DataFrame(
                {
                    "campaign_id": ["TRIAL"],
                    "starts_on": [trial_day],
                    "ends_on": [trial_day + timedelta(days=14)],
                    "is_randomised": [True],
                }
            ),
            trial_day,
        ),
        "coupons": _coupons(trial_day, last_day),
        "coupon_assignments": _recorded(
            pl.DataFrame(
                {
                    "campaign_id": "TRIAL",
                    "customer_id": buyers,
                    "coupon_id": ["TWO" if arms[buyer] else None for buyer in buyers],
                    "assigned_on": trial_day,
                    "propensity": 0.5,
                },
                schema_overrides={"coupon_id": pl.String},
            ),
            trial_day,
        ),
        "calendar": _recorded(
            pl.DataFrame({"business_day": [day for day in calendar if day.day == 1], "event_name": "market day", "is_open": True}), first
        ),
    }
    tables["stock_levels"], tables["purchase_orders"] = _stock(tables["order_lines"], catalogue, calendar, chance)
    tables["coupon_redemptions"] = _redemptions(tables["order_lines"])
    tables |= _traffic(calendar, goods, buyers, chance)
    return TinyShop(tables, first, last_day)


def _recorded(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    return frame.with_columns(recorded_at=pl.lit(datetime.combine(day, time(6)), dtype=pl.Datetime("us")))


def _recorded_late(frame: pl.DataFrame, about: str, chance: np.random.Generator, share: float = 0.12) -> pl.DataFrame:
    """Recorded at eleven at night of the about day, or one to seven days later."""
    late = np.where(chance.random(frame.height) < share, chance.integers(1, 8, frame.height), 0)
    moment = pl.col(about).cast(pl.Date).cast(pl.Datetime("us")) + pl.duration(hours=23) + pl.duration(days=pl.Series(late))
    return frame.with_columns(recorded_at=moment)


def _catalogue(goods: list[str], first: date) -> pl.DataFrame:
    number = np.arange(len(goods))
    return _recorded(
        pl.DataFrame(
            {
                "product_id": goods,
                "product_name": [f"Product {name}" for name in goods],
                "category": [("tea", "ware", "gifts")[each % 3] for each in number],
                "unit_cost": 2.0 + number,
                "regular_price": 5.0 + 2.0 * number,
                "supplier_id": [("NORTH", "SOUTH")[each % 2] for each in number],
                "pack_units": [(1, 6, 4)[each % 3] for each in number],
                "moq_units": [(0, 6, 8)[each % 3] for each in number],
                "volume_m3": 0.01 + 0.002 * number,
                "shelf_life_days": [None if each % 2 else 90 for each in number],
                "is_service": False,
            },
            schema_overrides={"pack_units": pl.Int64, "moq_units": pl.Int64, "shelf_life_days": pl.Int64},
        ),
        first,
    )


def _customers(buyers: list[str], first: date, chance: np.random.Generator) -> pl.DataFrame:
    return _recorded(
        pl.DataFrame(
            {
                "customer_id": buyers,
                "acquired_on": [first] * len(buyers),
                "region": [("north", "south")[each] for each in chance.integers(0, 2, len(buyers))],
                "email_consent": chance.random(len(buyers)) < 0.85,
            }
        ),
        first,
    )


def _order_lines(
    calendar: list[date], catalogue: pl.DataFrame, arms: dict[str, bool], trial_day: date, chance: np.random.Generator
) -> pl.DataFrame:
    prices = catalogue["regular_price"].to_list()
    goods = catalogue["product_id"].to_list()
    buyers = list(arms)
    rows = []
    for step, day in enumerate(calendar):
        if day.weekday() == 6:
            continue
        for number in range(int(chance.poisson(9 if day.weekday() >= 4 else 6))):
            buyer = buyers[int(chance.integers(0, len(buyers)))]
            in_window = trial_day < day <= trial_day + timedelta(days=14)
            uses_coupon = in_window and arms[buyer] and chance.random() < 0.5
            for line in range(int(chance.integers(1, 4))):
                item = int(chance.integers(0, len(goods)))
                rows.append(
                    {
                        "order_id": f"O{step:03d}-{number}",
                        "line_id": str(line + 1),
                        "order_ts": datetime.combine(day, time(9 + number % 10)),
                        "line_type": "sale",
                        "product_id": goods[item],
                        "customer_id": None if chance.random() < 0.1 else buyer,
                        "units": float(chance.integers(1, 4)),
                        "unit_price": prices[item],
                        "discount_amount": 2.0 if uses_coupon and line == 0 else 0.0,
                        "coupon_id": "TWO" if uses_coupon and line == 0 else None,
                        "channel": ("store", "web")[number % 2],
                    }
                )
    schema = {
        "coupon_id": pl.String,
        "customer_id": pl.String,
        "order_ts": pl.Datetime("us"),
        "units": pl.Float64,
        "discount_amount": pl.Float64,
    }
    sales = pl.DataFrame(rows, schema_overrides=schema)
    returned = sales.filter(pl.Series(chance.random(sales.height) < 0.04)).with_columns(
        order_id="R" + pl.col("order_id"),
        line_type=pl.lit("return"),
        units=-pl.col("units"),
        order_ts=pl.min_horizontal(pl.col("order_ts") + pl.duration(days=5), pl.lit(datetime.combine(calendar[-1], time(12)))),
        discount_amount=pl.lit(0.0),
        coupon_id=pl.lit(None, dtype=pl.String),
    )
    kept = _recorded_late(pl.concat([sales, returned]), "order_ts", chance)
    corrected = sales.filter(pl.Series(chance.random(sales.height) < 0.02)).with_columns(units=pl.col("units") + 1)
    cancelled = sales.filter(pl.Series(chance.random(sales.height) < 0.02)).with_columns(line_type=pl.lit("cancellation"))
    later = _recorded_late(pl.concat([corrected, cancelled]), "order_ts", chance, share=1.0)
    return pl.concat([kept, later]).sort("recorded_at", "order_id", "line_id")


def _suppliers(first: date) -> pl.DataFrame:
    return _recorded(
        pl.DataFrame(
            {
                "supplier_id": ["NORTH", "SOUTH"],
                "lead_time_days": [2, 4],
                "order_weekdays": ["Mon,Thu,Sat", ""],
                "review_days": [None, 3],
                "min_order_value": [20.0, 0.0],
                "fixed_order_cost": [1.0, 2.0],
            },
            schema_overrides={"review_days": pl.Int64},
        ),
        first,
    )


def _prices(catalogue: pl.DataFrame, calendar: list[date]) -> pl.DataFrame:
    raised = calendar[len(calendar) // 2]
    return pl.concat(
        [
            _recorded(catalogue.select("product_id", valid_from=pl.lit(calendar[0]), price="regular_price"), calendar[0]),
            _recorded(catalogue.select("product_id", valid_from=pl.lit(raised), price="regular_price"), raised),
        ]
    ).unique(["product_id", "valid_from"], keep="first", maintain_order=True)


def _promotions(goods: list[str], calendar: list[date]) -> pl.DataFrame:
    rows = [
        {
            "promotion_id": f"PROMO-{start}",
            "product_id": goods[(start // 20) % len(goods)],
            "starts_on": calendar[start],
            "ends_on": calendar[start] + timedelta(days=6),
            "discount_share": 0.2,
            "recorded_at": datetime.combine(calendar[max(0, start - 7)], time(8)),
        }
        for start in range(0, len(calendar), 20)
    ]
    return pl.DataFrame(rows)


def _coupons(trial_day: date, last_day: date) -> pl.DataFrame:
    kinds = pl.DataFrame(
        {
            "coupon_id": ["TWO", "THREE"],
            "campaign_id": ["TRIAL", "SUMMER"],
            "face_value": [2.0, 3.0],
            "valid_from": trial_day,
            "valid_to": last_day + timedelta(days=40),
            "issuance_limit": [30, None],
        },
        schema_overrides={"issuance_limit": pl.Int64},
    )
    return _recorded(kinds, trial_day)


def _stock(
    lines: pl.DataFrame, catalogue: pl.DataFrame, calendar: list[date], chance: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts that fall with the sales, and a purchase order of a week's sales whenever they run low; received four days later."""
    by_day = lines.filter(pl.col("line_type") == "sale").group_by("product_id", day=pl.col("order_ts").dt.date()).agg(pl.col("units").sum())
    sold = {(product, day): units for product, day, units in by_day.iter_rows()}
    counts, orders = [], []
    for product, supplier, cost in catalogue.select("product_id", "supplier_id", "unit_cost").iter_rows():
        on_hand, coming = 25.0, {}
        for day in calendar:
            on_hand = max(0.0, on_hand + coming.pop(day, 0.0) - sold.get((product, day), 0.0))
            counts.append({"business_day": day, "product_id": product, "on_hand": on_hand})
            if on_hand < 10 and not coming:
                arrival = day + timedelta(days=4)
                coming[arrival] = 18.0
                order = {
                    "po_id": f"PO-{product}-{day}",
                    "line_id": "1",
                    "product_id": product,
                    "supplier_id": supplier,
                    "ordered_on": day,
                    "expected_on": arrival,
                    "units_ordered": 18.0,
                    "unit_cost": cost,
                }
                orders.append({**order, "received_on": None, "units_received": None, "recorded_at": datetime.combine(day, time(18))})
                if arrival <= calendar[-1]:
                    orders.append(
                        {**order, "received_on": arrival, "units_received": 18.0, "recorded_at": datetime.combine(arrival, time(18))}
                    )
    stock = _recorded_late(pl.DataFrame(counts), "business_day", chance, share=0.05)
    schema = {"received_on": pl.Date, "units_received": pl.Float64}
    return stock, pl.DataFrame(orders, schema_overrides=schema, infer_schema_length=None)


def _redemptions(lines: pl.DataFrame) -> pl.DataFrame:
    return (
        lines.filter(pl.col("coupon_id").is_not_null() & pl.col("customer_id").is_not_null() & (pl.col("line_type") == "sale"))
        .select(
            "coupon_id",
            "customer_id",
            "order_id",
            campaign_id=pl.lit("TRIAL"),
            redeemed_on=pl.col("order_ts").dt.date(),
            discount_amount="discount_amount",
            recorded_at="recorded_at",
        )
        .unique(["coupon_id", "customer_id", "order_id"], keep="first", maintain_order=True)
    )


def _traffic(calendar: list[date], goods: list[str], buyers: list[str], chance: np.random.Generator) -> Tables:
    """Web events, ad spend and competitor prices: landed and kept, read by no decision yet."""
    days = pl.DataFrame({"business_day": calendar})
    events = days.with_row_index("number").select(
        event_id=pl.format("E{}", "number"),
        event_ts=pl.col("business_day").cast(pl.Datetime("us")) + pl.duration(hours=13),
        customer_id=pl.Series([buyers[each] for each in chance.integers(0, len(buyers), len(calendar))]),
        event_type=pl.lit("view"),
        product_id=pl.Series([goods[each] for each in chance.integers(0, len(goods), len(calendar))]),
    )
    spend = days.select("business_day", channel=pl.lit("search"), spend=pl.lit(12.5), clicks=pl.lit(40))
    seen = days.filter(pl.col("business_day").dt.weekday() == 1).select(
        observed_on="business_day", competitor=pl.lit("THEM"), product_id=pl.lit(goods[0]), price=pl.lit(5.5)
    )
    return {
        "web_events": _recorded_late(events, "event_ts", chance),
        "ad_spend": _recorded_late(spend, "business_day", chance),
        "competitor_prices": _recorded_late(seen, "observed_on", chance),
    }
