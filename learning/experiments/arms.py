"""A campaign's customers as arms and segments, summed; and which of its arms can carry a conclusion.

Terms
-----
arm           control (no coupon) or one coupon; `any` is all customers with some coupon
drawn         the chance of the arm is logged and between 0 and 1; everybody else is left out of comparisons
blocked       an arm whose size its draw cannot explain (sample-ratio check); the control group blocks the whole campaign
chosen        who got a coupon was drawn, which one was a plan's choice: then the chances of the arms add up to more than 1, coupons can
              only be
              compared to control all together, and their own arms are no samples of the campaign
"""

from dataclasses import dataclass

import polars as pl

from learning.experiments.adjust import ALL_SEGMENTS, ANY_COUPON
from learning.experiments.compare import WEIGHT
from learning.experiments.metrics import COVARIATES, OUTCOMES
from learning.experiments.moments import Moments
from learning.experiments.settings import ExperimentSettings
from learning.response.sample_ratio import sample_ratios
from learning.response.settings import ResponseSettings

COLUMNS = (*OUTCOMES, *COVARIATES, "ordered_28", WEIGHT)


@dataclass(frozen=True)
class Arms:
    """One campaign, summed.

    groups      moments by (coupon_id, None: control; segment)
    p_values    of the sample-ratio check, per coupon (not where chosen); ANY_COUPON: of the control group
    is_drawn    False where nobody was drawn by lot: then `groups` is everybody, and nothing is compared
    is_chosen   which coupon a customer got was chosen, not drawn
    is_weighted True where customers of one arm had different chances of it
    left_out    customers who were not drawn by lot in a campaign of which others were
    """

    groups: dict[tuple[str | None, str], Moments]
    coupons: tuple[str, ...]
    segments: tuple[str, ...]
    p_values: dict[str, float]
    is_drawn: bool
    is_chosen: bool
    is_weighted: bool
    left_out: int

    def p_value(self, coupon: str) -> float | None:
        """Return the sample-ratio check's p-value for a comparison with control: the lowest of the arms in it, None where nobody was
        drawn."""
        others = self.p_values if coupon == ANY_COUPON else (ANY_COUPON, coupon)
        return min((self.p_values[name] for name in others if name in self.p_values), default=None)

    def side(self, coupon: str | None, segment: str) -> Moments:
        """Return the moments of an arm (None: control, ANY_COUPON: all coupons) in a segment (or ALL_SEGMENTS)."""
        coupons = self.coupons if coupon == ANY_COUPON else (coupon,)
        wanted = self.segments if segment == ALL_SEGMENTS else (segment,)
        total = Moments.of(pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.Float64)), COLUMNS)
        for key in ((each, name) for each in coupons for name in wanted):
            if key in self.groups:
                total = total + self.groups[key]
        return total


def sum_up(outcomes: pl.DataFrame, settings: ExperimentSettings) -> Arms:
    """Return one campaign's arms. outcomes: one row per customer with coupon_id, propensity, segment and the columns of `metrics`."""
    drawn = outcomes.filter(pl.col("propensity").is_between(0, 1, closed="none"))
    is_drawn = bool(drawn["coupon_id"].is_null().any() and drawn["coupon_id"].is_not_null().any())
    used = (drawn if is_drawn else outcomes).sort("customer_key")
    coupons = tuple(used["coupon_id"].drop_nulls().unique().sort().to_list())
    is_weighted = is_drawn and bool((used.group_by("coupon_id").agg(pl.col("propensity").n_unique())["propensity"] > 1).any())
    weighted = _weighted(used) if is_weighted else weighed_equally(used)
    groups = {
        (coupon, segment): Moments.of(part, COLUMNS)
        for (coupon, segment), part in sorted(
            weighted.partition_by("coupon_id", "segment", as_dict=True).items(), key=lambda each: (each[0][0] or "", each[0][1])
        )
    }
    p_values = _sample_ratio(used, coupons, settings) if is_drawn else {}
    is_chosen = is_drawn and float(used.group_by("coupon_id").agg(chance=pl.len() / (1 / pl.col("propensity")).sum())["chance"].sum()) > 1.5
    if is_chosen:
        p_values = {ANY_COUPON: p_values[ANY_COUPON]}
    return Arms(
        groups=groups,
        coupons=coupons,
        segments=tuple(used["segment"].unique().sort().to_list()),
        p_values=p_values,
        is_drawn=is_drawn,
        is_chosen=is_chosen,
        is_weighted=is_weighted,
        left_out=outcomes.height - used.height,
    )


def weighed_equally(used: pl.DataFrame) -> pl.DataFrame:
    """Return outcomes with the columns that sums need besides: COLUMNS, every customer counting once."""
    return used.with_columns(pl.lit(1.0).alias(WEIGHT), ordered_28=(pl.col("orders_28") > 0).cast(pl.Float64))


def _weighted(used: pl.DataFrame) -> pl.DataFrame:
    """Multiply every column by 1 / propensity over its mean within the arm."""
    inverse = 1.0 / pl.col("propensity")
    weighted = weighed_equally(used).with_columns((inverse / inverse.mean().over("coupon_id")).alias(WEIGHT))
    return weighted.with_columns(pl.col(name) * pl.col(WEIGHT) for name in (*OUTCOMES, *COVARIATES))


def _sample_ratio(used: pl.DataFrame, coupons: tuple[str, ...], settings: ExperimentSettings) -> dict[str, float]:
    """Return the corrected p-value per coupon and of the control group: the check that also guards the response model, arm by arm."""
    numbers = {name: float(number) for number, name in enumerate(coupons, start=1)}
    draws = used.select(
        campaign_id=pl.lit("this"),
        face=pl.col("coupon_id").replace_strict(numbers, default=0.0, return_dtype=pl.Float64).fill_null(0.0),
        propensity="propensity",
    )
    told = sample_ratios(draws, ResponseSettings(sample_ratio_alarm=settings.sample_ratio_alarm))
    of_number = dict(told.select("face_value", "p_value").rows())
    return {ANY_COUPON: of_number[0.0], **{name: of_number[number] for name, number in numbers.items()}}
