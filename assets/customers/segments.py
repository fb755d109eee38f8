"""Customer segments: named RFM rules of the day, and k-means groups that are decided on Sundays by a model that is made anew only on drift.

Everything is computed from what is known on the day: the models from the month ends before it, memberships from the last Sunday and the
twelve weeks before that one. So a day's rows do not depend on which days were decided before.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.customers.rfm_history import month_end_samples
from assets.customers.segment_days import TODAY, Decision, decide, told_members
from assets.customers.segment_pictures import centre_picture, size_picture
from assets.house import House
from assets.partitions import partition_window
from assets.retention import thin_out
from assets.table_contracts import table_contracts
from assets.tracking import Tracking, TrainingRecord
from assets.warehouse import Warehouse
from assets.windows import by_training_day, month_ends

if TYPE_CHECKING:
    from learning.segments import DriftTest, SegmentModel, SegmentSettings

EXPERIMENT = "customer_segments"
SEGMENTS, PROFILES = "customers.segments", "customers.segment_profiles"
SCORES, MODELS = "customers.segment_scores", "customers.segment_models"
TABLES = (SEGMENTS, PROFILES, SCORES, MODELS)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
ABOUT = {
    SEGMENTS: "Which segment each customer is in and since when, by RFM rules and by k-means.",
    PROFILES: "What each segment is like, and what its customers did afterwards.",
    SCORES: "The published segments beside other ways of grouping: stability, silhouette, explained spend, shares.",
    MODELS: "Month by month: the drift test of the model in force, and whether it was fitted anew.",
}


@dg.multi_asset(
    name="segments",
    specs=[
        dg.AssetSpec(
            KEYS[name],
            group_name="customers",
            kinds={"mlflow"} if name == MODELS else {"polars"},
            deps=[["intermediate", "int_orders"], ["marts", "customer_profile"]],
            description=ABOUT[name],
        )
        for name in TABLES
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def segments(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse, tracking: Tracking) -> Iterator[Any]:
    """Decide groups per Sunday, tell them per day."""
    from learning.segments import SegmentSettings, model_chain

    window, settings = partition_window(context), SegmentSettings()
    tested_days = month_ends(house.shop.first_day, window.last_day)
    samples = month_end_samples(warehouse, tested_days, settings.most_sampled)
    chain = model_chain(samples, settings, lambda *fit: _kept_fit(house.state / "learning" / "segments", *fit))
    made: dict[str, list[pl.DataFrame]] = {name: [table_contracts()[name].empty()] for name in TABLES}
    used: dict[str, SegmentModel] = {}
    for decided_on, days in by_training_day(window.days, house.shop.first_day):
        decision = decide(warehouse, decided_on, [test for test in chain if test.tested_on <= decided_on], settings)
        if decision.model is not None:
            used[decision.model.version] = decision.model
        for day in days:
            for name, frame in _told(warehouse, day, decision, chain).items():
                made[name].append(frame.with_columns(as_of_day=pl.lit(day)).select(made[name][0].columns))
    for model in used.values():
        _record(house, tracking, model, settings)
    newest = {name: frames[-1] for name, frames in made.items()}
    for name in TABLES:
        contract = table_contracts()[name]
        rows = warehouse.replace_days(contract, pl.concat(made[name], how="vertical_relaxed"), window.days)
        if name == SEGMENTS:
            thin_out(warehouse, contract, window.start, house.shop.customers.snapshot_days)
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows, **_metadata(name, newest[name], chain)})


def _told(warehouse: Warehouse, day: date, decision: Decision, chain: "list[DriftTest]") -> dict[str, pl.DataFrame]:
    """The rows of one day, table by table, without as_of_day."""
    tests = [_test_row(test) for test in chain if test.tested_on <= day]
    return {
        SEGMENTS: told_members(warehouse.read(TODAY, [day]), day, decision, [test for test in chain if test.tested_on <= day]),
        PROFILES: decision.profiles,
        SCORES: decision.scores,
        MODELS: pl.DataFrame(tests, schema=table_contracts()[MODELS].empty().drop("as_of_day").schema),
    }


def _test_row(test: "DriftTest") -> dict[str, object]:
    model = test.model
    told = {name: getattr(test, name) for name in ("tested_on", "customers", "excess", "shift", "smallest_share", "reason")}
    return {
        **told,
        "segments": len(model.ids),
        "stability": model.stability,
        "is_stable": model.is_stable,
        "model_version": model.version,
    }


def _kept_fit(folder: Path, sample: pl.DataFrame, day: date, settings: "SegmentSettings", reason: str, before: Any) -> "SegmentModel":
    """The model of these customers, settings and earlier model: read where it was fitted before, else fitted and kept."""
    from learning.segments import SegmentModel, fit_segments

    rows = int(sample.sort("customer_key").hash_rows(seed=11).sum())
    content = [rows, sample.height, asdict(settings), reason, before.version if before else None, version("scikit-learn"), version("numpy")]
    fingerprint = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    file = folder / f"{day.isoformat()}-{fingerprint}.json"
    if file.exists():
        return SegmentModel.load(file)
    model = fit_segments(sample, day, settings, reason, before)
    folder.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}")
    model.save(beside)
    beside.rename(file)
    return model


def _record(house: House, tracking: Tracking, model: "SegmentModel", settings: "SegmentSettings") -> None:
    folder = house.state / "learning" / "segments" / model.version
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "model.json")
    tracking.record(
        TrainingRecord(
            experiment=EXPERIMENT,
            name=model.version,
            params={"cluster_counts": settings.cluster_counts, "reason": model.reason},
            metrics={
                "customers": model.customers,
                "stability": model.stability,
                "inertia": model.inertia,
                "smallest_share": min(model.shares),
                "segments": len(model.ids),
            },
            artifacts=folder,
            tags={"trained_as_of": model.fitted_on.isoformat(), "fingerprint": model.version},
            passed=model.is_stable,
        )
    )


def _metadata(name: str, newest: pl.DataFrame, chain: "list[DriftTest]") -> dict[str, Any]:
    if name == PROFILES:
        clusters = newest.filter(pl.col("scheme") == "cluster")
        return {"segments": size_picture(clusters), "rfm segments": size_picture(newest.filter(pl.col("scheme") == "rfm"))}
    if name == MODELS and chain:
        model = chain[-1].model
        fitted = {"stability": model.stability, "fitted on": model.fitted_on.isoformat()}
        return {"centres": centre_picture(model.names, model.centres), **fitted}
    if name == SCORES:
        figures = ("stability", "silhouette", "explained_spend", "smallest_share", "noise_share", "same_label")
        lines = [
            f"| {row['method']} | " + " | ".join("" if row[each] is None else f"{row[each]:.3f}" for each in figures) + " |"
            for row in newest.to_dicts()
        ]
        head = [f"| method | {' | '.join(figures)} |", "|---" * (len(figures) + 1) + "|"]
        return {"scores": dg.MetadataValue.md("\n".join([*head, *lines]))}
    return {}
