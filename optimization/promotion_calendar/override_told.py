"""What became of the merchandiser's decisions.

Public: `OVERRIDE_SCHEMA`, `overrides_told`.
"""

import polars as pl

from optimization.promotion_calendar.frames import ReadFrames

OVERRIDE_SCHEMA = {
    "product_id": pl.String,
    "week": pl.Int64,
    "promotion_id": pl.String,
    "action": pl.String,
    "outcome": pl.String,
    "sentence": pl.String,
}
_SPOT = ["product_id", "week"]


def overrides_told(frames: ReadFrames, calendar: pl.DataFrame) -> pl.DataFrame:
    """Return one row per decision (product_id, week, promotion_id, action) with outcome: honoured, or no_candidate where the calendar knows
    no such product, week or promotion; a forced one does not run then."""
    kinds = frames.candidates.select(*_SPOT, "promotion_id").with_columns(is_kind=True)
    spots = frames.candidates.select(_SPOT).unique().with_columns(is_spot=True)
    joined = (
        frames.decisions.join(kinds, on=[*_SPOT, "promotion_id"], how="left")
        .join(spots, on=_SPOT, how="left")
        .join(calendar.select(*_SPOT, runs="promotion_id"), on=_SPOT, how="left")
    )
    known = pl.when(pl.col("promotion_id").is_null()).then("is_spot").otherwise("is_kind").fill_null(False)
    told = joined.with_columns(outcome=pl.when(known).then(pl.lit("honoured")).otherwise(pl.lit("no_candidate")))
    what = pl.concat_str(pl.col("promotion_id").fill_null("any promotion"), pl.lit(" of "), "product_id", pl.lit(" in week "), "week")
    sentence = (
        pl.when(pl.col("outcome") == "no_candidate")
        .then(pl.format("Nothing came of it: {} is not among the candidates.", what))
        .when(pl.col("action") == "force")
        .then(pl.format("{} runs, as decided.", pl.concat_str(pl.col("runs"), pl.lit(" of "), "product_id", pl.lit(" in week "), "week")))
        .otherwise(pl.format("{} does not run, as decided.", what))
    )
    return told.with_columns(sentence=sentence).select(list(OVERRIDE_SCHEMA)).sort(*_SPOT, "promotion_id", "action")
