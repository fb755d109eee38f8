"""An independent check of an ad plan: limits and figures are recomputed day by day from the channels, without the program's arrays."""

import polars as pl

from optimization.ad_budget.settings import AdLimits, AdSettings

_TOLERANCE = 1e-6


def check_ad_budget(
    channels: pl.DataFrame, limits: AdLimits, settings: AdSettings, budget: pl.DataFrame, limits_table: pl.DataFrame, value: float
) -> list[str]:
    """Return one sentence per violation, none for a plan that holds; inputs are those of `plan_ad_budget`, `value` is the certificate's.

    Rules: every channel in every period once, nothing below 0, no budget and no maximum exceeded, minimums kept but for what the table of
    limits says they fall short, changes from today's plan within what is allowed, and a value that the curves confirm.
    """
    rows = {(channel, period): spend for channel, period, spend in budget.select("channel", "period", "spend_planned").iter_rows()}
    names = channels["channel"].to_list()
    if len(rows) != budget.height or set(rows) != {(name, period + 1) for name in names for period in range(settings.periods)}:
        return ["The plan's rows are not one per channel and period."]
    group_of = dict(channels.select("channel", "channel_group").iter_rows())
    eased = {(name, scope): by for name, scope, by in limits_table.select("limit_name", "scope", "relaxed_by").iter_rows()}
    found = [f"{channel} is planned {spend:.2f} in period {period}." for (channel, period), spend in sorted(rows.items()) if spend < 0]
    sums: list[tuple[str, str, float, float, int]] = []
    if limits.total_budget is not None:
        sums.append(("total_budget", "all", sum(rows.values()), limits.total_budget, 1))
    if limits.period_budget is not None:
        sums += [
            ("period_budget", str(period), sum(rows[name, period] for name in names), limits.period_budget, 1)
            for period in range(1, settings.periods + 1)
        ]
    for limit, amounts, sign in (("group_budget", limits.group_budgets, 1), ("group_minimum", limits.group_minimums, -1)):
        for group, allowed in sorted(amounts.items()):
            used = sum(spend for (name, _), spend in rows.items() if group_of[name] == group)
            sums.append((limit, group, used, allowed, sign))
    for limit, scope, used, allowed, sign in sums:
        room = 0.0 if sign == 1 else eased.get((limit, scope), 0.0)
        if sign * (used - allowed) > _TOLERANCE * max(allowed, 1.0) + room:
            found.append(f"The {limit} of {scope} is {allowed:.2f}, but {used:.2f} is planned.")
    for row in channels.iter_rows(named=True):
        found += _channel_rules(row, limits, eased, [rows[row["channel"], period + 1] for period in range(settings.periods)])
    recomputed = sum(
        _response(row, settings, [rows[row["channel"], period + 1] for period in range(settings.periods)], channels)
        for row in channels.iter_rows(named=True)
    ) - limits.minimum_marginal_return * sum(rows.values())
    told = float((budget["expected_response"] + budget["response_after_plan"]).sum()) - limits.minimum_marginal_return * sum(rows.values())
    for what, number in (("certificate", value), ("table", told)):
        if abs(recomputed - number) > _TOLERANCE * max(abs(recomputed), 1.0):
            found.append(f"The {what} says the plan is worth {number:.4f}, the curves say {recomputed:.4f}.")
    return found


def _channel_rules(row: dict[str, object], limits: AdLimits, eased: dict[tuple[str, str], float], spends: list[float]) -> list[str]:
    channel, today = str(row["channel"]), float(str(row["spend_today"]))
    least, most = limits.channel_minimums.get(channel, 0.0), limits.channel_maximums.get(channel)
    found: list[str] = []
    lowest, highest = min(spends), max(spends)

    def short(name: str) -> float:
        return eased.get((name, channel), 0.0) + _TOLERANCE * max(today, least, 1.0)

    if most is not None and highest > most + _TOLERANCE * max(most, 1.0):
        found.append(f"{channel} is planned {highest:.2f} in a period, its maximum is {most:.2f}.")
    if lowest < least - short("channel_minimum"):
        found.append(f"{channel} is planned {lowest:.2f} in a period, its minimum is {least:.2f}.")
    share = 0.0 if row["is_held"] else limits.largest_change
    if share is not None:
        down, up = today * max(1.0 - share, 0.0), max(today * (1.0 + share), least)
        down = down if most is None else min(down, most)
        if highest > up + _TOLERANCE * max(up, 1.0) or lowest < down - short("held" if row["is_held"] else "largest_decrease"):
            found.append(f"{channel} is planned {lowest:.2f} to {highest:.2f} a period, further from today's {today:.2f} than is allowed.")
    if row["largest_spend"] is not None and highest > max(float(str(row["largest_spend"])), today, least) * (1 + _TOLERANCE) + _TOLERANCE:
        found.append(f"{channel} is planned {highest:.2f} in a period, more than was ever tried.")
    return found


def _response(row: dict[str, object], settings: AdSettings, spends: list[float], channels: pl.DataFrame) -> float:
    """Margin of one channel over the plan and until the longest memory has faded, by following the adstock day by day."""
    memory, days = float(str(row["memory"])), settings.days_per_period
    most, half, shape = (float(str(row[name])) for name in ("most", "half_saturation", "shape"))
    longest = float(channels.select(pl.col("memory").max()).item())
    after = 0
    while longest > 0 and longest ** (after * days) > 0.01 and after < 12:
        after += 1
    level, total = float(str(row["opening_adstock"])), 0.0
    for period in range(settings.periods + after):
        levels: list[float] = []
        for _ in range(days):
            level = memory * level + (spends[period] / days if period < len(spends) else 0.0)
            levels.append(level)
        mean = sum(levels) / days
        total += days * most * mean**shape / (mean**shape + half**shape)
    return total
