"""A folder for a closed-loop replay: sales by period, what lies in stock, and on which terms orders are placed.

Decides what such a folder must hold and says in one sentence what is wrong with one that does not:

    sales.parquet or .csv          item_id, location_id (optional), period_start, units, in_stock (optional: always)
    initial_state.parquet or .csv  item_id, location_id (optional), on_hand, receipts_1, receipts_2, … (due when the coming periods begin)
    items.parquet or .csv          optional: item_id, category; pack_units, moq_units, unit_cost, holding_cost, shortage_cost, supplier_id
    suppliers.parquet or .csv      optional: supplier_id, min_order_value, fixed_order_cost
    replay.toml                    period ("day" or "week"), lead_time_periods, holding_cost, shortage_cost (per unit and period),
                                   lost_sales, first_order_after, order_rounds, score_from, score_to (days on which periods begin),
                                   purchase_budget (optional: money per round)

The state is that at the end of the period `first_order_after`. An item without a row of sales in a period sold nothing in it, from its
first row on; an item that is in the state but never in the sales has no history.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from shops.shop_toml import REQUIRED, Section, ShopError

KEY = ["item_id", "location_id"]
ONE_LOCATION = "main"
PERIOD_DAYS = {"day": 1, "week": 7}
RECEIPT = re.compile(r"^(?:receipts?|due|arriving|arrivals?|incoming|in_?transit|inbound)_?(?:period|week|day)?s?_?(\d+)$")
ITEM_SCHEMA = {
    "item_id": pl.String,
    "category": pl.String,
    "supplier_id": pl.String,
    **dict.fromkeys(("pack_units", "moq_units", "unit_cost", "holding_cost", "shortage_cost"), pl.Float64),
}
SUPPLIER_SCHEMA = {"supplier_id": pl.String, "min_order_value": pl.Float64, "fixed_order_cost": pl.Float64}
SALES_SCHEMA = {"item_id": pl.String, "location_id": pl.String, "period_start": pl.Date, "units": pl.Float64, "in_stock": pl.Boolean}


class ReplayFolderError(Exception):
    """A replay folder cannot be used as it is; the message says what to do."""


@dataclass(frozen=True)
class ReplayTerms:
    """What replay.toml says; costs are money per unit and period, days are first days of periods."""

    period: str
    lead_time_periods: int
    holding_cost: float
    shortage_cost: float
    lost_sales: bool
    first_order_after: date
    order_rounds: int
    score_from: date
    score_to: date
    purchase_budget: float | None = None

    @property
    def period_days(self) -> int:
        return PERIOD_DAYS[self.period]


@dataclass(frozen=True)
class ReplayFolder:
    """sales: SALES_SCHEMA, sorted by item and period. state: item_id, location_id, on_hand. receipts: item_id, location_id, ahead (1 is the
    next period), units. items: item_id and ITEM_SCHEMA, null where not told. suppliers: SUPPLIER_SCHEMA."""

    terms: ReplayTerms
    sales: pl.DataFrame
    state: pl.DataFrame
    receipts: pl.DataFrame
    items: pl.DataFrame
    suppliers: pl.DataFrame

    @property
    def has_limits(self) -> bool:
        """Whether packs, MOQs, suppliers' terms or a budget bind orders."""
        bound = self.items.filter((pl.col("pack_units") > 1) | (pl.col("moq_units") > 1)).height > 0
        terms = self.suppliers.filter((pl.col("min_order_value") > 0) | (pl.col("fixed_order_cost") > 0)).height > 0
        return bound or terms or self.terms.purchase_budget is not None


def read_replay_folder(folder: Path) -> ReplayFolder:
    """Reads and checks a folder; raises ReplayFolderError in plain words."""
    terms = _terms(folder / "replay.toml")
    raw_sales, raw_state = _table(folder, "sales"), _table(folder, "initial_state")
    if ("location_id" in raw_sales.columns) != ("location_id" in raw_state.columns):
        raise ReplayFolderError("location_id stands in only one of sales and initial_state: give it in both or in neither.")
    if raw_sales.is_empty():
        raise ReplayFolderError("sales has no rows.")
    sales = _sales(raw_sales, terms)
    state, receipts = _state(raw_state)
    items, suppliers = _items(folder), _suppliers(folder)
    last_needed = terms.score_to
    if sales["period_start"].max() < last_needed:  # pyright: ignore[reportOperatorIssue]
        raise ReplayFolderError(f"The sales end on {sales['period_start'].max()}, before score_to = {last_needed}: add the later periods.")
    if sales.filter(pl.col("period_start") <= terms.first_order_after).is_empty():
        raise ReplayFolderError(
            f"There are no sales up to first_order_after = {terms.first_order_after}: nothing can be learned before it."
        )
    found = ReplayFolder(terms, sales, state, receipts, items, suppliers)
    _can_be_limited(found)
    return found


def _terms(path: Path) -> ReplayTerms:
    if not path.is_file():
        raise ReplayFolderError(f"There is no {path.name} in {path.parent}: see docs/guides/replay.md for what it holds.")
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReplayFolderError(f"{path.name} cannot be read: {error}.") from error
    values = told["replay"] if isinstance(told.get("replay"), dict) else told
    section = Section(path, "replay", {name: _unquoted(value) for name, value in values.items()})
    try:
        terms = ReplayTerms(
            section.text("period"),
            section.whole("lead_time_periods", REQUIRED, minimum=0),
            section.number("holding_cost"),
            section.number("shortage_cost"),
            section.flag("lost_sales", True),
            section.day("first_order_after"),
            section.whole("order_rounds", REQUIRED, minimum=1),
            section.day("score_from"),
            section.day("score_to"),
            section.number("purchase_budget", None),
        )
    except ShopError as error:
        raise ReplayFolderError(str(error)) from error
    if terms.period not in PERIOD_DAYS:
        raise ReplayFolderError(f'period in {path.name} is {terms.period!r}; write "day" or "week".')
    if not terms.first_order_after < terms.score_from <= terms.score_to:
        told_days = f"{terms.first_order_after}, {terms.score_from}, {terms.score_to}"
        raise ReplayFolderError(f"Expected first_order_after < score_from <= score_to in {path.name}; got {told_days}.")
    last_arrival = terms.first_order_after + timedelta(days=terms.period_days * (terms.order_rounds + terms.lead_time_periods))
    if terms.score_from > last_arrival:
        raise ReplayFolderError(f"score_from in {path.name} lies after {last_arrival}, when the last order arrives; give an earlier day.")
    for name in ("score_from", "score_to"):
        if (getattr(terms, name) - terms.first_order_after).days % terms.period_days:
            raise ReplayFolderError(f"{name} in {path.name} is not a whole number of {terms.period}s after first_order_after.")
    return terms


def _unquoted(value: Any) -> Any:
    """A day in quotes is a day."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _table(folder: Path, name: str) -> pl.DataFrame:
    for path, read in ((folder / f"{name}.parquet", pl.read_parquet), (folder / f"{name}.csv", _read_csv)):
        if path.is_file():
            try:
                return read(path)
            except (pl.exceptions.PolarsError, OSError) as error:
                raise ReplayFolderError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
    raise ReplayFolderError(f"There is no {name}.parquet or {name}.csv in {folder}.")


def _read_csv(path: Path) -> pl.DataFrame:
    return pl.read_csv(
        path, try_parse_dates=True, infer_schema_length=None, schema_overrides={"item_id": pl.String, "location_id": pl.String}
    )


def _keyed(frame: pl.DataFrame, name: str, needed: tuple[str, ...]) -> pl.DataFrame:
    missing = [column for column in ("item_id", *needed) if column not in frame.columns]
    if missing:
        raise ReplayFolderError(f"{name} has no column {', '.join(missing)}; it has {', '.join(frame.columns)}.")
    location = pl.col("location_id").cast(pl.String) if "location_id" in frame.columns else pl.lit(ONE_LOCATION)
    keyed = frame.with_columns(pl.col("item_id").cast(pl.String), location_id=location)
    if keyed.select(KEY).null_count().sum_horizontal().item():
        raise ReplayFolderError(f"{name} has rows without item_id or location_id.")
    return keyed


def _sales(raw: pl.DataFrame, terms: ReplayTerms) -> pl.DataFrame:
    keyed = _keyed(raw, "sales", ("period_start", "units"))
    if keyed.schema["period_start"].is_temporal():
        starts = pl.col("period_start").cast(pl.Date)
    else:
        starts = pl.col("period_start").cast(pl.String).str.to_date(strict=False)
    stocked = pl.lit(True)
    if "in_stock" in keyed.columns:
        if not (
            keyed.schema["in_stock"] == pl.Boolean
            or keyed.schema["in_stock"].is_numeric()
            or keyed["in_stock"].null_count() == keyed.height
        ):
            raise ReplayFolderError("in_stock in sales is neither true or false nor 1 or 0.")
        stocked = pl.col("in_stock").cast(pl.Boolean).fill_null(True)
    sales = keyed.select(*KEY, period_start=starts, units=pl.col("units").cast(pl.Float64, strict=False), in_stock=stocked)
    bad = sales.filter(pl.col("period_start").is_null() | pl.col("units").is_null() | ~pl.col("units").is_finite() | (pl.col("units") < 0))
    if bad.height:
        raise ReplayFolderError(
            f"sales has {bad.height} rows without a day or with units that are no number of at least 0, the first: {bad.row(0)}."
        )
    if sales.select(*KEY, "period_start").is_duplicated().any():
        raise ReplayFolderError("sales has more than one row for an item, location and period: add them up.")
    odd = sales.filter((pl.col("period_start") - pl.lit(terms.first_order_after)).dt.total_days() % terms.period_days != 0)
    if odd.height:
        raise ReplayFolderError(f"sales has periods that begin on other days than first_order_after does: {odd['period_start'][0]} is one.")
    return sales.sort(*KEY, "period_start").cast(SALES_SCHEMA)  # pyright: ignore[reportArgumentType]


def _state(raw: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    keyed = _keyed(raw, "initial_state", ("on_hand",))
    if keyed.select(KEY).is_duplicated().any():
        raise ReplayFolderError("initial_state has more than one row for an item and location.")
    due = {name: int(found.group(1)) for name in keyed.columns if (found := RECEIPT.match(name.lower()))}
    if len(set(due.values())) < len(due):
        raise ReplayFolderError(f"initial_state has two columns of receipts for one period: {', '.join(due)}.")
    known = {*KEY, "on_hand", *due}
    strange = [name for name in raw.columns if name not in known]
    if strange:
        raise ReplayFolderError(
            f"initial_state has columns that nobody understands: {', '.join(strange)}. Receipts are named receipts_1, receipts_2, …"
        )
    state = keyed.select(*KEY, pl.col("on_hand", *due).cast(pl.Float64, strict=False)).sort(KEY)
    bad = state.filter(
        pl.any_horizontal(pl.col(name).is_null() | ~pl.col(name).is_finite() | (pl.col(name) < 0) for name in ("on_hand", *due))
    )
    if bad.height:
        raise ReplayFolderError(f"initial_state has {bad.height} rows whose units are no numbers of at least 0, the first: {bad.row(0)}.")
    receipts = state.unpivot(list(due), index=KEY, variable_name="name", value_name="units") if due else None
    if receipts is None:
        return state.select(*KEY, "on_hand"), pl.DataFrame(schema={**dict.fromkeys(KEY, pl.String), "ahead": pl.Int64, "units": pl.Float64})
    ahead = receipts.with_columns(ahead=pl.col("name").replace_strict(due, return_dtype=pl.Int64))
    least = min(due.values())  # receipts_0 is the next period where counting begins at 0
    placed = ahead.with_columns(ahead=pl.col("ahead") + (1 if least == 0 else 0)).filter(pl.col("units") > 0)
    return state.select(*KEY, "on_hand"), placed.select(*KEY, "ahead", "units").sort(*KEY, "ahead")


def _items(folder: Path) -> pl.DataFrame:
    if not _has_table(folder, "items"):
        return pl.DataFrame(schema=ITEM_SCHEMA)
    items = _typed(_table(folder, "items"), "items", ITEM_SCHEMA).unique("item_id", keep="first", maintain_order=True)
    small = items.filter(pl.col("pack_units") < 1)
    if small.height:
        raise ReplayFolderError(f"items has a pack_units below 1: {small['item_id'][0]}.")
    return items.sort("item_id")


def _suppliers(folder: Path) -> pl.DataFrame:
    if not _has_table(folder, "suppliers"):
        return pl.DataFrame(schema=SUPPLIER_SCHEMA)
    suppliers = _typed(_table(folder, "suppliers"), "suppliers", SUPPLIER_SCHEMA)
    if suppliers["supplier_id"].is_duplicated().any():
        raise ReplayFolderError("suppliers has more than one row for a supplier_id.")
    return suppliers.sort("supplier_id")


def _has_table(folder: Path, name: str) -> bool:
    return any((folder / f"{name}.{ending}").is_file() for ending in ("parquet", "csv"))


def _typed(raw: pl.DataFrame, name: str, schema: Mapping[str, Any]) -> pl.DataFrame:
    """The columns of `schema`, null where the file has none; numbers must be at least 0."""
    key = next(iter(schema))
    if key not in raw.columns:
        raise ReplayFolderError(f"{name} has no column {key}.")
    given = [column for column in schema if column in raw.columns]
    typed = raw.select(
        pl.col(column).cast(kind, strict=False) if column in given else pl.lit(None, dtype=kind).alias(column)
        for column, kind in schema.items()
    )
    if typed[key].null_count():
        raise ReplayFolderError(f"{name} has rows without {key}.")
    for column in given:
        wrong = pl.lit(typed[column].null_count() > raw[column].null_count())
        if schema[column] == pl.Float64:
            wrong = wrong | (~pl.col(column).is_finite() | (pl.col(column) < 0)).fill_null(False).any()
        if typed.select(wrong.any()).item():
            raise ReplayFolderError(f"{column} in {name} has values that are no numbers of at least 0.")
    return typed


def _can_be_limited(folder: ReplayFolder) -> None:
    """A budget and suppliers' terms count money: they need the cost of every item, and items need to name known suppliers."""
    named = set(folder.items["supplier_id"].drop_nulls())
    unknown = sorted(set(folder.suppliers["supplier_id"]) - named) if folder.suppliers.height else []
    if folder.suppliers.height and len(unknown) == folder.suppliers.height:
        raise ReplayFolderError("suppliers is given, but no item names one of them: add supplier_id to items.")
    costed = folder.items.filter(pl.col("unit_cost").is_not_null())["item_id"]
    without = folder.state.filter(~pl.col("item_id").is_in(costed.implode()))
    needs_cost = folder.terms.purchase_budget is not None or folder.suppliers.height > 0
    if needs_cost and without.height:
        raise ReplayFolderError(f"A budget or suppliers' terms need unit_cost in items; {without['item_id'][0]} has none.")


def periods(terms: ReplayTerms, first: date) -> list[date]:
    """First days of all periods from `first` up to score_to."""
    count = (terms.score_to - first).days // terms.period_days + 1
    return [first + timedelta(days=terms.period_days * step) for step in range(count)]
