"""What must hold of every damaged shop, and of the one fault in particular.

Of every one: nothing is raised but one `ShopError`; per file, rows read = accepted + quarantined, and every row number stands in exactly
one of the two; each quarantined row names its file, its row (or none, for a whole file), a reason and a sentence without personal values;
tables that were not damaged land whole; `shop check` prints its page, with every refusal on it.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from benchmarks.reliability.bad_input.fault import DamagedShop, Expected, Fault
from benchmarks.reliability.bad_input.sound_shop import KEY, ROWS, write_sound_shop
from shops.check import check_shop, render
from shops.contract import TABLES
from shops.intake import Intake, landed_schema, read_table
from shops.intake_quarantine import REASONS
from shops.shop import Shop, ShopError, load_shop

NOBODY = 65534
BESIDE = ("order_lines", "products", "customers", "suppliers", "coupons")  # tables that stand beside the damaged one
PERSONAL = re.compile(r"\bC\d\d\b|\b(?:full_name|email|phone|street) \d")


@dataclass
class Judgement:
    """What was wrong (nothing, if all is well), and the sentence with which the fault was told."""

    complaints: list[str] = field(default_factory=list)
    sentence: str = ""

    def expect(self, holds: bool, complaint: str) -> None:
        if not holds:
            self.complaints.append(complaint)


def judge(fault: Fault, folder: Path) -> Judgement:
    """Damage a sound shop in `folder` and judge what comes of it."""
    tables = {*BESIDE, fault.table} & set(TABLES)
    shop = DamagedShop(write_sound_shop(folder, tables))
    fault.damage(shop)
    with reading_as_another_user(fault.as_other_user):
        if fault.expected.no_shop:
            return _judge_error(fault, folder)
        intake = read_table(load_shop(folder), fault.table, KEY) if fault.table in TABLES else None
        check = check_shop(folder)
        page = " ".join(render(check).split())
    found = Judgement()
    if intake is not None:
        found.complaints += broken_rules(intake, fault.table)
        _judge_table(found, fault.expected, intake, page)
    others = {table.name: (table.rows_accepted, table.rows_quarantined) for table in check.tables if table.name != fault.table}
    whole = dict.fromkeys(tables - {fault.table}, (ROWS, 0))
    found.expect(others == whole, f"tables that were not damaged do not land whole: {others}")
    found.expect(fault.expected.reported in page, f"`shop check` does not say {fault.expected.reported!r}")
    return found


@contextmanager
def reading_as_another_user(wanted: bool) -> Iterator[None]:
    """For the block, a user without rights where this one is a superuser."""
    import pyarrow.parquet  # noqa: F401  (what is loaded later might not be readable then)

    lower = wanted and os.geteuid() == 0
    if lower:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if lower:
            os.seteuid(0)


def broken_rules(intake: Intake, table_name: str) -> list[str]:
    """Complaints about what must hold of every intake."""
    complaints = []
    table = TABLES[table_name]
    accepted, quarantine, counts = intake.accepted, intake.quarantine, intake.counts
    if dict(accepted.schema) != landed_schema(table):
        complaints.append("accepted rows have other columns than the contract lands")
    if (counts["rows_read"] != counts["rows_accepted"] + counts["rows_quarantined"]).any():
        complaints.append("a file's totals do not reconcile")
    if (counts["rows_accepted"].sum(), counts["rows_quarantined"].sum()) != (accepted.height, quarantine.height):
        complaints.append("totals are not those of the rows")
    of_rows = [accepted.select("source_file", "source_row"), quarantine.select("source_file", "source_row").drop_nulls()]
    for (file,), rows in pl.concat(of_rows).group_by("source_file"):
        if sorted(rows["source_row"]) != list(range(1, rows.height + 1)):
            complaints.append(f"{file}: rows are lost or told twice")
    for row in quarantine.rows(named=True):
        if row["reason_code"] not in REASONS or not row["source_file"] or row["table_name"] != table_name:
            complaints.append(f"a quarantined row says neither file nor reason: {row}")
        if not row["reason"].endswith(".") or re.search(r"[\x00-\x1f\x7f]", row["reason"]) or len(row["reason"]) > 1_000:
            complaints.append(f"a reason is no sentence: {row['reason'][:200]!r}")
        if len(row["raw"]) > 40_000 or not isinstance(json.loads(row["raw"]), dict | list | str):
            complaints.append("the refused row is not kept as JSON of bounded length")
    return complaints + _broken_columns(accepted, table_name)


def _broken_columns(accepted: pl.DataFrame, table_name: str) -> list[str]:
    """Complaints about accepted values that the contract does not allow; every value can be handed to Python."""
    complaints = []
    accepted.rows()
    for column in TABLES[table_name].columns:
        if column.name not in accepted.columns:
            continue
        values = accepted[column.name]
        if column.required and values.null_count():
            complaints.append(f"{column.name} is empty in an accepted row")
        if column.kind in ("integer", "number", "money"):
            low = column.minimum if column.minimum is not None else float("-inf")
            high = column.maximum if column.maximum is not None else float("inf")
            numbers = values.drop_nulls().cast(pl.Float64)
            if not (numbers.is_finite() & numbers.is_between(low, high)).all():
                complaints.append(f"{column.name} lies outside its bounds in an accepted row")
        if column.allowed and not values.is_in(list(column.allowed)).all():
            complaints.append(f"{column.name} is none of {column.allowed} in an accepted row")
        if values.dtype == pl.String and values.str.contains(r"\x00").any():
            complaints.append(f"{column.name} holds NUL in an accepted row")
    return complaints


def _judge_table(found: Judgement, expected: Expected, intake: Intake, page: str) -> None:
    quarantine = intake.quarantine
    by_reason = dict(Counter(quarantine["reason_code"]))
    found.expect(by_reason == dict(expected.quarantined), f"quarantined {by_reason}, expected {dict(expected.quarantined)}")
    found.expect(
        intake.counts["rows_read"].sum() == expected.read, f"read {intake.counts['rows_read'].sum()} rows, expected {expected.read}"
    )
    found.expect(quarantine["source_row"].null_count() == expected.refuses, "another number of files is refused whole than expected")
    reasons = quarantine["reason"].to_list()
    found.sentence = next((reason for reason in reasons if expected.said in reason), "")
    found.expect(not reasons or bool(found.sentence), f"no reason says {expected.said!r}: {reasons[:1]}")
    for file, code in quarantine.select("source_file", "reason_code").unique().rows():
        found.expect(file in page and code in page, f"`shop check` does not tell {code} of {file}")
    told = " ".join([*reasons, *quarantine["raw"]])
    found.expect(not PERSONAL.search(told), "the quarantine names a person")
    found.expect(expected.holds(intake.accepted), "the accepted rows are not read as they should be")


def _judge_error(fault: Fault, folder: Path) -> Judgement:
    found = Judgement()
    for reads in (_load, check_shop):
        try:
            reads(folder)
        except ShopError as error:
            found.sentence = str(error).replace(f"{folder}{os.sep}", "")
            found.expect(found.sentence.startswith("shop.toml"), f"the error does not begin with its file: {found.sentence}")
            found.expect(fault.expected.said in found.sentence, f"the error does not say {fault.expected.said!r}: {found.sentence}")
            is_sentence = found.sentence.endswith(".") and "\n" not in found.sentence and len(found.sentence) < 600
            found.expect(is_sentence, f"the error is no sentence: {found.sentence}")
        else:
            found.expect(False, "the shop is taken as it is")
    return found


def _load(folder: Path) -> Shop:
    return load_shop(folder)
