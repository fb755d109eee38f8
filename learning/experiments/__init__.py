"""Experiments: how large they must be, what came of them, and whether what was promised came true."""

from learning.experiments.always_valid import always_valid_p_value, interval_multiplier
from learning.experiments.library_power import detectable_share, share_power
from learning.experiments.metrics import COVARIATES, METRICS, OUTCOMES, Metric
from learning.experiments.power import POWER_SCHEMA, experiment_power
from learning.experiments.promised import PROMISED_SCHEMA, promised_realised
from learning.experiments.readout import READOUT_SCHEMA, Stage, campaign_readout
from learning.experiments.settings import ExperimentSettings

__all__ = [
    "COVARIATES",
    "METRICS",
    "OUTCOMES",
    "POWER_SCHEMA",
    "PROMISED_SCHEMA",
    "READOUT_SCHEMA",
    "ExperimentSettings",
    "Metric",
    "Stage",
    "always_valid_p_value",
    "campaign_readout",
    "detectable_share",
    "experiment_power",
    "interval_multiplier",
    "promised_realised",
    "share_power",
]
