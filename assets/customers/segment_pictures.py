"""Pictures of the segments: how big they are and what they bring, and what their customers are like."""

from typing import Any

import dagster as dg
import numpy as np
import polars as pl

from assets.pictures import picture

COLOURS = ("#1f6feb", "#8250df", "#bf8700")


def size_picture(profiles: pl.DataFrame) -> dg.MetadataValue:
    """Share of customers and of the year's revenue per segment (columns segment, share, revenue_share); a sentence where there is none."""
    if profiles.is_empty():
        return dg.MetadataValue.text("No segments: too few customers are known.")

    def draw(axes: Any) -> None:
        at = np.arange(profiles.height)
        axes.barh(at - 0.2, profiles["share"], height=0.38, color=COLOURS[0], label="of customers")
        axes.barh(at + 0.2, profiles["revenue_share"].fill_null(0.0), height=0.38, color=COLOURS[2], label="of the year's net revenue")
        axes.set_yticks(at, profiles["segment"])
        axes.invert_yaxis()
        axes.set_xlabel("share")
        axes.legend(frameon=False)

    return picture(draw)


def centre_picture(names: tuple[str, ...], centres: tuple[tuple[float, ...], ...]) -> dg.MetadataValue:
    """How far each segment lies from the average customer in recency, frequency and money."""

    def draw(axes: Any) -> None:
        at = np.arange(len(names))
        for number, (label, colour) in enumerate(zip(("days since last order", "orders", "net revenue"), COLOURS, strict=True)):
            axes.barh(at + 0.26 * (number - 1), [centre[number] for centre in centres], height=0.24, color=colour, label=label)
        axes.set_yticks(at, names)
        axes.invert_yaxis()
        axes.axvline(0, color="#57606a", linewidth=0.8)
        axes.set_xlabel("standard deviations (of logarithms) from the average customer")
        axes.legend(frameon=False)

    return picture(draw)
