"""What advertising adds per channel, with memory and saturation, learned from spend and sales, with honest intervals."""

from learning.ad_response.curves import adstock
from learning.ad_response.model import CURVE_SCHEMA, DRAW_SCHEMA, AdResponseModel
from learning.ad_response.outcome import OUTCOMES, AdOutcome, choose_outcome
from learning.ad_response.settings import AdResponseSettings
from learning.ad_response.train_ad_response import train_ad_response

__all__ = [
    "CURVE_SCHEMA",
    "DRAW_SCHEMA",
    "OUTCOMES",
    "AdOutcome",
    "AdResponseModel",
    "AdResponseSettings",
    "adstock",
    "choose_outcome",
    "train_ad_response",
]
