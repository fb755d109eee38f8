"""Reads campaign facts as a randomised trial: which rows can carry a causal claim, and why the others cannot.

Terms
-----
arm           control (no coupon) or one face value; coupons of equal face value are one arm
propensity    the logged probability with which a customer was drawn into the arm he is in
gain          margin of the outcome window before the coupon's cost
profit        margin of the outcome window after the coupon's cost
"""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.response.features import Floats, feature_matrix
from learning.response.sample_ratio import sample_ratios
from learning.response.settings import ResponseSettings

Integers = NDArray[np.int64]

FACT_COLUMNS = (
    "campaign_id",
    "customer_key",
    "coupon_id",
    "face_value",
    "propensity",
    "outcome_orders",
    "outcome_margin",
    "redeemed",
    "redemption_discount",
)


PER_ROW = ("campaign", "customer", "fold", "arm", "propensity", "features", "purchased", "orders", "gain", "profit", "redeemed")


@dataclass(frozen=True)
class Trial:
    """Arrays over the usable rows, sorted by campaign and customer. `arm` is 0 for control, k for the k-th of `faces` (ascending)."""

    campaigns: tuple[str, ...]
    campaign: Integers
    customer: Integers
    fold: Integers
    faces: Floats
    arm: Integers
    propensity: Floats
    features: Floats
    purchased: Floats
    orders: Floats
    gain: Floats
    profit: Floats
    redeemed: Floats

    def at(self, rows: Integers) -> "Trial":
        """Return some rows; campaigns, customers and face values keep their numbers."""
        return replace(self, **{name: getattr(self, name)[rows] for name in PER_ROW})

    @property
    def arms_of_campaign(self) -> NDArray[np.bool_]:
        """campaigns x (1 + arms): True where the campaign had such customers."""
        present = np.zeros((len(self.campaigns), len(self.faces) + 1), dtype=bool)
        present[self.campaign, self.arm] = True
        return present


@dataclass(frozen=True)
class TrialReading:
    """The trial (None where nothing randomised is usable), the sample-ratio table, and plain notes on what was left out."""

    trial: Trial | None
    sample_ratio: pl.DataFrame
    notes: tuple[str, ...]


def check_facts(facts: pl.DataFrame) -> None:
    """Raise ValueError where campaign facts lack a column or name a customer twice within a campaign."""
    absent = [name for name in FACT_COLUMNS if name not in facts.columns]
    if absent:
        raise ValueError(f"Campaign facts lack the columns {', '.join(absent)}.")
    if facts.select(pl.struct("campaign_id", "customer_key").is_duplicated().any()).item():
        raise ValueError("A customer appears twice in one campaign.")


def read_trial(facts: pl.DataFrame, settings: ResponseSettings) -> TrialReading:
    """Return the usable part of campaign facts (grain: campaign_id, customer_key) as a trial."""
    check_facts(facts)
    facts = facts.with_columns(
        face=pl.when(pl.col("coupon_id").is_null()).then(0.0).otherwise(pl.col("face_value").cast(pl.Float64).round(2))
    )
    notes: list[str] = []
    drawn = facts.filter(pl.col("propensity").is_between(0, 1, closed="none"))
    if drawn.height < facts.height:
        notes.append(f"{facts.height - drawn.height} of {facts.height} rows have no propensity below 1: they were not drawn by lot.")
    broken = drawn.filter((pl.col("face") <= 0) & pl.col("coupon_id").is_not_null())
    if broken.height:
        notes.append(f"{broken.height} coupons without a face value above 0 are left out.")
        drawn = drawn.filter((pl.col("face") > 0) | pl.col("coupon_id").is_null())
    ratios = sample_ratios(drawn, settings)
    alarmed = ratios.filter("alarm").select("campaign_id").unique().sort("campaign_id")
    notes += [f"Campaign {name} is left out: its arms are not of the sizes that the logged propensities say." for (name,) in alarmed.rows()]
    kept = _large_enough(drawn.join(alarmed, on="campaign_id", how="anti"), settings, notes)
    if kept.height == 0:
        return TrialReading(None, ratios, (*notes, "No campaign has both a control group and a coupon arm drawn by lot."))
    return TrialReading(_as_arrays(kept.sort("campaign_id", "customer_key"), settings), ratios, tuple(notes))


def _large_enough(drawn: pl.DataFrame, settings: ResponseSettings, notes: list[str]) -> pl.DataFrame:
    """Keep arms of enough customers, within campaigns that keep a control group and at least one coupon arm."""
    sized = drawn.with_columns(arm_customers=pl.len().over("campaign_id", "face"))
    small = sized.filter(pl.col("arm_customers") < settings.smallest_arm).select("campaign_id", "face", "arm_customers").unique()
    for campaign, face, count in small.sort("campaign_id", "face").rows():
        what = "control group" if face == 0 else f"arm of face value {face:.2f}"
        notes.append(f"Campaign {campaign}: the {what} has only {count} customers and is left out.")
    kept = sized.filter(pl.col("arm_customers") >= settings.smallest_arm)
    complete = (pl.col("face") == 0).any().over("campaign_id") & (pl.col("face") > 0).any().over("campaign_id")
    return kept.filter(complete)


def _as_arrays(kept: pl.DataFrame, settings: ResponseSettings) -> Trial:
    campaigns = tuple(kept["campaign_id"].unique().sort().to_list())
    faces = np.unique(kept.filter(pl.col("face") > 0)["face"].to_numpy())
    arm = np.searchsorted(faces, kept["face"].to_numpy()) + 1
    arm[kept["face"].to_numpy() == 0] = 0
    margin = kept["outcome_margin"].cast(pl.Float64).fill_null(0.0).to_numpy()
    discount = kept["redemption_discount"].cast(pl.Float64).fill_null(0.0).to_numpy()
    before, after = (margin + discount, margin) if settings.margin_after_coupon else (margin, margin - discount)
    return Trial(
        campaigns=campaigns,
        campaign=np.searchsorted(np.array(campaigns), kept["campaign_id"].to_numpy().astype(str)).astype(np.int64),
        customer=kept["customer_key"].rank("dense").cast(pl.Int64).to_numpy() - 1,
        fold=_folds(kept["customer_key"], settings),
        faces=faces.astype(np.float64),
        arm=arm.astype(np.int64),
        propensity=kept["propensity"].cast(pl.Float64).to_numpy(),
        features=feature_matrix(kept),
        purchased=(kept["outcome_orders"].fill_null(0).to_numpy() > 0).astype(np.float64),
        orders=kept["outcome_orders"].cast(pl.Float64).fill_null(0.0).to_numpy(),
        gain=before.astype(np.float64),
        profit=after.astype(np.float64),
        redeemed=kept["redeemed"].cast(pl.Float64).fill_null(0.0).to_numpy(),
    )


def _folds(customer_keys: pl.Series, settings: ResponseSettings) -> Integers:
    """Return a fold per row; a customer is in the same fold in all campaigns, whatever the order of rows."""
    prefix = f"{settings.seed}|fold|".encode()
    lots = [hashlib.blake2b(prefix + key.encode(), digest_size=4).digest() for key in customer_keys.to_list()]
    return np.array([int.from_bytes(lot, "big") % settings.folds for lot in lots], dtype=np.int64)
