"""What a person wants to see on the demand assets: recent sales of the whole shop and what is expected; what kind of series it is."""

from datetime import timedelta
from typing import Any

import dagster as dg
import polars as pl

from assets.pictures import picture


def forecast_picture(panel: pl.DataFrame, forecast: pl.DataFrame) -> dg.MetadataValue:
    """Units of all items per day: the last twelve weeks sold, the coming days expected, seasonal naive beside it."""
    last = panel["business_day"].max()
    assert last is not None
    sold = (
        panel.filter(pl.col("business_day") > last - timedelta(days=84))
        .group_by("business_day")
        .agg(pl.col("units").sum())
        .sort("business_day")
    )
    expected = forecast.group_by("business_day").agg(pl.col("forecast_units", "seasonal_naive_units").sum()).sort("business_day")

    def draw(axes: Any) -> None:
        axes.plot(sold["business_day"], sold["units"], color="#444444", label="sold")
        axes.plot(expected["business_day"], expected["seasonal_naive_units"], color="#bbbbbb", label="seasonal naive")
        axes.plot(expected["business_day"], expected["forecast_units"], color="#1f6feb", label="forecast")
        axes.set_ylabel("units per day")
        axes.set_title(f"All items, as of {last}")
        axes.legend(frameon=False)

    return picture(draw)


def readings_table(diagnosis: pl.DataFrame) -> dg.MetadataValue:
    """The sentence of every node."""
    rows = [f"| {_cell(node)} | {_cell(reading)} |" for node, reading in diagnosis.select("node", "reading").rows()]
    return dg.MetadataValue.md("\n".join(["| series | reading |", "|---|---|", *rows]))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
