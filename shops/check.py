"""Looking a shop folder over before anything is built from it.

Decides nothing that the intake would not decide: it runs the intake of every table and says what was understood, which rows are
refused and why, and which decisions the data allows (`shops.check_decisions`). `render` prints it as plain text.
"""

import secrets
import tempfile
from datetime import timedelta
from pathlib import Path

import polars as pl

from shops.check_decisions import possible_decisions
from shops.check_facts import DecisionCheck, Problem, ShopCheck, ShopFacts, TableCheck
from shops.check_references import NAMES_OF_THINGS, alike_ids, unknown_references
from shops.check_text import render
from shops.contract import TABLES, Table
from shops.intake_csv import UnreadableFileError
from shops.intake_files import SUFFIXES, file_columns, file_header, shown_name, table_files
from shops.intake_store import StoredIntake, stored_intake
from shops.shop import Shop, load_shop

__all__ = ["DecisionCheck", "Problem", "ShopCheck", "ShopFacts", "TableCheck", "check_shop", "render"]

SETTLING_DAYS = 7  # late records about an outcome window are waited for
EXAMPLES = 3
SHOWN_FILES = 10
LOOKED_AT = {  # columns of accepted rows that some remark or fact rests on
    *NAMES_OF_THINGS,
    *("customer_key", "business_day", "known_on", "recorded_at", "source_file", "source_row"),
    *("unit_cost", "valid_from", "valid_to", "assigned_on", "propensity"),
}
DATA_SUFFIXES = (*SUFFIXES, ".tsv", ".xlsx", ".xls", ".ods", ".gz", ".zip", ".zst", ".feather", ".arrow", ".jsonl")


def check_shop(path: Path) -> ShopCheck:
    """Check the shop folder `path`; leaves nothing behind. Raises `ShopError` with one sentence where shop.toml cannot be used.

    What is accepted lies in a temporary folder meanwhile, since a table need not fit in memory; the columns looked at must.
    """
    shop = load_shop(path)
    with tempfile.TemporaryDirectory(prefix="countinghouse-check-") as folder:
        return _checked(shop, Path(folder))


def _checked(shop: Shop, folder: Path) -> ShopCheck:
    key = secrets.token_bytes(32)  # the pseudonyms are only counted here
    tables, problems, notes, seen = [], [], [], {}
    for name, table in TABLES.items():
        intake = stored_intake(shop, name, key, folder)
        if intake.counts.is_empty():
            continue
        looked_at = [column for column in intake.columns if column in LOOKED_AT]
        seen[name] = intake.accepted_columns(looked_at)
        tables.append(_table_check(intake, seen[name], shop))
        problems += _problems(intake.quarantine)
        notes += _column_notes(shop, table)
    rows = {name: seen[name].height if name in seen else 0 for name in TABLES}
    facts = _facts(shop, seen)
    return ShopCheck(
        name=shop.name,
        folder=str(shop.path),
        currency=shop.currency,
        time_zone=shop.time_zone,
        first_day=shop.first_day,
        last_day=shop.last_day,
        facts=facts,
        tables=tuple(tables),
        problems=tuple(sorted(problems, key=lambda problem: (-problem.rows, problem.source_file, problem.reason_code))),
        notes=(*_unread_notes(shop), *notes, *_fact_notes(shop, facts, tables), *unknown_references(seen), *alike_ids(seen)),
        decisions=possible_decisions(shop, facts, rows),
        missing={name: table.without for name, table in TABLES.items() if name not in seen},
    )


def _table_check(intake: StoredIntake, accepted: pl.DataFrame, shop: Shop) -> TableCheck:
    counts = intake.counts
    return TableCheck(
        name=intake.table.name,
        files=counts.height,
        rows_read=counts["rows_read"].sum(),
        rows_accepted=accepted.height,
        rows_quarantined=intake.quarantine.height,
        first_day=accepted["business_day"].min(),
        last_day=accepted["business_day"].max(),
        known_after_last_day=accepted.filter(pl.col("known_on") > (shop.last_day or shop.newest_day() + timedelta(days=1))).height,
        recorded_share=1 - accepted["recorded_at"].null_count() / accepted.height if accepted.height else 0.0,
    )


def _problems(quarantine: pl.DataFrame) -> list[Problem]:
    grouped = quarantine.group_by("table_name", "source_file", "reason_code", maintain_order=True).agg(
        pl.len().alias("rows"),
        pl.when(pl.col("source_row").is_null())
        .then(pl.col("reason"))
        .otherwise(pl.format("row {}: {}", "source_row", "reason"))
        .head(EXAMPLES)
        .alias("examples"),
    )
    return [Problem(table, file, code, rows, tuple(examples)) for table, file, code, rows, examples in grouped.iter_rows()]


def _column_notes(shop: Shop, table: Table) -> list[str]:
    """Columns the contract does not know, and mapped columns that a file lacks."""
    notes = {}
    mapping = shop.columns.get(table.name, {})
    for path in table_files(shop, table.name)[0]:
        try:
            header = file_header(path, shop)
        except UnreadableFileError:
            continue  # the quarantine says so
        ignored = sorted(set(header) - set(file_columns(shop, table).values()))
        lacking = sorted(column for column in mapping.values() if column not in header)
        file = shown_name(path, shop)
        if ignored:
            notes.setdefault(f"{table.name}: columns the contract does not know are left out ({', '.join(ignored)})", []).append(file)
        if lacking:
            notes.setdefault(f"{table.name}: shop.toml maps columns that are not in the file ({', '.join(lacking)})", []).append(file)
    return [f"{note}: {files[0]}{f' and {len(files) - 1} more files' if len(files) > 1 else ''}." for note, files in notes.items()]


def _unread_notes(shop: Shop) -> list[str]:
    """Files of the folder that no table is read from: misspelt names, or a second format beside the first."""
    read = {path for name in TABLES for path in table_files(shop, name)[0]}
    visible = [path for path in shop.path.rglob("*") if path.suffix.lower() in DATA_SUFFIXES and path.name[0] not in "._"]
    unread = sorted(shown_name(path, shop) for path in visible if path not in read and not any(path in each.parents for each in read))
    if not unread:
        return []
    more = f" and {len(unread) - SHOWN_FILES} more" if len(unread) > SHOWN_FILES else ""
    return [f"Files that no table is read from: {', '.join(unread[:SHOWN_FILES])}{more}; name them in [files] or take them away."]


def _fact_notes(shop: Shop, facts: ShopFacts, tables: list[TableCheck]) -> list[str]:
    last = "the shop's last day" if shop.last_day else "today"
    notes = [
        f"{table.name}: {table.known_after_last_day:,} rows were recorded or are about days after {last}, and come into force then."
        for table in tables
        if table.known_after_last_day
    ]
    notes += [f"{table.name}: {table.files:,} files without a row." for table in tables if not table.rows_read]
    if facts.products_unlisted and not any(table.name == "products" for table in tables):
        notes.append(f"Products sold but not in the products table get placeholders: {facts.products_unlisted:,}.")
    return notes


def _facts(shop: Shop, seen: dict[str, pl.DataFrame]) -> ShopFacts:
    def table(name: str) -> pl.DataFrame:
        return seen.get(name, pl.DataFrame(schema={column.name: pl.Null for column in TABLES[name].columns}))

    sales = next((seen[name] for name in ("order_lines", "daily_sales") if name in seen and seen[name].height), None)
    if sales is None:
        return ShopFacts()
    products = _newest(table("products"), "product_id")
    sold = sales["product_id"].unique()
    last_day = shop.last_day or sales["business_day"].max()
    with_customer = sales["customer_key"].drop_nulls() if "customer_key" in sales.columns else pl.Series([], dtype=pl.String)
    coupons = _newest(table("coupons"), "coupon_id")
    assignments = table("coupon_assignments")
    if assignments.height:
        settled_by = last_day - timedelta(days=shop.coupons.outcome_window_days + SETTLING_DAYS)
        assignments = assignments.filter(pl.col("assigned_on") <= settled_by)
    listed_cost = products.filter(pl.col("unit_cost").is_not_null())["product_id"] if products.height else sold.clear()
    return ShopFacts(
        history_days=(sales["business_day"].max() - sales["business_day"].min()).days + 1,
        products=sold.len(),
        products_without_cost=sold.len() - sold.is_in(listed_cost.implode()).sum(),
        products_unlisted=sold.len() - sold.is_in(products["product_id"].implode()).sum() if products.height else sold.len(),
        locations=sales["location_id"].n_unique(),
        customers=with_customer.n_unique(),
        rows_with_customer_share=with_customer.len() / sales.height,
        live_coupons=coupons.filter((pl.col("valid_from") <= last_day) & (pl.col("valid_to") >= last_day)).height if coupons.height else 0,
        settled_assignments=assignments.height,
        settled_with_propensity=assignments["propensity"].count(),
        settled_controls=assignments.filter(pl.col("coupon_id").is_null()).height,
    )


def _newest(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """The newest version of each id."""
    return rows.sort("known_on", "source_file", "source_row").unique(key, keep="last") if rows.height else rows
