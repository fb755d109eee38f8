"""Learners of individual effects: LightGBM meta-learners, the DR learner, and readable baselines."""

from learning.response.learners.boosted import Boosted, BoostingSettings, fit_boosted
from learning.response.learners.boosted_learners import SLearner, TLearner, XLearner, fit_s_learner, fit_t_learner, fit_x_learner
from learning.response.learners.dr_learner import DRLearner, fit_dr_learner
from learning.response.learners.effect_sample import EffectSample, FittedEffect, level_of_campaign
from learning.response.learners.readable import LogisticBaseline, TreeBaseline, fit_logistic_baseline, fit_tree_baseline

__all__ = [
    "Boosted",
    "BoostingSettings",
    "DRLearner",
    "EffectSample",
    "FittedEffect",
    "LogisticBaseline",
    "SLearner",
    "TLearner",
    "TreeBaseline",
    "XLearner",
    "fit_boosted",
    "fit_dr_learner",
    "fit_logistic_baseline",
    "fit_s_learner",
    "fit_t_learner",
    "fit_tree_baseline",
    "fit_x_learner",
    "level_of_campaign",
]
