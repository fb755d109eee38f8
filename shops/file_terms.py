"""The sections `[files]` and `[columns]` of `shop.toml`: which files hold a table, and what its columns are called there."""

from pathlib import Path
from typing import Any

from shops.contract import TABLES
from shops.shop_toml import Section, ShopError

__all__ = ["file_columns", "file_patterns"]


def file_patterns(section: Section, values: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the patterns of each table, all within the shop's folder; raises ShopError naming the table and the mend."""
    patterns = {}
    for table, value in values.items():
        _known_table(section, table)
        listed = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()
        if not listed or not all(_is_pattern_inside(section.file.parent, item) for item in listed):
            raise section.fault(table, value, "give a file name or pattern inside the shop's folder, or a list of them")
        patterns[table] = listed
    return patterns


def _is_pattern_inside(folder: Path, item: Any) -> bool:
    if not isinstance(item, str) or not item or "\0" in item or Path(item).is_absolute() or ".." in Path(item).parts:
        return False
    try:
        next(folder.glob(item), None)
    except (ValueError, NotImplementedError, IndexError):  # no pattern, such as **x or .
        return False
    return True


def file_columns(section: Section, values: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return {table: {contract column: file column}}; raises ShopError naming the column and the mend."""
    for table, mapping in values.items():
        contract_columns = _known_table(section, table).by_name
        if not isinstance(mapping, dict):
            raise section.fault(table, mapping, f'write a section `[columns.{table}]` with lines `contract_column = "column in the file"`')
        for column, file_column in mapping.items():
            if column not in contract_columns:
                raise section.fault(f"{table}.{column}", file_column, f"{table} has no such column, only {', '.join(contract_columns)}")
            if not isinstance(file_column, str) or not file_column:
                raise section.fault(f"{table}.{column}", file_column, "give the file's column name in quotes")
    return values


def _known_table(section: Section, table: str) -> Any:
    if table not in TABLES:
        raise ShopError(f"{section.file}: [{section.name}] names a table {table!r} nobody knows; use one of {', '.join(TABLES)}.")
    return TABLES[table]
