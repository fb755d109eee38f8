"""The score sheet of the race: what each learner's policy would have earned on customers it had not seen, and which one is published."""

import numpy as np
import polars as pl

from learning.response.effects import Scored
from learning.response.off_policy import Bootstrap, PolicyValue, dr_values, snips_values
from learning.response.race import Race
from learning.response.settings import ResponseSettings
from learning.response.trial import Trial
from learning.response.uplift_curves import uplift_curve

MODEL_SCORES_SCHEMA = {
    "policy": pl.String,
    "learner": pl.String,
    "outcome": pl.String,
    "face_value": pl.Float64,
    "customers": pl.Int64,
    "given_share": pl.Float64,
    "dr_value": pl.Float64,
    "dr_value_low": pl.Float64,
    "dr_value_high": pl.Float64,
    "steady_value": pl.Float64,
    "steady_value_low": pl.Float64,
    "steady_value_high": pl.Float64,
    "ips_value": pl.Float64,
    "ips_value_low": pl.Float64,
    "ips_value_high": pl.Float64,
    "promised_value": pl.Float64,
    "auuc": pl.Float64,
    "qini": pl.Float64,
    "calibration_slope": pl.Float64,
    "is_chosen": pl.Boolean,
    "is_published": pl.Boolean,
}


def model_scores(trial: Trial, scored: Scored, race: Race, *, passed: bool, settings: ResponseSettings) -> pl.DataFrame:
    """Return one row per policy (grain: policy), money per customer and outcome window over giving nobody a coupon.

    Policies: each candidate (learner/outcome); `chosen`, the candidate that the other folds chose, which is the honest figure of what is
    chosen; `best_rule`, the single rule that the other folds chose; and `everybody_F` for each face value F, on rows whose campaign had it.
    is_chosen: best by `race.choose` over all folds; is_published: its effects are used, or `best_rule` where the gate was not passed.
    """
    at = np.arange(len(trial.arm))
    offered = trial.arms_of_campaign[trial.campaign]
    rows: list[dict[str, object]] = []
    arms, direct, steady = [], [], []
    for index, runner in enumerate(race.runners):
        curve = uplift_curve(runner.best_score, runner.best_effect)
        rows.append(
            {
                "policy": f"{runner.learner}/{runner.outcome}",
                "learner": runner.learner,
                "outcome": runner.outcome,
                "promised_value": float(runner.promised.mean()),
                "auuc": curve.auuc,
                "qini": curve.qini,
                "calibration_slope": runner.slope,
                "is_chosen": index == race.chosen,
                "is_published": index == race.chosen and passed,
            }
        )
        arms.append(runner.arm)
        direct.append(runner.gained)
        steady.append(runner.steady_gained)
    curve = uplift_curve(race.of_chosen(trial, "best_score"), race.of_chosen(trial, "best_effect"))
    promised = float(race.of_chosen(trial, "promised").mean())
    rows.append({"policy": "chosen", "promised_value": promised, "auuc": curve.auuc, "qini": curve.qini})
    arms.append(race.of_chosen(trial, "arm"))
    direct.append(race.of_chosen(trial, "gained"))
    steady.append(race.of_chosen(trial, "steady_gained"))
    rows.append({"policy": "best_rule", "is_published": not passed})
    arms.append(race.constant_arm)
    direct.append(race.constant_gained)
    steady.append(race.constant_steady_gained)
    for index, face in enumerate(trial.faces.tolist()):
        arm = np.where(offered[:, index + 1], index + 1, 0)
        rows.append({"policy": f"everybody_{face:g}", "face_value": face})
        arms.append(arm)
        direct.append(scored.profit[at, arm] - scored.profit[:, 0])
        steady.append(scored.steady_profit[at, arm] - scored.steady_profit[:, 0])
    return _with_values(trial, rows, np.column_stack(arms), np.column_stack(direct), np.column_stack(steady), settings)


def _with_values(
    trial: Trial, rows: list[dict[str, object]], arms: np.ndarray, direct: np.ndarray, steady: np.ndarray, settings: ResponseSettings
) -> pl.DataFrame:
    bootstrap = Bootstrap(trial.customer, settings.bootstrap_draws, settings.confidence, settings.seed)
    estimates: dict[str, list[PolicyValue]] = {
        "dr_value": dr_values(direct, bootstrap),
        "steady_value": dr_values(steady, bootstrap),
        "ips_value": snips_values(trial.profit, trial.arm, trial.propensity, arms, bootstrap),
    }
    for index, row in enumerate(rows):
        row |= {"customers": len(trial.arm), "given_share": float((arms[:, index] > 0).mean())}
        for name, values in estimates.items():
            row |= {name: values[index].value, f"{name}_low": values[index].low, f"{name}_high": values[index].high}
    flags = [pl.col("is_chosen", "is_published").fill_null(value=False)]
    return pl.DataFrame(rows, schema=MODEL_SCORES_SCHEMA).with_columns(flags)
