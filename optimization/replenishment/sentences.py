"""One plain sentence per order, from the row's own numbers.

Public: `order_sentences`, `number`.
"""

from collections.abc import Callable
from typing import Any

import polars as pl

Row = dict[str, Any]


def number(value: float, digits: int = 1) -> str:
    """Return a number as people write it: no trailing zeros, thousands apart."""
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def order_sentences(table: pl.DataFrame) -> pl.Series:
    """Return one sentence per row of the order table (before its columns are narrowed)."""
    return pl.Series([_sentence(row) for row in table.iter_rows(named=True)], dtype=pl.String)


def _sentence(row: Row) -> str:
    code = row["reason_code"]
    if code == "override":
        return _override_sentence(row)
    if code == "blocked":
        return f"Order nothing: {row['blocked_because']}."
    if code == "no_forecast":
        return "Order nothing: there is no forecast for this item."
    if code == "calendar":
        wish = f"; {number(row['unconstrained_units'])} would be ordered today otherwise" if row["unconstrained_units"] > 0 else ""
        return f"Order nothing: the supplier takes no orders on {row['order_day']}{wish}."
    stock = f"{number(row['on_hand'])} on hand"
    if row["in_transit_units"] > 0:
        stock += f" + {number(row['in_transit_units'])} in transit"
    expected = f"{number(row['cover_mean_units'])} expected before the delivery after next"
    risk = f"without it {row['stockout_chance_without']:.0%} chance to run out"
    if row["order_units"] > 0:
        packs = (
            ""
            if row["pack_units"] <= 1
            else f" ({row['order_packs']} {'pack' if row['order_packs'] == 1 else 'packs'} of {row['pack_units']})"
        )
        early = row["stockout_chance_before_arrival"]
        after = f"with it {row['stockout_chance_with']:.0%}" + (f" ({early:.0%} already before it arrives)" if early >= 0.005 else "")
        return f"Order {number(row['order_units'])}{packs}: {stock}, {expected}; {risk}, {after}{_because(row)}."
    return f"Order nothing: {stock}, {expected}{_because(row) or '; enough stock'}."


_DECIDED = {"approve": "as approved by the buyer", "edit": "as edited by the buyer", "reject": "as the buyer rejected the order"}


def _override_sentence(row: Row) -> str:
    """Return what the buyer decided, what had been proposed, and what is to be known about the quantity."""
    units, what = row["order_units"], _DECIDED[row["override_action"]]
    head = f"Order {number(units)} {what}" if units > 0 else f"Order nothing, {what}"
    before = row["proposed_units"]
    proposed = f"{number(before)} {'was' if before == 1 else 'were'} proposed" if before > 0 else "nothing was proposed"
    clauses = [proposed]
    if row["blocked_because"] is not None:
        clauses.append(row["blocked_because"])
    elif not row["has_forecast"]:
        clauses.append("there is no forecast for this item")
    else:
        transit = f" + {number(row['in_transit_units'])} in transit" if row["in_transit_units"] > 0 else ""
        expected = f"{number(row['cover_mean_units'])} expected before the delivery after next"
        clauses.append(f"{number(row['on_hand'])} on hand{transit}, {expected}")
        after = f", with it {row['stockout_chance_with']:.0%}" if units > 0 else ""
        clauses.append(f"{'without it ' if after else ''}{row['stockout_chance_without']:.0%} chance to run out{after}")
    if units > 0 and not row["is_order_day"]:
        clauses.append(f"the supplier takes no orders on {row['order_day']}")
    if row["order_packs"] is None:
        clauses.append(f"that is no whole number of packs of {row['pack_units']}")
    if 0 < units < row["moq_units"]:
        clauses.append(f"the minimum order quantity is {row['moq_units']}")
    return f"{head}: {'; '.join(clauses)}."


def _because(row: Row) -> str:
    """Return the clauses that name what moved the order away from demand and safety, most important first."""
    clauses: list[tuple[str, float, Callable[[str], str]]] = [
        ("budget_cut_units", row["budget_cut_units"], lambda n: f"the purchase budget cuts {n}"),
        ("capacity_cut_units", row["capacity_cut_units"], lambda n: f"the warehouse's volume cuts {n}"),
        (
            "supplier_skip_cut_units",
            row["supplier_skip_cut_units"],
            lambda n: f"{n} wanted, but the supplier's minimum or fixed cost is not worth it",
        ),
        ("supplier_minimum_units", row["supplier_minimum_units"], lambda n: f"the supplier's minimum adds {n}"),
        ("moq_uplift_units", row["moq_uplift_units"], lambda n: f"the minimum order quantity adds {n}"),
        ("shelf_life_cut_units", row["shelf_life_cut_units"], lambda n: f"the shelf life cuts {n}"),
        (
            "not_worth_it_cut_units",
            row["not_worth_it_cut_units"],
            lambda n: f"{n} would be useful, but the smallest order costs more than it saves",
        ),
        (
            "pack_rounding_units",
            row["pack_rounding_units"] if row["pack_units"] > 1 and row["order_units"] > 0 else 0.0,
            lambda n: f"pack rounding adds {n}",
        ),
    ]
    return "".join(f"; {say(number(units))}" for _, units, say in clauses if units >= 0.05)
