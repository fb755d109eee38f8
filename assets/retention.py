"""Daily snapshots of customers are kept for a while, month ends for good: the rule of `marts.customer_profile` for tables written here."""

from dataclasses import dataclass
from datetime import date

from assets.table_contracts import TableContract
from assets.warehouse import Warehouse


@dataclass(frozen=True)
class KeptLonger:
    """Rows that outlive the others: those for which `condition` (SQL) holds, for `days` days."""

    condition: str
    days: int


def thin_out(warehouse: Warehouse, contract: TableContract, first_day: date, snapshot_days: int, longer: KeptLonger | None = None) -> None:
    """Remove rows of days more than `snapshot_days` before `first_day`, a run's first day, that do not end a month nor are in `longer`."""
    day = contract.day_column
    spared = KeptLonger("false", 0) if longer is None else longer
    with warehouse.connect() as connection:
        connection.execute(
            f"delete from {contract.name} where {day} < cast($first as date) - cast($kept as integer) and {day} <> last_day({day}) "
            f"and not coalesce(({spared.condition}) and {day} >= cast($first as date) - cast($longer as integer), false)",
            {"first": first_day, "kept": snapshot_days, "longer": spared.days},
        )
