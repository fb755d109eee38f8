"""Customer value: who will buy, who has left, what each customer will spend, and why we think so.

Public: `OutlookSettings`, `train_outlook`, `OutlookModel`, `SCORED`, `customer_snapshot`, `ORDER_DAYS`, `FEATURES`, `rescaling_to`,
`Rescaling`, `NOT_RESCALED`; `BgNbd`, `fit_bg_nbd`, `GammaGamma`, `fit_gamma_gamma`; `lifecycle_of`, `lifecycle_transitions`. Read
`training.py` first.
"""

from learning.customer_value.bg_nbd import BgNbd, fit_bg_nbd
from learning.customer_value.gamma_gamma import GammaGamma, fit_gamma_gamma
from learning.customer_value.outlook_model import SCORED, OutlookModel
from learning.customer_value.rescaling import NOT_RESCALED, Rescaling, rescaling_to
from learning.customer_value.settings import OutlookSettings
from learning.customer_value.snapshots import FEATURES, ORDER_DAYS, customer_snapshot
from learning.customer_value.training import train_outlook
from learning.customer_value.transitions import LIFECYCLES, lifecycle_of, lifecycle_transitions

__all__ = [
    "FEATURES",
    "LIFECYCLES",
    "NOT_RESCALED",
    "ORDER_DAYS",
    "SCORED",
    "BgNbd",
    "GammaGamma",
    "OutlookModel",
    "OutlookSettings",
    "Rescaling",
    "customer_snapshot",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "lifecycle_of",
    "lifecycle_transitions",
    "rescaling_to",
    "train_outlook",
]
