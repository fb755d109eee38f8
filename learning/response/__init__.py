"""Coupon response: what a coupon adds, to whom, with what certainty, and how to find out where nothing is known."""

from learning.response.features import FEATURES
from learning.response.pilot import PilotAssumptions, PilotPlan, pilot_plan
from learning.response.response_model import PREDICTION_SCHEMA, ResponseModel
from learning.response.settings import ResponseSettings
from learning.response.train_response import fit_candidates, train_response

__all__ = [
    "FEATURES",
    "PREDICTION_SCHEMA",
    "PilotAssumptions",
    "PilotPlan",
    "ResponseModel",
    "ResponseSettings",
    "fit_candidates",
    "pilot_plan",
    "train_response",
]
