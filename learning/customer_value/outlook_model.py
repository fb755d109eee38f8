"""The outlook of a shop's customers: chance to buy, churn, orders and net value, with the reasons.

What is told: `p_buy` is the chance of an order within the horizon if the shop goes on as it does; no effect of anything. `p_alive` is
BG/NBD's. A customer has *churned* who does not order within three of his own usual gaps (the median customer's where he has none), at least
28 and at most 182 days; `p_churn` is the chance of that. Order days count, so two orders on one day are one.

Public: `OutlookModel`, `SCORED`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.bg_nbd import BgNbd
from learning.customer_value.combination import Combination
from learning.customer_value.gamma_gamma import GammaGamma
from learning.customer_value.members import Members, chance_of, log_odds
from learning.customer_value.order_history import OrderHistoryModel
from learning.customer_value.reasons import REASONS, Reading
from learning.customer_value.rescaling import NOT_RESCALED, KnownWindow, Rescaling, agreed_total, shift_to
from learning.customer_value.settings import OutlookSettings
from learning.customer_value.value import ValueModel

Floats = NDArray[np.float64]

COMBINED, READABLE, HISTORY, NOTHING = "combined", "logistic", "order_history", "none"
_REASON_KINDS = {"code": pl.String, "value": pl.Float64, "effect": pl.Float64}
SCORED: dict[str, Any] = {
    "customer_key": pl.String,
    "p_buy_28d": pl.Float64,
    "p_alive": pl.Float64,
    "p_churn": pl.Float64,
    "churn_days": pl.Int64,
    "expected_orders_28d": pl.Float64,
    "expected_net_84d": pl.Float64,
    "expected_net_84d_p10": pl.Float64,
    "expected_net_84d_p90": pl.Float64,
    "expected_net_365d": pl.Float64,
    "score_source": pl.String,
    "value_source": pl.String,
    "rescaled_to": pl.String,
    "buyer_factor": pl.Float64,
    "order_factor": pl.Float64,
    "net_factor": pl.Float64,
    **{f"reason_{rank + 1}_{kind}": dtype for rank in range(REASONS) for kind, dtype in _REASON_KINDS.items()},
}
_AT_ONCE = 250_000


@dataclass(frozen=True)
class OutlookModel:
    """What was learned on `trained_as_of`. Parts are None where the history did not suffice for them.

    scores: model, metric, window_first_day, window_last_day, value; held out. check_reason: why the combination is served or is not.
    """

    settings: OutlookSettings
    trained_as_of: date
    history: OrderHistoryModel | None
    members: Members | None
    combination: Combination | None
    value: ValueModel
    reading: Reading | None
    order_windows: tuple[KnownWindow, ...]
    value_windows: tuple[KnownWindow, ...]
    scores: pl.DataFrame
    passed_check: bool
    check_reason: str

    @property
    def score_source(self) -> str:
        """combined, logistic, order_history or none: where p_buy comes from."""
        if self.combination is not None:
            return COMBINED if self.passed_check else READABLE
        return HISTORY if self.history is not None else NOTHING

    def chance(self, snapshot: pl.DataFrame) -> Floats | None:
        """Chance of an order within the horizon, before rescaling; None without any model."""
        if self.members is not None and self.combination is not None:
            return self.combination.chance(self.members.chances(snapshot, self.history, self.settings))
        return None if self.history is None else self.history.p_order(snapshot, float(self.settings.horizon_days))

    def score(self, snapshot: pl.DataFrame, rescaling: Rescaling = NOT_RESCALED) -> pl.DataFrame:
        """Return SCORED per customer, in the snapshot's order.

        Numbers are null where no model could be learned. Rescaling moves all chances together in log odds, and all values by one factor.
        Raises ValueError where a customer stands twice.
        """
        if snapshot["customer_key"].is_duplicated().any():
            raise ValueError("A customer stands twice in the snapshot.")
        if snapshot.is_empty():
            return pl.DataFrame(schema=SCORED)
        snapshot = snapshot.with_columns(churn_days=pl.Series(churn_days(snapshot, self.settings)))
        parts = [self._parts(part) for part in snapshot.iter_slices(_AT_ONCE)]
        told: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        told |= self._rescaled(told, rescaling)
        frame = snapshot.select("customer_key").with_columns(**{name: pl.Series(column) for name, column in told.items() if name in SCORED})
        frame = frame.with_columns(
            score_source=pl.lit(self.score_source),
            value_source=pl.lit(NOTHING if self.history is None else self.value.source),
            churn_days=snapshot["churn_days"].round(),
        )
        if self.reading is not None and "p_buy_28d" in told:
            start, reasons = 0, []
            for part in snapshot.iter_slices(_AT_ONCE):
                reasons.append(self.reading.reasons(part, told["p_buy_28d"][start : start + part.height]))
                start += part.height
            frame = frame.hstack(pl.concat(reasons))
        missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in SCORED.items() if name not in frame.columns]
        return frame.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in SCORED.items())

    def _parts(self, snapshot: pl.DataFrame) -> dict[str, Floats]:
        settings, told = self.settings, dict[str, Floats]()
        chance = self.chance(snapshot)
        if chance is not None:
            told["p_buy_28d"] = chance
        if self.history is None:
            return told
        history, near = self.history, float(settings.horizon_days)
        promise = history.net_value(snapshot, float(settings.value_days))
        told["p_alive"] = history.p_alive(snapshot)
        told["promised_chance"] = history.p_order(snapshot, near)
        told["promised_churn"] = history.p_order(snapshot, snapshot["churn_days"].to_numpy())
        told["orders_per_buyer"] = np.maximum(history.expected_orders(snapshot, near) / np.maximum(told["promised_chance"], 1e-12), 1.0)
        told["expected_net_84d"] = self.value.expected(snapshot, promise, settings.threads)
        span = self.value.span(told["expected_net_84d"])
        if span is not None:
            told["expected_net_84d_p10"], told["expected_net_84d_p90"] = span
        carried_on = history.expected_orders(snapshot, float(settings.far_days)) * history.net_per_order(snapshot)
        told["expected_net_365d"] = told["expected_net_84d"] * carried_on / np.maximum(promise, 1e-9)
        return told

    def _rescaled(self, told: Mapping[str, Floats], rescaling: Rescaling) -> dict[str, Any]:
        if "orders_per_buyer" not in told or "p_buy_28d" not in told:
            return {"rescaled_to": np.full(len(next(iter(told.values()))), NOT_RESCALED.to)} if told else {}
        settings, chance, each = self.settings, told["p_buy_28d"], told["orders_per_buyer"]
        values = {name: column for name, column in told.items() if name.startswith("expected_net_")}
        own = {"buyers": float(chance.sum()), "orders": float(chance @ each), "net": float(told["expected_net_84d"].sum())}
        agreed = dict(own)
        if rescaling.buyers is not None and rescaling.order_days is not None and rescaling.net_revenue is not None:
            agreed["buyers"] = agreed_total(own["buyers"], rescaling.buyers, settings.chance_trust, settings)
            agreed["orders"] = agreed_total(own["orders"], rescaling.order_days, settings.chance_trust, settings)
            agreed["net"] = agreed_total(own["net"], rescaling.net_revenue, 1.0, settings)
            chance = shift_to(chance, agreed["buyers"])
        orders = np.maximum(chance * each * (agreed["orders"] / max(float(chance @ each), 1e-12)), chance)
        net_factor = agreed["net"] / own["net"] if own["net"] > 0 else 1.0
        # the horizon's chance says by how much the order history is wrong about a customer; the longer span is moved by the same odds
        moved = log_odds(told["promised_churn"]) + log_odds(chance) - log_odds(told["promised_chance"])
        rows = len(chance)
        return {
            "p_buy_28d": chance,
            "p_churn": 1.0 - np.maximum(chance_of(moved), chance),
            "expected_orders_28d": orders,
            **{name: column * net_factor for name, column in values.items()},
            "rescaled_to": np.full(rows, rescaling.to),
            "buyer_factor": np.full(rows, float(chance.sum()) / max(own["buyers"], 1e-12)),
            "order_factor": np.full(rows, float(orders.sum()) / max(own["orders"], 1e-12)),
            "net_factor": np.full(rows, net_factor),
        }

    def save(self, file: Path) -> None:
        """Write the model to one JSON file, the scores beside it as Parquet."""
        members = None if self.members is None else {"logistic": self.members.logistic, "booster": self.members.booster}
        content = {
            "settings": asdict(self.settings),
            "trained_as_of": self.trained_as_of.isoformat(),
            "history": None if self.history is None else asdict(self.history),
            "members": members,
            "combination": None if self.combination is None else asdict(self.combination),
            "value": asdict(self.value),
            "reading": None if self.reading is None else asdict(self.reading),
            "order_windows": [asdict(window) for window in self.order_windows],
            "value_windows": [asdict(window) for window in self.value_windows],
            "passed_check": self.passed_check,
            "check_reason": self.check_reason,
        }
        self.scores.write_parquet(file.with_suffix(".scores.parquet"))
        file.write_text(json.dumps(content, indent=1, sort_keys=True, default=str), encoding="utf-8")

    @staticmethod
    def load(file: Path) -> "OutlookModel":
        """Read a model written by `save`."""
        content = json.loads(file.read_text(encoding="utf-8"))
        history, members, combination = content["history"], content["members"], content["combination"]
        return OutlookModel(
            settings=OutlookSettings(**{name: _tupled(value) for name, value in content["settings"].items()}),
            trained_as_of=date.fromisoformat(content["trained_as_of"]),
            history=None if history is None else OrderHistoryModel(BgNbd(**history["orders"]), GammaGamma(**history["values"])),
            members=None if members is None else Members(tuple(members["logistic"]), members["booster"]),
            combination=None if combination is None else Combination(**combination),
            value=ValueModel(**{name: _tupled(value) for name, value in content["value"].items()}),
            reading=None if content["reading"] is None else Reading(**{name: _tupled(value) for name, value in content["reading"].items()}),
            order_windows=_windows(content["order_windows"]),
            value_windows=_windows(content["value_windows"]),
            scores=pl.read_parquet(file.with_suffix(".scores.parquet")),
            passed_check=content["passed_check"],
            check_reason=content["check_reason"],
        )


def churn_days(snapshot: pl.DataFrame, settings: OutlookSettings) -> Floats:
    """Days without an order after which a customer counts as churned: so many of his own mean gaps, within the settings' bounds."""
    gaps = snapshot["gap_mean_days"].cast(pl.Float64)
    usual = gaps.median()
    own = gaps.fill_null(float(usual) if isinstance(usual, int | float) else float(settings.horizon_days)).to_numpy()
    return np.clip(settings.churn_gaps * own, *settings.churn_days)


def _windows(told: list[dict[str, Any]]) -> tuple[KnownWindow, ...]:
    days = ("first_day", "last_day")
    found: list[KnownWindow] = []
    for each in told:
        first_day, last_day = (date.fromisoformat(each[name]) for name in days)
        found.append(KnownWindow(first_day, last_day, int(each["buyers"]), int(each["order_days"]), float(each["net_revenue"])))
    return tuple(found)


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
