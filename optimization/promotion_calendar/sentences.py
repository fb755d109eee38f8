"""One plain sentence per product and week of a calendar.

Public: `calendar_sentence`.
"""


def calendar_sentence(row: dict[str, object]) -> str:
    """Return why the promotion runs or why none does, from the row's own numbers (`CALENDAR_SCHEMA`)."""
    code = str(row["reason_code"])
    if row["is_promoted"]:
        return _running(row, code)
    best = f"{row['best_promotion_id']} would earn {_money(row['best_profit'])}"
    beside = f" ({row['binding_limit']})" if row["binding_limit"] else " that is announced"
    why = {
        "announced": "None to decide: a promotion is announced for this week already.",
        "forbidden": "None: the merchandiser decided against it.",
        "not_worth_it": f"None: {row['best_promotion_id']}, the best there is, earns {_money(row['best_profit'])}.",
        "cool_down": f"None: {best}, but the product rests between promotions.",
        "stock": f"None: {best}, but the stock does not last for it.",
        "conflict": f"None: {best}, but it may not run beside another product{beside}.",
        "cannibalisation": f"None: {best} alone, but loses more to products on promotion in the same week.",
        "slot": f"None: {best}, but the places ({row['binding_limit']}) go to promotions that earn more.",
        "budget": f"None: {best}, but the budget ({row['binding_limit']}) earns more elsewhere.",
    }
    return why[code]


def _running(row: dict[str, object], code: str) -> str:
    head = (
        f"{row['promotion_id']}: {_number(row['lift_units'])} units more than {_number(row['base_units'])}, earns {_money(row['profit'])}"
    )
    loss = float(str(row["loss_together"]))
    if loss > 0:
        head += f" less {_money(loss)} lost to products promoted beside it"
    if code == "forced":
        return f"{head}; the merchandiser decided for it."
    if code == "minimum":
        return f"{head}; runs because the category has a minimum."
    if row["next_best_week"] is None:
        return f"{head}; no other week is open to it."
    return f"{head}; in week {row['next_best_week']}, the next best, {_money(row['next_best_profit'])}."


def _money(value: object) -> str:
    return f"{float(str(value)) + 0.0:,.2f}"


def _number(value: object) -> str:
    text = f"{float(str(value)):,.1f}"
    return text.rstrip("0").rstrip(".")
