"""The picture a person wants to see on the coupon plan: what more or less budget would earn."""

from typing import Any

import dagster as dg
import polars as pl

from assets.pictures import picture


def budget_picture(curve: pl.DataFrame, currency: str) -> dg.MetadataValue:
    """Expected profit over budget (columns budget, expected_profit, budget_multiple); a sentence where there is no plan."""
    if curve.is_empty():
        return dg.MetadataValue.text("No budget curve: nothing causal is known about the coupons, or there is no budget.")

    def draw(axes: Any) -> None:
        axes.plot(curve["budget"], curve["expected_profit"], marker="o", color="#1f6feb")
        today = curve.filter(pl.col("budget_multiple") == 1.0)
        axes.scatter(today["budget"], today["expected_profit"], color="#d1242f", zorder=3, label="today's budget")
        axes.set_xlabel(f"coupon budget, {currency}")
        axes.set_ylabel(f"expected profit, {currency}")
        axes.legend(frameon=False)

    return picture(draw)
