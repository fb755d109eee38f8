"""Training: one demand model per training day (the Sunday at or before the business day), tracked and registered in MLflow.

A model is trained on what was known on its training day and on nothing else, so a backfill of last March trains last March's models. A
model that already stands for the same input, settings and library versions is used again."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.demand.panels import DemandInputs, read_demand_inputs
from assets.demand.pictures import readings_table
from assets.house import House
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.tracking import FamilyRun, Tracking, TrainingRecord
from assets.warehouse import Warehouse
from assets.windows import Window, by_training_day
from learning.engines import Processes

if TYPE_CHECKING:
    from learning.demand import DemandSettings
    from learning.demand.panel_model import PanelModel

EXPERIMENT = "demand_panel"
TRAINING_PROCESSES = 2  # where a panel is cut into chunks: memory is that of so many chunks
RUNS, SCORES, IMPORTANCE = "demand.training_runs", "demand.backtest_scores", "demand.feature_importance"
DRIVERS, DIAGNOSIS = "demand.forecast_drivers", "demand.arima_diagnosis"
DRIVERS_FILE, DIAGNOSIS_FILE, CHAMPIONS_FILE = "drivers.parquet", "arima_diagnosis.parquet", "champion_by_segment.parquet"
KEYS = {name: dg.AssetKey(name.split(".")) for name in (RUNS, SCORES, IMPORTANCE, DRIVERS, DIAGNOSIS)}


@dg.multi_asset(
    name="demand_training",
    specs=[
        dg.AssetSpec(
            KEYS[RUNS],
            group_name="demand",
            kinds={"prophet", "lightgbm", "mlflow"},
            deps=[["marts", "sales_panel"], ["marts", "dim_products"], ["marts", "dim_calendar"]],
            description="Which model serves which day, what it was trained on and how good it is.",
        ),
        dg.AssetSpec(
            KEYS[SCORES],
            group_name="demand",
            kinds={"duckdb"},
            deps=[["marts", "sales_panel"]],
            description="Errors of past forecasts, replayed, by level, segment and model.",
        ),
        dg.AssetSpec(
            KEYS[IMPORTANCE],
            group_name="demand",
            kinds={"duckdb"},
            deps=[["marts", "sales_panel"]],
            description="What the gradient model looks at.",
        ),
        dg.AssetSpec(
            KEYS[DRIVERS],
            group_name="demand",
            kinds={"duckdb"},
            deps=[["marts", "sales_panel"], ["marts", "fct_promotions"]],
            description="Which features move the coming weeks of each category, up or down.",
        ),
        dg.AssetSpec(
            KEYS[DIAGNOSIS],
            group_name="demand",
            kinds={"statsmodels"},
            deps=[["marts", "sales_panel"]],
            description="What kind of series the demand of the total, categories and locations is (ARIMA); no forecast rests on it.",
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "beats_seasonal_naive", asset=KEYS[RUNS], description="The replayed forecast is nearer to the truth than a seasonal naive one."
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def demand_training(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse, tracking: Tracking) -> Iterator[Any]:
    """Train what is missing and write down which model serves which day."""
    window = partition_window(context)
    inputs = read_demand_inputs(house, warehouse, window.last_day)
    runs, scores, importances, drivers, diagnoses = [], [], [], [], []
    first_known = first_known_day(inputs, window)
    for trained_as_of, days in by_training_day(window.days, max(house.shop.first_day, first_known)):
        trained = train_or_reuse(house, inputs, trained_as_of)
        context.log.info("demand model of %s %s", trained_as_of, "reused" if trained.was_there else "trained")
        run_id, model_version = tracking.record(_training_record(trained, trained_as_of))
        for day in days:
            runs.append(
                {
                    **_summary(trained),
                    "as_of_day": day,
                    "trained_as_of": trained_as_of,
                    "model_version": trained.version_name,
                    "mlflow_run_id": run_id,
                    "mlflow_version": model_version,
                }
            )
            scores.append(trained.scores.with_columns(as_of_day=pl.lit(day), model_version=pl.lit(trained.version_name)))
            importances.append(
                trained.model.feature_importance().with_columns(as_of_day=pl.lit(day), model_version=pl.lit(trained.version_name))
            )
            drivers.append(trained.drivers.with_columns(as_of_day=pl.lit(day), model_version=pl.lit(trained.version_name)))
            diagnoses.append(trained.diagnosis.with_columns(as_of_day=pl.lit(day), model_version=pl.lit(trained.version_name)))
    contracts = table_contracts()
    frames = {
        RUNS: pl.DataFrame(runs, infer_schema_length=None),
        SCORES: pl.concat(scores),
        IMPORTANCE: pl.concat(importances),
        DRIVERS: pl.concat(drivers),
        DIAGNOSIS: pl.concat(diagnoses),
    }
    for name, frame in frames.items():
        rows = warehouse.replace_days(contracts[name], frame, window.days)
        readings = {"readings": readings_table(diagnoses[-1])} if name == DIAGNOSIS else {}
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows, **readings})
    skills = [run["skill_against_seasonal_naive"] for run in runs if run["skill_against_seasonal_naive"] is not None]
    yield dg.AssetCheckResult(
        check_name="beats_seasonal_naive",
        asset_key=KEYS[RUNS],
        passed=bool(skills) and min(skills) > 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"worst_skill": min(skills, default=0.0), "models": len({run["trained_as_of"] for run in runs})},
    )


def first_known_day(inputs: DemandInputs, window: Window) -> date:
    """The day on which the first sale or count of goods became known: before it nothing can be learned, and from it on every day is
    served, be it by a model of one day. Raises Failure where the window begins before that day."""
    known = inputs.panel_versions.frame["known_on"].min()
    if known is None:
        raise dg.Failure(
            f"No goods are known by {window.last_day}: the shop has handed in neither sales nor counts of products that are goods. Hand in "
            "order_lines or daily_sales (products with is_service = true do not count), see `countinghouse shop check`."
        )
    assert isinstance(known, date)
    if known > window.start:
        raise dg.Failure(
            f"Nothing can be decided for {window.start}: the first sale or count of goods became known on {known}. "
            f"Decide {known} or later, or hand in earlier records."
        )
    return known


@dataclass(frozen=True)
class TrainedModel:
    """The demand model of the panel, its pooled scores, what drives its forecasts per category (`learning.demand.explain`), what kind of
    series it was trained on (`learning.demand.arima_diagnosis`), and where it stands."""

    model: "PanelModel"
    scores: pl.DataFrame
    drivers: pl.DataFrame
    diagnosis: pl.DataFrame
    folder: Path
    fingerprint: str
    was_there: bool
    items: int
    days: int

    @property
    def version_name(self) -> str:
        return f"demand-{self.folder.name}-{self.fingerprint[:8]}"


def train_or_reuse(house: House, inputs: DemandInputs, trained_as_of: date) -> TrainedModel:
    """The model of the training day: read from its folder if it was trained on the same input, else trained and saved."""
    from learning.demand import DemandSettings
    from learning.demand.panel_model import load_panel

    panel, holidays, settings = inputs.panel(trained_as_of), inputs.holidays(trained_as_of), DemandSettings()
    fingerprint = _fingerprint(panel, holidays, settings)
    folder = house.models / trained_as_of.isoformat()
    mark = folder / "fingerprint.txt"
    was_there = mark.exists() and mark.read_text(encoding="utf-8") == fingerprint
    if not was_there:
        _train_and_save(panel, holidays, settings, inputs.future(trained_as_of, settings.horizon_days), trained_as_of, folder, fingerprint)
    items = panel.select("product_id", "location_id").n_unique()
    model = load_panel(folder)
    drivers, diagnosis = pl.read_parquet(folder / DRIVERS_FILE), pl.read_parquet(folder / DIAGNOSIS_FILE)
    return TrainedModel(model, model.scores(), drivers, diagnosis, folder, fingerprint, was_there, items, panel["business_day"].n_unique())


def _train_and_save(
    panel: pl.DataFrame,
    holidays: pl.DataFrame,
    settings: "DemandSettings",
    future: pl.DataFrame,
    trained_as_of: date,
    folder: Path,
    fingerprint: str,
) -> None:
    """Train beside and swap in, so that a killed run never leaves half a model."""
    from learning.demand.arima_diagnosis import diagnose_panel  # statsmodels takes a second to load
    from learning.demand.panel_model import train_panel
    from learning.demand.promotion import champion_by_segment

    beside = folder.with_name(f".{folder.name}")
    shutil.rmtree(beside, ignore_errors=True)
    model = train_panel(panel, holidays, settings, trained_as_of, beside, Processes(TRAINING_PROCESSES))
    model.drivers(panel, future, trained_as_of).write_parquet(beside / DRIVERS_FILE)
    diagnose_panel(model, panel, trained_as_of).write_parquet(beside / DIAGNOSIS_FILE)
    champion_by_segment(model.scores()).write_parquet(beside / CHAMPIONS_FILE)
    (beside / "fingerprint.txt").write_text(fingerprint, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def load_model(house: House, trained_as_of: date) -> "PanelModel":
    """The saved model of a training day."""
    from learning.demand.panel_model import load_panel

    return load_panel(house.models / trained_as_of.isoformat())


def _fingerprint(panel: pl.DataFrame, holidays: pl.DataFrame, settings: "DemandSettings") -> str:
    libraries = {name: version(name) for name in ("prophet", "lightgbm", "scikit-learn", "scipy", "statsmodels", "polars", "numpy")}
    content = [int(frame.hash_rows(seed=11).sum()) if frame.height else 0 for frame in (panel, holidays)]
    parts = [content, panel.height, settings.as_dict(), libraries, _code_fingerprint()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _code_fingerprint() -> str:
    """A model trained by other code is another model."""
    import learning.demand

    folder = Path(learning.demand.__file__).parent
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("*.py")))).hexdigest()


def _score(scores: pl.DataFrame, level: str, model: str, measure: str) -> float | None:
    found = scores.filter((pl.col("level") == level) & (pl.col("segment") == "all") & (pl.col("model") == model))
    return None if found.is_empty() else found[measure][0]


def _summary(trained: TrainedModel) -> dict[str, Any]:
    from learning.demand.promotion import judge_promotion

    scores = trained.scores
    promotion = judge_promotion(scores)
    return {
        "input_version": trained.fingerprint,
        "items": trained.items,
        "history_days": trained.days,
        "wape_item": _score(scores, "item", "combined", "wape"),
        "wape_item_seasonal_naive": _score(scores, "item", "seasonal naive", "wape"),
        "wrmsse_item": _score(scores, "item", "combined", "wrmsse"),
        "wrmsse_item_seasonal_naive": _score(scores, "item", "seasonal naive", "wrmsse"),
        "skill_against_seasonal_naive": _score(scores, "item", "combined", "skill"),
        "skill_low": _score(scores, "item", "combined", "skill_low"),
        "skill_high": _score(scores, "item", "combined", "skill_high"),
        "bias_total": _score(scores, "total", "combined", "bias"),
        "wape_total": _score(scores, "total", "combined", "wape"),
        "coverage_q95": _score(scores, "item", "combined", "coverage_q95"),
        "passed_check": promotion.passed,
        "check_reason": promotion.reason,
    }


def _training_record(trained: TrainedModel, trained_as_of: date) -> TrainingRecord:
    from learning.demand.promotion import judge_promotion

    scores = trained.scores
    promotion = judge_promotion(scores)
    overall = scores.filter(pl.col("segment") == "all")
    measures = ("wape", "bias", "rmsse", "wrmsse", "skill", "pinball_q90", "coverage_q95")

    def metrics(model: str) -> dict[str, float]:
        rows = overall.filter(pl.col("model") == model)
        return {f"{row['level']}_{name}": row[name] for row in rows.to_dicts() for name in measures if row[name] is not None}

    return TrainingRecord(
        experiment=EXPERIMENT,
        name=trained.version_name,
        params={**trained.model.settings.as_dict(), "items": trained.items, "history_days": trained.days},
        metrics={**metrics("combined"), **_weight_metrics(trained.model.weights())},
        artifacts=trained.folder,
        tags={"trained_as_of": trained_as_of.isoformat(), "fingerprint": trained.fingerprint, "check_reason": promotion.reason},
        passed=promotion.passed,
        families=tuple(FamilyRun(name, {"family": name}, metrics(name)) for name in sorted(set(overall["model"]) - {"combined"})),
    )


def _weight_metrics(weights: pl.DataFrame) -> dict[str, float]:
    """`weight/smooth/LightGBM` and so on; MLflow's names know no apostrophes."""
    return {f"weight/{row['segment']}/{row['member']}".replace("'", ""): row["weight"] for row in weights.to_dicts()}
