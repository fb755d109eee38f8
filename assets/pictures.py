"""Charts in asset metadata, drawn with Matplotlib and carried as PNG inside Markdown."""

import base64
import io
from typing import Any

import dagster as dg


def picture(draw: Any) -> dg.MetadataValue:
    """A small PNG as Dagster metadata (Markdown with the picture inside)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 2.8), dpi=80, layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    draw(axes)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return dg.MetadataValue.md(f"![picture](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")
