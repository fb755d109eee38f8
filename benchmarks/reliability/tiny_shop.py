"""A shop small enough for hundreds of disturbances and complete enough to have every table of the input contract.

Six products at one location, 160 customers, 120 days, one randomised coupon trial that is settled and one coupon that can be given out.
About one record in eight was recorded one to seven days late. Everything is drawn from one seed; money is in whole cents.
What happened day by day is drawn in `tiny_events`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.reliability.tiny_events import order_lines, recorded, redemptions, stock, traffic

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
        "order_lines": order_lines(calendar, catalogue, arms, trial_day, chance),
        "suppliers": _suppliers(first),
        "locations": recorded(pl.DataFrame({"location_id": ["main"], "location_type": ["store"], "volume_capacity_m3": [20.0]}), first),
        "prices": _prices(catalogue, calendar),
        "promotions": _promotions(goods, calendar),
        "campaigns": recorded(
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
        "coupon_assignments": recorded(
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
        "calendar": recorded(
            pl.DataFrame({"business_day": [day for day in calendar if day.day == 1], "event_name": "market day", "is_open": True}), first
        ),
    }
    tables["stock_levels"], tables["purchase_orders"] = stock(tables["order_lines"], catalogue, calendar, chance)
    tables["coupon_redemptions"] = redemptions(tables["order_lines"])
    tables |= traffic(calendar, goods, buyers, chance)
    return TinyShop(tables, first, last_day)


def _catalogue(goods: list[str], first: date) -> pl.DataFrame:
    number = np.arange(len(goods))
    return recorded(
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
    return recorded(
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


def _suppliers(first: date) -> pl.DataFrame:
    return recorded(
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
            recorded(catalogue.select("product_id", valid_from=pl.lit(calendar[0]), price="regular_price"), calendar[0]),
            recorded(catalogue.select("product_id", valid_from=pl.lit(raised), price="regular_price"), raised),
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
    return recorded(kinds, trial_day)
