"""The data dictionary: every published column with type, unit and meaning, read from the contracts and from dbt's manifest."""

import json
from collections.abc import Mapping

import polars as pl

from assets.house import House
from assets.published.exports import EXPORTS
from assets.table_contracts import table_contracts

OWN_COLUMNS = {
    "quarantine": {
        "table_name": "contract table the row was handed in for",
        "source_file": "file it stands in",
        "source_row": "its row in that file (first data row is 1); empty where the whole file cannot be read",
        "business_day": "day it is about, where that can be read",
        "reason_code": "what is wrong with it",
        "reason": "the same in one sentence",
        "raw": "the row as it was handed in, personal columns withheld",
    },
    "intake_counts": {
        "table_name": "contract table",
        "source_file": "file",
        "rows_read": "rows in the file",
        "rows_accepted": "rows that meet the contract",
        "rows_quarantined": "rows that do not; read = accepted + quarantined",
    },
}


def data_dictionary(house: House, columns: Mapping[str, list[tuple[str, str]]]) -> pl.DataFrame:
    """Grain: table x column. Columns: table_name, grain, column_name, type, unit, meaning."""
    sources = {export.name: export.source for export in EXPORTS}
    models = _dbt_models(house)
    contracts = table_contracts()
    rows = []
    for table, described in sorted(columns.items()):
        source = sources.get(table, "")
        if source in contracts:
            contract = contracts[source]
            known = {column.name: (column.unit, column.meaning) for column in contract.columns}
            grain = contract.grain
        elif source in models:
            grain, meanings = models[source]
            known = {name: ("", meaning) for name, meaning in meanings.items()}
        else:
            grain, known = "one row per record of a file", {name: ("", meaning) for name, meaning in OWN_COLUMNS.get(table, {}).items()}
        for name, kind in described:
            unit, meaning = known.get(name, ("", ""))
            rows.append({"table_name": table, "grain": grain, "column_name": name, "type": kind, "unit": unit, "meaning": meaning})
    return pl.DataFrame(rows)


def _dbt_models(house: House) -> dict[str, tuple[str, dict[str, str]]]:
    manifest = json.loads((house.dbt_target / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = (node for node in manifest["nodes"].values() if node["resource_type"] == "model")
    return {
        f"{node['schema']}.{node['name']}": (node["description"], {name: column["description"] for name, column in node["columns"].items()})
        for node in models
    }
