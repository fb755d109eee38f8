"""The frames a calendar is planned from, read once: sorted, complete and free of contradictions.

Terms
-----
week          whole number; 0 is the first week of the calendar, weeks before it are negative
promotion     kind of promotion, such as "10 percent" or "2 for 1"
choice        one product on one promotion in one week
loss          money lost when two products are on promotion in the same week, beyond what each earns

Public: `CANDIDATE_COLUMNS`, `CalendarFrames`, `read_frames`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

CANDIDATE_COLUMNS: dict[str, type[pl.DataType]] = {
    "product_id": pl.String,
    "category": pl.String,
    "week": pl.Int64,
    "promotion_id": pl.String,
    "base_units": pl.Float64,
    "lift_units": pl.Float64,
    "unit_price": pl.Float64,
    "unit_cost": pl.Float64,
    "discount_share": pl.Float64,
    "take_up_share": pl.Float64,
    "slot_cost": pl.Float64,
    "lost_elsewhere": pl.Float64,
}
OPTIONAL = {"take_up_share": 1.0, "slot_cost": 0.0, "lost_elsewhere": 0.0}
CHOICE = ["product_id", "week", "promotion_id"]
ACTIONS = ("force", "forbid")
_STOCK = {"product_id": pl.String, "week": pl.Int64, "available_units": pl.Float64}
_PAIRS = {"product_a": pl.String, "product_b": pl.String}
_LOSSES = {**_PAIRS, "loss": pl.Float64}
_DECISIONS = {"product_id": pl.String, "week": pl.Int64, "promotion_id": pl.String, "action": pl.String}
_HELD = {"product_id": pl.String, "week": pl.Int64}


@dataclass(frozen=True)
class CalendarFrames:
    """candidates (grain: product_id, week, promotion_id; `CANDIDATE_COLUMNS`): base_units and lift_units are units of the week without the
    promotion and what it adds; unit_price before the cut; discount_share is the cut of what take_up_share (1 by default) of the units are
    sold with, 0.5 for "2 for 1"; slot_cost and lost_elsewhere (margin of products not on promotion) are money, 0 by default.

    stock: product_id, week, available_units: what all promotions of the product up to and including the week may add; absent: no limit.
    conflicts: product_a, product_b, never in one week. cannibalisation: product_a, product_b, loss.
    decisions: product_id, week, promotion_id (null: any), action (force or forbid). held: product_id, week of promotions that are no
    choice, because they ran before the calendar (week below 0) or are announced already: products rest around them, they take their slots
    and count in conflicts; budget, stock and minimums are for what is planned.
    """

    candidates: pl.DataFrame
    stock: pl.DataFrame | None = None
    conflicts: pl.DataFrame | None = None
    cannibalisation: pl.DataFrame | None = None
    decisions: pl.DataFrame | None = None
    held: pl.DataFrame | None = None


@dataclass(frozen=True)
class ReadFrames:
    """The same frames with exact columns, sorted, none missing; pairs have product_a < product_b and are unique."""

    candidates: pl.DataFrame
    stock: pl.DataFrame
    conflicts: pl.DataFrame
    cannibalisation: pl.DataFrame
    decisions: pl.DataFrame
    held: pl.DataFrame


def read_frames(frames: CalendarFrames) -> ReadFrames:
    """Return the frames as the program reads them. Raises ValueError for missing columns, doubles, values that are no sensible numbers,
    and decisions that contradict each other."""
    candidates = frames.candidates.with_columns(
        pl.lit(value).alias(name) for name, value in OPTIONAL.items() if name not in frames.candidates.columns
    )
    candidates = _table("candidates", candidates, CANDIDATE_COLUMNS, CHOICE)
    _expect_candidates(candidates)
    stock = _table("stock", frames.stock, _STOCK, ["product_id", "week"])
    if stock.filter(pl.col("available_units") < 0).height:
        raise ValueError("Expected available_units of 0 or more in table stock.")
    losses = _pairs("cannibalisation", frames.cannibalisation, _LOSSES)
    if losses.filter(pl.col("loss") < 0).height:
        raise ValueError("Expected loss of 0 or more in table cannibalisation.")
    return ReadFrames(
        candidates=candidates,
        stock=stock,
        conflicts=_pairs("conflicts", frames.conflicts, _PAIRS),
        cannibalisation=losses.group_by("product_a", "product_b").agg(pl.col("loss").sum()).sort("product_a", "product_b"),
        decisions=_decisions(frames.decisions),
        held=_table("held", frames.held, _HELD, ["product_id", "week"]),
    )


def _table(
    name: str, frame: pl.DataFrame | None, columns: Mapping[str, type[pl.DataType]], key: list[str], nullable: tuple[str, ...] = ()
) -> pl.DataFrame:
    if frame is None:
        return pl.DataFrame(schema=dict(columns))
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"Table {name} lacks the columns {missing}.")
    read = frame.select(pl.col(column).cast(kind) for column, kind in columns.items())
    for column, kind in columns.items():
        values = read[column]
        if (values.null_count() and column not in nullable) or (kind == pl.Float64 and not bool(values.is_finite().all())):
            raise ValueError(f"Table {name} has a missing or infinite value in column {column}.")
    doubles = read.filter(pl.struct(key).is_duplicated()).select(key).unique().sort(key)
    if doubles.height:
        raise ValueError(f"Table {name} repeats {doubles.rows()[:5]}.")
    return read.sort(key)


def _expect_candidates(candidates: pl.DataFrame) -> None:
    rules = {
        "week of 0 or more": pl.col("week") < 0,
        "base_units of 0 or more": pl.col("base_units") < 0,
        "base_units + lift_units of 0 or more": pl.col("base_units") + pl.col("lift_units") < 0,
        "unit_price and unit_cost of 0 or more": (pl.col("unit_price") < 0) | (pl.col("unit_cost") < 0),
        "discount_share in [0, 1]": ~pl.col("discount_share").is_between(0, 1),
        "take_up_share in [0, 1]": ~pl.col("take_up_share").is_between(0, 1),
        "slot_cost and lost_elsewhere of 0 or more": (pl.col("slot_cost") < 0) | (pl.col("lost_elsewhere") < 0),
    }
    for wanted, broken in rules.items():
        found = candidates.filter(broken).select(CHOICE)
        if found.height:
            raise ValueError(f"Expected {wanted} in table candidates, not so for {found.rows()[:3]}.")
    categories = candidates.group_by("product_id").agg(pl.col("category").n_unique()).filter(pl.col("category") > 1).sort("product_id")
    if categories.height:
        raise ValueError(f"Products of more than one category in table candidates: {categories['product_id'].to_list()[:5]}.")


def _pairs(name: str, frame: pl.DataFrame | None, columns: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    """Pairs with the smaller name first; a conflict told twice is one, a loss told twice is refused."""
    if frame is not None and name == "conflicts" and set(_PAIRS) <= set(frame.columns):
        frame = frame.unique(list(_PAIRS))
    read = _table(name, frame, columns, list(_PAIRS))
    if read.filter(pl.col("product_a") == pl.col("product_b")).height:
        raise ValueError(f"Table {name} pairs a product with itself.")
    low, high = pl.min_horizontal("product_a", "product_b"), pl.max_horizontal("product_a", "product_b")
    ordered = read.with_columns(product_a=low, product_b=high)
    return ordered.unique(list(_PAIRS)).sort(list(_PAIRS)) if name == "conflicts" else ordered


def _decisions(frame: pl.DataFrame | None) -> pl.DataFrame:
    read = _table("decisions", frame, _DECISIONS, [*CHOICE, "action"], nullable=("promotion_id",))
    unknown = sorted(set(read["action"].to_list()) - set(ACTIONS))
    if unknown:
        raise ValueError(f"Expected action of {' or '.join(ACTIONS)} in table decisions, got {unknown}.")
    forced, forbidden = read.filter(pl.col("action") == "force"), read.filter(pl.col("action") == "forbid")
    two = forced.filter(pl.struct("product_id", "week").is_duplicated())
    both = forced.join(forbidden, on=["product_id", "week"]).filter(
        pl.col("promotion_id_right").is_null() | (pl.col("promotion_id") == pl.col("promotion_id_right"))
    )
    for found, says in ((two, "force two promotions of one product and week"), (both, "both force and forbid a promotion")):
        if found.height:
            raise ValueError(f"Decisions {says}: {found.select('product_id', 'week').unique().sort('product_id', 'week').rows()[:5]}.")
    return read
