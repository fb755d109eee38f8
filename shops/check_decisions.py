"""Which decisions a shop's data allows.

Decides from counts alone (`ShopFacts`, rows accepted per table) what is possible, what only under assumptions, and what is missing,
in one sentence each. *Causal* means drawn by lot: assignments with a known propensity and a control group, whose outcomes are in.
"""

from shops.check_facts import DecisionCheck, ShopFacts
from shops.shop import Shop

SHORT_HISTORY_DAYS = 56  # eight weeks: less shows no weekday pattern worth the name


def possible_decisions(shop: Shop, facts: ShopFacts, rows: dict[str, int]) -> tuple[DecisionCheck, ...]:
    """Judge every decision; `rows` are the accepted rows per contract table."""
    forecasts = _forecasts(facts, rows)
    return (
        forecasts,
        _replenishment(shop, facts, rows, forecasts),
        _profiles(facts, rows),
        _coupons(shop, facts, rows),
        _prices(facts, rows),
        _advertising(rows),
    )


def _forecasts(facts: ShopFacts, rows: dict[str, int]) -> DecisionCheck:
    if not rows["order_lines"] and not rows["daily_sales"]:
        return DecisionCheck("forecasts", "no", "there are neither order_lines nor daily_sales; hand in one of the two")
    source = "order_lines" if rows["order_lines"] else "daily_sales"
    if facts.history_days < SHORT_HISTORY_DAYS:
        why = f"{source} cover {facts.history_days} days; below {SHORT_HISTORY_DAYS} days forecasts are class rates and flagged"
        return DecisionCheck("forecasts", "with assumptions", why)
    return DecisionCheck("forecasts", "yes", f"{source} cover {facts.history_days} days")


def _replenishment(shop: Shop, facts: ShopFacts, rows: dict[str, int], forecasts: DecisionCheck) -> DecisionCheck:
    name = "replenishment"
    if forecasts.possible == "no":
        return DecisionCheck(name, "no", "without forecasts there is no demand to order for")
    if not rows["stock_levels"] and shop.stock.opening_day is None:
        return DecisionCheck(name, "no", "there is no stock feed; hand in stock_levels or set [stock] opening_day in shop.toml")
    assumed = []
    if not rows["stock_levels"]:
        assumed.append(f"stock from a ledger opened on {shop.stock.opening_day} with {shop.stock.opening_cover_days} days of cover")
    if not rows["suppliers"]:
        assumed.append(f"one supplier with {shop.suppliers.lead_time_days} days of lead time")
    if facts.products_without_cost:
        assumed.append(f"cost as {shop.assumptions.cost_share:.0%} of the price for {facts.products_without_cost:,} products")
    if not rows["purchase_orders"]:
        assumed.append("nothing in transit beyond the shop's own decisions")
    if assumed:
        return DecisionCheck(name, "with assumptions", "assumed: " + "; ".join(assumed))
    return DecisionCheck(name, "yes", "stock feed, suppliers, costs and orders in transit are there")


def _profiles(facts: ShopFacts, rows: dict[str, int]) -> DecisionCheck:
    if not rows["order_lines"] or not facts.customers:
        return DecisionCheck("customer profiles", "no", "no order line names a customer")
    why = f"{facts.rows_with_customer_share:.0%} of the order lines name one of {facts.customers:,} customers"
    return DecisionCheck("customer profiles", "yes", why)


def _coupons(shop: Shop, facts: ShopFacts, rows: dict[str, int]) -> DecisionCheck:
    name = "coupon budget"
    if not facts.customers:
        return DecisionCheck(name, "no", "no order line names a customer")
    if not rows["coupons"]:
        return DecisionCheck(name, "no", "there is no coupons table")
    if not facts.live_coupons:
        return DecisionCheck(name, "no", "no coupon is valid on the last day")
    live = f"{facts.live_coupons:,} coupons are valid on the last day"
    if not facts.settled_with_propensity or not facts.settled_controls:
        missing = "without a propensity" if not facts.settled_with_propensity else "without a control group"
        why = f"{live}, but {facts.settled_assignments:,} settled assignments are {missing}: no uplift is claimed, a pilot is proposed"
        return DecisionCheck(name, "with assumptions", why)
    drawn = f"{facts.settled_with_propensity:,} settled assignments were drawn by lot"
    why = f"causal: {live}, {drawn}, {facts.settled_controls:,} of them controls"
    if shop.limits.coupon_budget is None:
        return DecisionCheck(name, "with assumptions", f"{why}; [limits] coupon_budget is not set, so nothing limits the plan")
    return DecisionCheck(name, "yes", why)


def _prices(facts: ShopFacts, rows: dict[str, int]) -> DecisionCheck:
    if not rows["order_lines"] and not rows["prices"]:
        return DecisionCheck("prices", "no", "neither order_lines nor a prices table show what was charged")
    source = "the prices table" if rows["prices"] else "the order lines"
    compared = "competitors' prices are known" if rows["competitor_prices"] else "without competitors' prices"
    why = f"price changes are read off {source}; {compared}"
    if facts.products_without_cost:
        return DecisionCheck("prices", "with assumptions", f"{why}; {facts.products_without_cost:,} products have an assumed cost")
    return DecisionCheck("prices", "yes", why)


def _advertising(rows: dict[str, int]) -> DecisionCheck:
    if not rows["ad_spend"]:
        return DecisionCheck("ad budget", "no", "there is no ad_spend table")
    return DecisionCheck("ad budget", "with assumptions", f"ad_spend has {rows['ad_spend']:,} rows; spend was not drawn by lot")
