"""All named faults, group by group."""

from benchmarks.reliability.bad_input.csv_faults import CSV_FAULTS
from benchmarks.reliability.bad_input.fault import Fault
from benchmarks.reliability.bad_input.file_faults import FILE_FAULTS
from benchmarks.reliability.bad_input.id_faults import ID_FAULTS
from benchmarks.reliability.bad_input.parquet_faults import PARQUET_FAULTS
from benchmarks.reliability.bad_input.settings_faults import SETTINGS_FAULTS
from benchmarks.reliability.bad_input.value_faults import VALUE_FAULTS

GROUPS: dict[str, tuple[Fault, ...]] = {
    "Files": FILE_FAULTS,
    "CSV text": CSV_FAULTS,
    "Parquet columns": PARQUET_FAULTS,
    "Numbers, days and times": VALUE_FAULTS,
    "Ids, names and references": ID_FAULTS,
    "shop.toml": SETTINGS_FAULTS,
}
FAULTS: tuple[Fault, ...] = tuple(fault for faults in GROUPS.values() for fault in faults)
