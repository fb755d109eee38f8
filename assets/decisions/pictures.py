"""The pictures a person wants to see on the coupon plan and the ad plan: what more or less budget would earn."""

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


def ad_budget_picture(curve: pl.DataFrame, currency: str) -> dg.MetadataValue:
    """Expected profit over ad budget (columns budget, expected_profit, budget_multiple, is_beyond_history)."""
    told = curve.filter("is_feasible")
    if told.is_empty():
        return dg.MetadataValue.text("No budget curve: no ad spend is known, or no response to it.")

    def draw(axes: Any) -> None:
        axes.plot(told["budget"], told["expected_profit"], marker="o", color="#1f6feb")
        beyond = told.filter("is_beyond_history")
        axes.scatter(beyond["budget"], beyond["expected_profit"], facecolors="white", edgecolors="#1f6feb", zorder=2, label="never tried")
        today = told.filter(pl.col("budget_multiple") == 1.0)
        axes.scatter(today["budget"], today["expected_profit"], color="#d1242f", zorder=3, label="the plan's budget")
        axes.set_xlabel(f"ad budget of the weeks planned, {currency}")
        axes.set_ylabel(f"margin less spend, {currency}")
        axes.legend(frameon=False)

    return picture(draw)
