"""The sample-ratio check: were the arms really drawn with the logged propensities?

For every arm, the sum of 1/propensity over its customers estimates the number of customers in the campaign. How far it misses, in
standard errors, is the test; with several arms the p-value is multiplied by their number (Bonferroni). Arms too small or too large point to
lost rows or a broken draw, and no effect measured on them can be trusted.
"""

from statistics import NormalDist

import polars as pl

from learning.response.settings import ResponseSettings

SAMPLE_RATIO_SCHEMA = {
    "campaign_id": pl.String,
    "face_value": pl.Float64,
    "customers": pl.Int64,
    "expected_customers": pl.Float64,
    "p_value": pl.Float64,
    "alarm": pl.Boolean,
}


def sample_ratios(drawn: pl.DataFrame, settings: ResponseSettings) -> pl.DataFrame:
    """Return one row per arm (grain: campaign_id, face_value; 0 is control) of drawn rows (campaign_id, face, propensity).

    expected_customers is the campaign's size times the arm's mean propensity; p_value is corrected for the number of arms; `alarm` holds
    for the whole campaign.
    """
    if drawn.height == 0:
        return pl.DataFrame(schema=SAMPLE_RATIO_SCHEMA)
    inverse = 1.0 / pl.col("propensity")
    arms = (
        drawn.group_by("campaign_id", "face")
        .agg(
            customers=pl.len().cast(pl.Int64),
            propensity=pl.len() / inverse.sum(),  # harmonic mean, so that it fits the sum of inverses
            represented=inverse.sum(),
            variance=((1 - pl.col("propensity")) / pl.col("propensity") ** 2).sum(),
        )
        .with_columns(campaign_customers=pl.col("customers").sum().over("campaign_id"), arms=pl.len().over("campaign_id"))
        .sort("campaign_id", "face")
    )
    deviation = ((arms["represented"] - arms["campaign_customers"]) / arms["variance"].sqrt()).to_list()
    chances = [2 * (1 - NormalDist().cdf(abs(z))) for z in deviation]
    return (
        arms.with_columns(
            expected_customers=pl.col("campaign_customers") * pl.col("propensity"),
            p_value=(pl.Series(chances, dtype=pl.Float64) * arms["arms"]).clip(upper_bound=1.0),
        )
        .with_columns(alarm=(pl.col("p_value") < settings.sample_ratio_alarm).any().over("campaign_id"))
        .rename({"face": "face_value"})
        .select([pl.col(name).cast(kind) for name, kind in SAMPLE_RATIO_SCHEMA.items()])
    )
