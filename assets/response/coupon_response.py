"""Coupon response: what each coupon adds per customer, learned from randomised trials and from nothing else.

The model of a day is trained on the campaigns whose outcome window was settled by its training day. Without a trial the table says
`causal = false`, claims no uplift, and a randomised pilot is proposed instead.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.as_of import Versions, read_versions
from assets.house import House
from assets.model_files import kept_or_trained, training_fingerprint
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.tracking import Tracking, TrainingRecord
from assets.warehouse import Warehouse
from assets.windows import by_training_day

if TYPE_CHECKING:
    from learning.response import ResponseModel

EXPERIMENT = "coupon_response"
LIBRARIES = ("lightgbm", "scikit-learn", "numpy", "polars")
SCORES, EFFECTS, RATIOS, PILOT = "response.coupon_scores", "response.trial_effects", "response.sample_ratio", "response.pilot_plan"
MODELS, DRIVERS = "response.model_scores", "response.uplift_drivers"
TABLES = (SCORES, EFFECTS, MODELS, DRIVERS, RATIOS, PILOT)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
UPSTREAM = [["marts", "campaign_facts"], ["marts", "customer_profile"], ["marts", "dim_coupons"]]
ABOUT = {
    SCORES: "Added purchases, gain and cost of every live coupon per customer.",
    EFFECTS: "Average effect per face value in the randomised trials, with intervals.",
    MODELS: "What each learner's policy would have earned on held-out customers, and which one is published.",
    DRIVERS: "How the expected gain of a coupon moves with each customer feature.",
    RATIOS: "Whether each trial's arms have the sizes its draw says.",
    PILOT: "A randomised pilot within the pilot budget, where nothing causal is known.",
}


@dg.multi_asset(
    name="coupon_response",
    specs=[
        dg.AssetSpec(
            KEYS[name], group_name="response", kinds={"mlflow"} if name == SCORES else {"duckdb"}, deps=UPSTREAM, description=ABOUT[name]
        )
        for name in TABLES
    ],
    check_specs=[
        dg.AssetCheckSpec("trials_are_sound", asset=KEYS[RATIOS], description="No trial's arms differ from its draw by more than chance.")
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def coupon_response(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse, tracking: Tracking) -> Iterator[Any]:
    """Train per training day, score every live coupon per customer and day."""
    window = partition_window(context)
    facts = warehouse.read("select * from marts.campaign_facts where known_on <= ? order by all", [window.last_day])
    profiles = warehouse.read(
        "select * from marts.customer_profile where as_of_day between ? and ? order by all", [window.start, window.last_day]
    )
    coupons = read_versions(warehouse, "dim_coupons", window.last_day)
    made: dict[str, list[pl.DataFrame]] = {name: [table_contracts()[name].empty()] for name in TABLES}
    for trained_as_of, days in by_training_day(window.days, house.shop.first_day):
        model, model_version = _train(house, facts.filter(pl.col("known_on") <= trained_as_of), trained_as_of, tracking)
        for day in days:
            stamp = {"as_of_day": pl.lit(day), "model_version": pl.lit(model_version)}
            customers, live = profiles.filter(pl.col("as_of_day") == day), live_coupons(coupons, day)
            made[SCORES].append(model.predict(customers, live).with_columns(**stamp))
            made[EFFECTS].append(model.effects.with_columns(**stamp))
            made[MODELS].append(model.model_scores.with_columns(**stamp))
            made[DRIVERS].append(model.drivers.with_columns(**stamp))
            made[RATIOS].append(model.sample_ratio.with_columns(**stamp))
            if not model.causal:
                made[PILOT].append(_pilot(house, customers, live).with_columns(**stamp))
    for name in TABLES:
        frame = pl.concat([part.select(made[name][0].columns) for part in made[name]], how="vertical_relaxed")
        rows = warehouse.replace_days(table_contracts()[name], frame, window.days)
        metadata = {"dagster/row_count": rows}
        if name == SCORES:
            metadata |= {"causal": model.causal, "effect_source": model.effect_source, "notes": "; ".join(model.notes)}
            metadata |= {"safety gate": "no trial" if model.gate is None else model.gate.sentence} | model.chosen
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata=metadata)
    yield dg.AssetCheckResult(
        check_name="trials_are_sound",
        asset_key=KEYS[RATIOS],
        passed=not model.sample_ratio["alarm"].any(),
        severity=dg.AssetCheckSeverity.WARN,
    )


def live_coupons(coupons: Versions, day: date) -> pl.DataFrame:
    """Coupons that can be given out on the day after `day`, as known on `day`; only those with a face value above 0."""
    known = coupons.as_of(day)
    tomorrow = pl.lit(day) + pl.duration(days=1)
    return known.filter((pl.col("valid_from") <= tomorrow) & (pl.col("valid_to") >= tomorrow) & (pl.col("face_value") > 0)).sort(
        "coupon_id"
    )


def _train(house: House, facts: pl.DataFrame, trained_as_of: date, tracking: Tracking) -> tuple["ResponseModel", str]:
    """The model of the training day: read from its folder if it was trained on the same facts by the same code, else trained and saved."""
    import learning.response
    from learning.response import ResponseModel, ResponseSettings, train_response

    settings = ResponseSettings()
    fingerprint = training_fingerprint([facts], vars(settings), learning.response, LIBRARIES)
    model_version = f"response-{trained_as_of.isoformat()}-{fingerprint[:8]}"
    folder = house.state / "learning" / "response" / trained_as_of.isoformat()
    model = kept_or_trained(folder, fingerprint, ResponseModel.load, lambda: train_response(facts, settings))
    tracking.record(
        TrainingRecord(
            experiment=EXPERIMENT,
            name=model_version,
            params=vars(settings) | model.chosen,
            metrics=_metrics(model, facts),
            artifacts=Path(folder),
            tags={
                "trained_as_of": trained_as_of.isoformat(),
                "fingerprint": fingerprint,
                "causal": str(model.causal),
                "effect_source": model.effect_source,
            },
        )
    )
    return model, model_version


def _metrics(model: "ResponseModel", facts: pl.DataFrame) -> dict[str, float]:
    per_face = {f"uplift_orders_face_{row['face_value']:g}": row["uplift_orders"] for row in model.effects.to_dicts()}
    gate = {} if model.gate is None else {name: value for name, value in vars(model.gate).items() if isinstance(value, float)}
    slopes = {} if model.individual is None else {name: getattr(model.individual, name) for name in ("purchase_slope", "gain_slope")}
    raced = model.model_scores.filter(pl.col("learner").is_not_null()).to_dicts()
    scores = {f"{name}/{row['policy']}": row[name] for row in raced for name in ("steady_value", "dr_value", "qini", "calibration_slope")}
    return {"assignments": float(facts.height), **slopes, **gate, **per_face, **scores}


def _pilot(house: House, customers: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    from learning.response import pilot_plan

    writable = customers.filter(pl.col("email_consent").fill_null(True))
    plan = pilot_plan(writable.height, live, house.shop.coupons.pilot_budget)
    return plan.arms.with_columns(assumptions=pl.lit(" ".join(plan.notes)))
