"""The shop's `shop.toml`: what the files are and which limits bind a day's decisions."""

from datetime import date
from pathlib import Path

TEMPLATE = """\
[shop]
name = "simulated-{size}"
currency = "EUR"
time_zone = "Europe/Berlin"
country = "DE"
first_day = {first_day}
last_day = {last_day}
source = "simulated by shops.simulated, seed {seed}"

[files]
competitor_prices = "competitor_prices.csv"

[limits]
coupon_budget = {coupon_budget:.1f}
purchase_budget = {purchase_budget:.1f}

[assumptions]
holding_cost_per_year = 0.25
lost_sale_cost_share = 1.0

[coupons]
outcome_window_days = 28
holdout_share = 0.1
pilot_budget = {pilot_budget:.1f}
"""


def write_shop_file(
    path: Path, *, size: str, first_day: date, last_day: date, seed: int, coupon_budget: float, purchase_budget: float
) -> None:
    """Write shop.toml; budgets in the shop's currency."""
    text = TEMPLATE.format(
        size=size,
        first_day=first_day,
        last_day=last_day,
        seed=seed,
        coupon_budget=coupon_budget,
        purchase_budget=purchase_budget,
        pilot_budget=coupon_budget / 4,
    )
    path.write_text(text, encoding="utf-8")
