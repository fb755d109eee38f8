"""Check a calendar without knowing how it was found: every limit, decision and number is recomputed from the frames as handed in.

Shares no code with the program; joins and loops over pairs of weeks stand where the program has windows, cliques and cuts.

Public: `check_calendar`.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import polars as pl

from optimization.promotion_calendar.frames import CalendarFrames
from optimization.promotion_calendar.limits import PromotionLimits

TOLERANCE = 1e-6


def check_calendar(
    frames: CalendarFrames,
    limits: PromotionLimits,
    calendar: pl.DataFrame,
    value: float,
    relaxed_by: Mapping[tuple[str, str], float] | None = None,
) -> list[str]:
    """Return one sentence per broken rule, empty where none is.

    calendar: product_id, week, is_promoted, promotion_id, lift_units, profit, loss_together, budget_use. value: what the plan is said to be
    worth, money. relaxed_by: what limits (limit_name, scope) gave way, which is allowed; a rest or conflict that gave way is not checked.
    """
    gave = dict(relaxed_by or {})
    if calendar.select(pl.struct("product_id", "week").is_duplicated().any()).item():
        return ["The calendar repeats a product and week."]
    running = calendar.filter("is_promoted")
    facts = _facts(frames.candidates)
    told = running.join(facts, on=["product_id", "week", "promotion_id"], how="left", suffix="_fact")
    unknown = told.filter(pl.col("unit_price").is_null())
    if unknown.height:
        spots = unknown.select("product_id", "week").iter_rows()
        return [f"{product} in week {week} runs what is no candidate." for product, week in spots]
    return [
        *_numbers(told),
        *_rest(frames, limits, running, gave),
        *_places(frames, limits, told, gave),
        *_money(limits, told, gave),
        *_stock(frames, told, gave),
        *_decisions(frames, running),
        *_together(frames, running, told, value, gave),
    ]


def _facts(candidates: pl.DataFrame) -> pl.DataFrame:
    """Candidates with true_profit, true_use and true_lift, computed per unit sold instead of per lift and base."""
    optional = {"take_up_share": 1.0, "slot_cost": 0.0, "lost_elsewhere": 0.0}
    full = candidates.with_columns(pl.lit(value).alias(name) for name, value in optional.items() if name not in candidates.columns)
    sold = pl.col("base_units") + pl.col("lift_units")
    given = pl.col("unit_price") * pl.col("discount_share") * pl.col("take_up_share") * sold
    margin = pl.col("unit_price") - pl.col("unit_cost")
    profit = sold * margin - given - pl.col("base_units") * margin - pl.col("slot_cost") - pl.col("lost_elsewhere")
    return full.select(
        "product_id",
        "week",
        "promotion_id",
        pl.col("category").alias("true_category"),
        "unit_price",
        true_profit=profit,
        true_use=given + pl.col("slot_cost"),
        true_lift=pl.col("lift_units"),
    )


def _numbers(told: pl.DataFrame) -> Iterator[str]:
    for said, true in (("profit", "true_profit"), ("budget_use", "true_use"), ("lift_units", "true_lift")):
        off = (pl.col(said) - pl.col(true)).abs() > TOLERANCE * pl.max_horizontal(pl.col(true).abs(), pl.lit(1.0))
        for product, week, a, b in told.filter(off).select("product_id", "week", said, true).iter_rows():
            yield f"{product} in week {week} says {said} {a:.4f}, the frames say {b:.4f}."


def _rest(frames: CalendarFrames, limits: PromotionLimits, running: pl.DataFrame, gave: Mapping[tuple[str, str], float]) -> Iterator[str]:
    loose = {scope.split(",")[0] for name, scope in gave if name in ("cool_down", "held_promotion")}
    planned = running.select("product_id", "week", is_plan=pl.lit(True))
    everything = pl.concat([planned, _held(frames).with_columns(is_plan=pl.lit(False))]).sort("product_id", "week", "is_plan")
    rows = [row for row in everything.iter_rows() if row[0] not in loose]
    for (product, earlier, one), (other, later, two) in pairwise(rows):
        if product == other and later - earlier - 1 < limits.cool_down_weeks and (one or two):
            yield f"{product} runs in weeks {earlier} and {later}, {limits.cool_down_weeks} weeks of rest are asked for."


def _held(frames: CalendarFrames) -> pl.DataFrame:
    nothing = pl.DataFrame(schema={"product_id": pl.String, "week": pl.Int64})
    return nothing if frames.held is None else frames.held.select("product_id", pl.col("week").cast(pl.Int64)).unique()


def _places(frames: CalendarFrames, limits: PromotionLimits, told: pl.DataFrame, gave: Mapping[tuple[str, str], float]) -> Iterator[str]:
    categories = frames.candidates.select("product_id", true_category="category").unique("product_id")
    held = _held(frames).join(categories, on="product_id", how="left").select("true_category", "week", planned=pl.lit(0))
    both = pl.concat([told.select("true_category", "week", planned=pl.lit(1)), held])
    for week, planned, count in both.group_by("week").agg(pl.col("planned").sum(), pl.len()).sort("week").iter_rows():
        slots = limits.week_slots.get(week, limits.slots_per_week)
        if slots is not None and planned and _over(planned, count, slots, gave.get(("slots", f"week {week}"), 0.0)):
            yield f"Week {week} has {count} promotions, {slots} fit."
    sums = both.group_by("true_category", "week").agg(pl.col("planned").sum(), pl.len()).sort("true_category", "week")
    for category, week, planned, count in sums.iter_rows():
        most = limits.category_slots.get(category)
        if most is not None and planned and _over(planned, count, most, gave.get(("category_slots", f"{category}, week {week}"), 0.0)):
            yield f"{category} has {count} promotions in week {week}, {most} fit."
    counts = dict(told.group_by("true_category").len().iter_rows())
    for category, least in sorted(limits.category_minimums.items()):
        if counts.get(category, 0) < least - gave.get(("category_minimum", category), 0.0) - TOLERANCE:
            yield f"{category} has {counts.get(category, 0)} promotions, {least} are asked for."


def _over(planned: int, count: int, slots: int, gave: float) -> bool:
    """True where planned promotions and those that are held are too many; held ones alone may be."""
    return planned > max(slots - (count - planned), 0) + gave + TOLERANCE


def _money(limits: PromotionLimits, told: pl.DataFrame, gave: Mapping[tuple[str, str], float]) -> Iterator[str]:
    def over(used: float, allowed: float, name: str, scope: str) -> bool:
        return used > (allowed + gave.get((name, scope), 0.0)) * (1 + TOLERANCE) + TOLERANCE

    spent = float(told["true_use"].sum())
    if limits.budget is not None and over(spent, limits.budget, "budget", "all"):
        yield f"The calendar uses {spent:.2f} of a budget of {limits.budget:.2f}."
    uses = dict(told.group_by("true_category").agg(pl.col("true_use").sum()).iter_rows())
    for category, allowed in sorted(limits.category_budgets.items()):
        if over(uses.get(category, 0.0), allowed, "category_budget", category):
            yield f"{category} uses {uses[category]:.2f} of a budget of {allowed:.2f}."


def _stock(frames: CalendarFrames, told: pl.DataFrame, gave: Mapping[tuple[str, str], float]) -> Iterator[str]:
    if frames.stock is None:
        return
    added = frames.stock.join(told.select("product_id", "true_lift", held="week"), on="product_id").filter(pl.col("held") <= pl.col("week"))
    sums = added.group_by("product_id", "week", "available_units").agg(pl.col("true_lift").clip(lower_bound=0).sum())
    for product, week, available, lift in sums.sort("product_id", "week").iter_rows():
        allowed = available + gave.get(("stock", f"{product}, until week {week}"), 0.0)
        if lift > allowed * (1 + TOLERANCE) + TOLERANCE:
            yield f"{product} adds {lift:.2f} units until week {week}, {available:.2f} are there."


def _decisions(frames: CalendarFrames, running: pl.DataFrame) -> Iterator[str]:
    if frames.decisions is None:
        return
    known = set(frames.candidates.select("product_id", "week", "promotion_id").iter_rows())
    spots = {(product, week) for product, week, _ in known}
    runs = {(product, week): kind for product, week, kind in running.select("product_id", "week", "promotion_id").iter_rows()}
    for product, week, kind, action in frames.decisions.select("product_id", "week", "promotion_id", "action").iter_rows():
        if (kind is None and (product, week) not in spots) or (kind is not None and (product, week, kind) not in known):
            continue
        hit = (product, week) in runs and (kind is None or runs[product, week] == kind)
        if hit != (action == "force"):
            yield f"{product} in week {week}: it was decided to {action} {kind or 'a promotion'}, which did not happen."


def _together(
    frames: CalendarFrames, running: pl.DataFrame, told: pl.DataFrame, value: float, gave: Mapping[tuple[str, str], float]
) -> Iterator[str]:
    weeks: dict[str, set[int]] = {}
    for product, week in running.select("product_id", "week").iter_rows():
        weeks.setdefault(product, set()).add(week)
    stays = set(_held(frames).iter_rows())
    promoted = {product: set(own) for product, own in weeks.items()}
    for product, week in sorted(stays):
        promoted.setdefault(product, set()).add(week)
    loose = [(scope.split(", ")[:-1], scope.split(", ")[-1]) for name, scope in gave if name == "conflict"]
    if frames.conflicts is not None:
        for a, b in frames.conflicts.select("product_a", "product_b").unique().sort("product_a", "product_b").iter_rows():
            for week in sorted(promoted.get(a, set()) & promoted.get(b, set())):
                if (a, week) in stays and (b, week) in stays:
                    continue
                if not any(a in members and b in members and told_week == f"week {week}" for members, told_week in loose):
                    yield f"{a} and {b} are in conflict and both run in week {week}."
    lost = 0.0
    if frames.cannibalisation is not None:
        for a, b, loss in frames.cannibalisation.select("product_a", "product_b", "loss").iter_rows():
            lost += loss * len(weeks.get(a, set()) & weeks.get(b, set()))
    worth = float(told["true_profit"].sum()) - lost
    said = float((running["profit"] - running["loss_together"]).sum())
    for name, number in (("plan", value), ("calendar", said)):
        if abs(number - worth) > TOLERANCE * max(abs(worth), 1.0):
            yield f"The {name} is said to be worth {number:.4f}, the frames say {worth:.4f}."
