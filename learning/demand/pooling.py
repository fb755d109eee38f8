"""What the models of several chunks say together: scores, weights, importance and drivers of the whole panel.

Pooled exactly are wape and bias (by units) and wrmsse (by revenue). Means by something near to what they are means over: rmsse and coverage
by series, pinball by units, drivers by the item-days that were sampled; importance is a plain mean of the chunks. Scores of the
level `total` are those of the chunks' totals: their bias is that of the whole, their errors are at least as large as the whole's, since
chunks that err to different sides do not cancel out. Intervals of skill are put together as those of independent chunks.
"""

from collections.abc import Sequence

import polars as pl

from learning.demand.scores import NAIVE, SCORE_SCHEMA

SCORE_KEY = ["level", "segment", "model"]


def pool_scores(chunks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row per level, segment and model (SCORE_SCHEMA), in the order of the first chunk that has it."""
    if len(chunks) == 1:
        return chunks[0]
    rows = pl.concat([chunk.with_columns(chunk=pl.lit(number)) for number, chunk in enumerate(chunks)])
    naive = rows.filter(pl.col("model") == NAIVE).select("level", "segment", "chunk", chunk_naive="wrmsse")
    rows = rows.join(naive, on=["level", "segment", "chunk"], how="left", maintain_order="left")
    # a chunk's part of the pooled skill: its share of seasonal naive's error
    part = (pl.col("weight") * pl.col("chunk_naive")).fill_null(0.0)
    half = (pl.col("skill_high") - pl.col("skill_low")).fill_null(0.0) / 2
    pooled = rows.group_by(SCORE_KEY, maintain_order=True).agg(
        pl.col("series").sum(),
        pl.col("units").sum(),
        pl.col("weight").sum(),
        wape=_mean("wape", "units"),
        bias=_mean("bias", "units"),
        rmsse=_mean("rmsse", "series"),
        wrmsse=_mean("wrmsse", "weight"),
        skill=(pl.col("skill") * part).sum() / part.sum(),
        half=((half * part) ** 2).sum().sqrt() / part.sum(),
        told=pl.col("skill_low").is_not_null().any(),
        pinball_q90=_mean("pinball_q90", "units"),
        **{name: _mean(name, "series") for name in ("coverage_q50", "coverage_q90", "coverage_q95")},
    )
    pooled = pooled.with_columns(
        skill_low=pl.when("told").then(pl.col("skill") - pl.col("half")),
        skill_high=pl.when("told").then(pl.col("skill") + pl.col("half")),
    )
    return pooled.select(pl.col(name).fill_nan(None).cast(dtype) if dtype == pl.Float64 else name for name, dtype in SCORE_SCHEMA.items())


def pool_weights(chunks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Mean weight by the series they rest on (at least one each); series summed."""
    if len(chunks) == 1:
        return chunks[0]
    rest = pl.col("series").clip(lower_bound=1)
    pooled = pl.concat(chunks).group_by("segment", "member", maintain_order=True)
    return pooled.agg((pl.col("weight") * rest).sum() / rest.sum(), pl.col("default_weight").first(), pl.col("series").sum())


def pool_importance(chunks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Mean share of the gain, splits summed; largest first."""
    told = [chunk for chunk in chunks if chunk.height]
    if len(told) <= 1:
        return told[0] if told else chunks[0]
    pooled = pl.concat(told).group_by("feature").agg(pl.col("gain_share").sum() / len(told), pl.col("splits").sum())
    return pooled.sort(["gain_share", "feature"], descending=[True, False])


def pool_drivers(chunks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Contributions per category and feature, the mean over item-days; shares anew."""
    if len(chunks) == 1:
        return chunks[0]
    pooled = pl.concat(chunks).group_by("as_of_day", "category", "feature")
    means = pooled.agg(_mean("mean_contribution", "cells"), _mean("mean_absolute_contribution", "cells"), pl.col("cells").sum())
    size = pl.col("mean_absolute_contribution")
    shared = means.with_columns(share=size / size.sum().over("category").clip(lower_bound=1e-12))
    return shared.sort(["category", "share", "feature"], descending=[False, True, False])


def _mean(name: str, by: str) -> pl.Expr:
    """Mean over the chunks that have a value; null where none has."""
    counted = pl.when(pl.col(name).is_not_null()).then(pl.col(by)).otherwise(0)
    return ((pl.col(name) * pl.col(by)).sum() / pl.when(counted.sum() > 0).then(counted.sum())).alias(name)
