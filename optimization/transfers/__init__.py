"""Transfers: move overstock between locations of the same product before anything is bought.

`plan_transfers` decides, `check_transfers` recomputes every rule from the inputs, `after_transfers` is what replenishment then starts from.
"""

from optimization.transfers.check_transfers import check_transfers
from optimization.transfers.plan_transfers import TransferPlan, after_transfers, plan_transfers
from optimization.transfers.settings import TransferLimits, TransferSettings
from optimization.transfers.transfer_table import TRANSFER_COLUMNS

__all__ = [
    "TRANSFER_COLUMNS",
    "TransferLimits",
    "TransferPlan",
    "TransferSettings",
    "after_transfers",
    "check_transfers",
    "plan_transfers",
]
