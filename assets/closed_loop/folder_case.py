"""A replay folder as a case: its terms and limits as arrays, and the stretch that it asks for, from its own state.

Public: `folder_case`, `asked_stretch`.
"""

import numpy as np
import polars as pl

from assets.closed_loop.cases import Case, Stretch
from assets.closed_loop.history import History, read_history
from optimization.closed_loop import LoopStart, LoopTerms, SupplyLimits
from shops.replay_folder import KEY, ReplayFolder


def folder_case(folder: ReplayFolder) -> Case:
    """The case of a folder; orders are free where it names no limits."""
    history, told = read_history(folder), folder.terms
    items = history.items.select(KEY).join(folder.items, on="item_id", how="left", maintain_order="left")
    holding, shortage = (
        items[name].fill_null(value).to_numpy()
        for name, value in (("holding_cost", told.holding_cost), ("shortage_cost", told.shortage_cost))
    )
    terms = LoopTerms(told.lead_time_periods, holding, shortage, told.lost_sales)
    if not folder.has_limits:
        return Case(history, terms)
    return Case(history, terms, lambda first, rounds: _limits(folder, items, rounds))


def _limits(folder: ReplayFolder, items: pl.DataFrame, rounds: int) -> SupplyLimits:
    """The same limits in every round; items without a supplier have one of their own without terms."""
    names = ["", *folder.suppliers["supplier_id"].to_list()]
    at = {name: row for row, name in enumerate(names)}
    suppliers = folder.suppliers.with_columns(pl.col("min_order_value", "fixed_order_cost").fill_null(0.0))
    budget = np.inf if folder.terms.purchase_budget is None else folder.terms.purchase_budget
    return SupplyLimits(
        pack=items["pack_units"].fill_null(1.0).to_numpy(),
        moq=items["moq_units"].fill_null(1.0).to_numpy(),
        unit_cost=items["unit_cost"].fill_null(0.0).to_numpy(),
        supplier=np.array([at.get(name or "", 0) for name in items["supplier_id"].to_list()], dtype=np.int64),
        minimum=np.concatenate([[0.0], suppliers["min_order_value"].to_numpy()]),
        fixed=np.concatenate([[0.0], suppliers["fixed_order_cost"].to_numpy()]),
        budget=np.full(rounds, budget),
    )


def asked_stretch(folder: ReplayFolder, case: Case) -> Stretch:
    """The stretch that the folder asks for, from its own state."""
    told, history = folder.terms, case.history
    first = (told.first_order_after - history.starts[0]).days // told.period_days
    demand = history.units[:, first + 1 :]
    scored = np.repeat(_is_scored(folder, history, first)[None, :], demand.shape[0], axis=0)
    places = history.items.select(KEY).with_row_index("item")
    on_hand = places.join(folder.state, on=KEY, how="left", maintain_order="left")["on_hand"].fill_null(0.0).to_numpy()
    due = folder.receipts.join(places, on=KEY)
    receipts = np.zeros((demand.shape[0], int(due["ahead"].to_numpy().max(initial=1))))
    receipts[due["item"].to_numpy(), due["ahead"].to_numpy() - 1] = due["units"].to_numpy()
    rounds = min(told.order_rounds, demand.shape[1] + 1)  # after score_to there is nothing to order for
    limits = None if case.limits is None else case.limits(first, rounds)
    return Stretch(first, demand, scored, LoopStart(on_hand, receipts), rounds, limits)


def _is_scored(folder: ReplayFolder, history: History, first: int) -> np.ndarray:
    days = np.array(history.starts[first + 1 :])
    return np.asarray((days >= folder.terms.score_from) & (days <= folder.terms.score_to), dtype=np.bool_)
