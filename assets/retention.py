"""Daily snapshots of customers are kept for a while, month ends for good: the rule of `marts.customer_profile` for tables written here."""

from datetime import date

from assets.table_contracts import TableContract
from assets.warehouse import Warehouse


def thin_out(warehouse: Warehouse, contract: TableContract, first_day: date, snapshot_days: int) -> None:
    """Remove rows of days more than `snapshot_days` before `first_day`, the first day of a run, that do not end a month."""
    day = contract.day_column
    with warehouse.connect() as connection:
        connection.execute(
            f"delete from {contract.name} where {day} < cast($first as date) - cast($kept as integer) and {day} <> last_day({day})",
            {"first": first_day, "kept": snapshot_days},
        )
