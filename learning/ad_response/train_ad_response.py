"""Learn what each channel's spend adds to a day's outcome, from history alone.

outcome of a day = weekday + slow baseline + control + sum over channels of most * hill(adstock)

Nothing here was drawn by lot, so nothing is causal: spend that follows demand looks better than it is. A control of orders that ads hardly
move and a baseline take out what they can. A channel whose spend hardly varied, or whose interval is very wide, is not identified.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from learning.ad_response.bootstrap import draw_curves, mean_curve
from learning.ad_response.candidates import Candidates, baseline_columns, candidate_curves
from learning.ad_response.curves import Floats, steady_response
from learning.ad_response.fit_curves import Fitted, fit_curves
from learning.ad_response.model import CURVE_SCHEMA, DRAW_SCHEMA, AdResponseModel
from learning.ad_response.settings import AdResponseSettings

_STEP = 0.05  # share of mean spend over which a marginal response is measured


@dataclass(frozen=True)
class _History:
    days: pl.Series
    outcome: Floats
    control: Floats | None
    channels: tuple[str, ...]
    spend: Floats


def train_ad_response(spend: pl.DataFrame, outcome: pl.DataFrame, settings: AdResponseSettings | None = None) -> AdResponseModel:
    """Return the response curves of all channels.

    spend (grain: business_day, channel): spend, money; a day without a row is a day without spend. outcome (grain: business_day):
    outcome, such as orders; control, null where there is none. Days are those of `outcome`, without gaps. Raises ValueError for a
    repeated key, a gap in the days, and numbers that are not finite or below 0.
    """
    settings = settings or AdResponseSettings()
    history = _read(spend, outcome)
    days, notes = len(history.days), list[str]()
    too_short = days < settings.fewest_days
    if too_short:
        notes.append(f"{days} days of spend and sales are fewer than the {settings.fewest_days} that a curve needs.")
    variation = [_weekly_variation(history.spend[:, index]) for index in range(len(history.channels))]
    spent = history.spend.sum(axis=0) > 0
    tried = [] if too_short else [index for index in range(len(history.channels)) if spent[index]]
    if not tried:
        rows = [_unknown(history, index, variation[index], days, too_short) for index in range(len(history.channels))]
        return AdResponseModel(pl.DataFrame(rows, schema=CURVE_SCHEMA), pl.DataFrame(schema=DRAW_SCHEMA), tuple(notes), days, None)
    candidates = candidate_curves(history.spend[:, tried], settings)
    baseline = baseline_columns(history.days, history.control, settings.knot_days)
    plain = fit_curves(candidates, baseline, history.outcome, np.ones(days), 0.0)
    penalty = settings.shape_evidence * plain.squared_error / days
    whole = fit_curves(candidates, baseline, history.outcome, np.ones(days), penalty)
    draws = draw_curves(candidates, baseline, history.outcome, penalty, settings)
    rows = list[dict[str, object]]()
    drawn = [pl.DataFrame(schema=DRAW_SCHEMA)]
    for index, channel in enumerate(history.channels):
        if index not in tried:
            rows.append(_unknown(history, index, variation[index], days, too_short))
            continue
        frame = _drawn(channel, tried.index(index), candidates, draws)
        drawn.append(frame)
        rows.append(_known(history, index, frame, variation[index], settings))
    explained = 1.0 - whole.squared_error / whole.squared_error_without if whole.squared_error_without > 0 else None
    return AdResponseModel(pl.DataFrame(rows, schema=CURVE_SCHEMA), pl.concat(drawn), tuple(notes), days, explained)


def _read(spend: pl.DataFrame, outcome: pl.DataFrame) -> _History:
    for frame, key in ((spend, ["business_day", "channel"]), (outcome, ["business_day"])):
        if frame.select(pl.struct(key).is_duplicated().any()).item():
            raise ValueError(f"Two rows have the same {' and '.join(key)}.")
    ordered = outcome.sort("business_day")
    days = ordered["business_day"]
    if len(days) and days.diff().drop_nulls().ne(timedelta(days=1)).any():
        raise ValueError("The outcome has days missing between its first and its last.")
    channels = tuple(spend["channel"].unique().sort().to_list())
    wide = ordered.select("business_day")
    for channel in channels:
        own = spend.filter(pl.col("channel") == channel).select("business_day", pl.col("spend").cast(pl.Float64).alias(channel))
        wide = wide.join(own, on="business_day", how="left", maintain_order="left")
    money = wide.select(pl.col(channel).fill_null(0.0) for channel in channels).to_numpy() if channels else np.zeros((len(days), 0))
    has_control = "control" in ordered.columns and len(days) > 0 and ordered["control"].null_count() == 0
    control = ordered["control"].cast(pl.Float64).to_numpy() if has_control else None
    numbers = ordered["outcome"].cast(pl.Float64).to_numpy()
    for name, values in (("spend", money), ("outcome", numbers), ("control", control)):
        if values is not None and not (np.isfinite(values).all() and (name == "outcome" or (values >= 0).all())):
            raise ValueError(f"The {name} has a number that is not finite or below 0.")
    return _History(days, numbers, control, channels, money)


def _weekly_variation(spend: Floats) -> float:
    weeks = spend[len(spend) % 7 :].reshape(-1, 7).sum(axis=1)
    return float(weeks.std() / weeks.mean()) if len(weeks) and weeks.mean() > 0 else 0.0


def _drawn(channel: str, position: int, candidates: Candidates, draws: list[Fitted]) -> pl.DataFrame:
    chosen = np.array([one.chosen[position] for one in draws])
    parts = {
        "channel": [channel] * len(draws),
        "draw": list(range(len(draws))),
        "most": [float(one.height[position]) for one in draws],
        "half_saturation": candidates.half[chosen],
        "shape": candidates.shape[chosen],
        "memory": candidates.memory[chosen],
    }
    return pl.DataFrame(parts, schema=DRAW_SCHEMA)


def _known(history: _History, index: int, draws: pl.DataFrame, variation: float, settings: AdResponseSettings) -> dict[str, object]:
    spend = history.spend[:, index]
    mean, largest = float(spend.mean()), _largest(spend)
    drawn = [draws[name].to_numpy() for name in ("most", "half_saturation", "shape", "memory")]
    most, half, shape, memory = mean_curve(drawn[0], drawn[1], drawn[2], drawn[3], largest)
    around = np.array([mean, mean * (1 - _STEP), mean * (1 + _STEP)])
    each = steady_response(around, *drawn)
    slopes = (each[:, 2] - each[:, 1]) / (2 * _STEP * mean)
    ends = [(1 - settings.confidence) / 2, (1 + settings.confidence) / 2]
    (low, high), (slope_low, slope_high) = np.quantile(each[:, 0], ends), np.quantile(slopes, ends)
    own = steady_response(around, *(np.array([number]) for number in (most, half, shape, memory)))[0]
    varied = variation >= settings.least_variation
    narrow = bool(slope_low > 0 and slope_high <= settings.widest_ratio * slope_low)
    return {
        "channel": history.channels[index],
        "most": most,
        "half_saturation": half,
        "shape": shape,
        "memory": memory,
        "days": len(history.days),
        "mean_daily_spend": mean,
        "largest_daily_spend": largest,
        "spend_variation": variation,
        "daily_response": float(own[0]),
        "daily_response_low": float(low),
        "daily_response_high": float(high),
        "marginal_response": float((own[2] - own[1]) / (2 * _STEP * mean)),
        "marginal_response_low": float(slope_low),
        "marginal_response_high": float(slope_high),
        "is_identified": varied and narrow,
        "causal": False,
        "sentence": _sentence(varied, narrow, variation),
    }


def _sentence(varied: bool, narrow: bool, variation: float) -> str:
    if not varied:
        return f"Weekly spend varied by only {variation:.0%} of its mean, so its effect cannot be told; vary it on purpose to learn it."
    if not narrow:
        return "The interval is too wide to act on; switch the channel off and on in drawn weeks to learn its effect."
    return "Learned from history, not from an experiment: spend that followed demand would look better than it is."


def _largest(spend: Floats) -> float:
    """Largest mean daily spend of a week: further out nothing was ever tried."""
    weeks = spend[len(spend) % 7 :].reshape(-1, 7).mean(axis=1)
    return float(weeks.max())


def _unknown(history: _History, index: int, variation: float, days: int, too_short: bool) -> dict[str, object]:
    spend = history.spend[:, index]
    why = f"Only {days} days of history." if too_short else "Nothing was spent in this history."
    return {
        **dict.fromkeys(CURVE_SCHEMA),
        "channel": history.channels[index],
        "days": days,
        "mean_daily_spend": float(spend.mean()) if len(spend) else 0.0,
        "largest_daily_spend": _largest(spend) if len(spend) >= 7 else float(spend.max()) if len(spend) else 0.0,
        "spend_variation": variation,
        "is_identified": False,
        "causal": False,
        "sentence": f"{why} Its effect is not known.",
    }
