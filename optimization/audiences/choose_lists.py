"""Decides who is on which of the day's audience lists: win back, due to rebuy, likely to churn, high value.

A customer *fits* a purpose by lifecycle, rhythm and worth. Of those who fit, nobody is listed who has not consented, whose contacts are
used up, who is held out by lot so that the lists' effect can be measured (of all lists at once), or whom contacting is not worth its
cost. The value of contacting is the effect of the best live coupon where it comes from customers drawn by lot (`causal`); else it is an
assumption and says so: a share of those who would not buy otherwise do, for the margin of one order.

A customer who fits several purposes is listed for the first ones in the order of PURPOSES, as far as contacts are left.

Public: `LISTS_SCHEMA`, `PURPOSES`, `ListSettings`, `choose_lists`.
"""

from dataclasses import dataclass

import polars as pl

from optimization.ad_audiences import check_customers
from optimization.coupons.holdout import held_out

LISTS_SCHEMA = {
    "purpose": pl.String,
    "customer_key": pl.String,
    "is_in": pl.Boolean,
    "expected_value": pl.Float64,
    "expected_value_low": pl.Float64,
    "expected_value_high": pl.Float64,
    "causal": pl.Boolean,
    "value_source": pl.String,
    "coupon_id": pl.String,
    "purchase_probability": pl.Float64,
    "contacts": pl.Int64,
    "lifecycle": pl.String,
    "segment": pl.String,
    "reason_code": pl.String,
    "sentence": pl.String,
}
DUE, OVERDUE = 0.8, 1.5  # days since the last order against the expected gap: due from, at risk after
_KNOWN_RHYTHM = pl.col("orders_lifetime") >= 3
_OVERDUE_RATIO = pl.col("recency_days") / pl.col("expected_gap_days")
PURPOSES: dict[str, tuple[pl.Expr, str]] = {
    "likely_to_churn": (
        (pl.col("lifecycle") == "at_risk") & (pl.col("orders_lifetime") >= 2),
        "has not ordered for {days} days where about {gap} would be usual",
    ),
    "win_back": (
        pl.col("lifecycle").is_in(["lapsed", "lost"]) & (pl.col("orders_lifetime") >= 2),
        "came {orders} times and has not ordered for {days} days",
    ),
    "due_to_rebuy": (
        (pl.col("lifecycle") == "active") & _KNOWN_RHYTHM & _OVERDUE_RATIO.is_between(DUE, OVERDUE),
        "orders about every {gap} days, the last time {days} days ago",
    ),
    "high_value": (
        pl.col("lifecycle").is_in(["new", "active"]) & (pl.col("m_score") == 5),
        "is among the fifth of customers who brought most in the year",
    ),
}
_NEEDED = (
    *("customer_key", "lifecycle", "segment", "recency_days", "expected_gap_days", "orders_lifetime", "m_score", "margin_per_order"),
    *(
        "purchase_probability",
        "has_consent",
        "contacts",
        "coupon_id",
        "coupon_value",
        "coupon_value_low",
        "coupon_value_high",
        "coupon_source",
    ),
)


@dataclass(frozen=True)
class ListSettings:
    """most_contacts: a customer may get within the days that `contacts` counts; most: cap of each list, None for none.

    cost_per_contact: money. assumed_lift: share of those who would not buy otherwise who do once contacted, where no trial says it.
    holdout_share: kept off each list by lot; the lot depends on customer, purpose and seed only.
    """

    most_contacts: int = 2
    most: int | None = None
    cost_per_contact: float = 0.0
    assumed_lift: float = 0.02
    holdout_share: float = 0.1
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name in ("assumed_lift", "holdout_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Expected {name} in [0, 1], got {getattr(self, name)}.")
        if self.most_contacts < 0 or self.cost_per_contact < 0 or (self.most is not None and self.most < 0):
            raise ValueError("Expected most_contacts, cost_per_contact and most of 0 or more.")


def choose_lists(customers: pl.DataFrame, settings: ListSettings) -> pl.DataFrame:
    """Return one row per purpose and customer who fits it (LISTS_SCHEMA), sorted by both.

    customers (grain: customer_key): lifecycle, segment, recency_days, expected_gap_days (days), orders_lifetime, m_score (1 to 5),
    margin_per_order (currency; null counts as 0), purchase_probability (null where not known), has_consent (null is none), contacts (so
    far, within the days of the cap); of the best live coupon, where its effect is causal, coupon_id, coupon_value with its interval
    (currency, the coupon's cost taken off) and coupon_source, else nulls. Raises ValueError for missing columns, a customer named twice and
    chances outside 0 to 1.
    """
    check_customers(customers, _NEEDED)
    valued = _valued(customers.select(_NEEDED).sort("customer_key"), settings)
    listed = pl.DataFrame(schema={"customer_key": pl.String, "lists": pl.Int64})
    told: list[pl.DataFrame] = []
    for purpose, (fits, why) in PURPOSES.items():
        fitting = valued.filter(fits).join(listed, on="customer_key", how="left").with_columns(purpose=pl.lit(purpose), why=_why(why))
        told.append(_told(_decided(fitting.with_columns(pl.col("lists").fill_null(0)), settings), settings))
        on_it = told[-1].filter("is_in").select("customer_key", lists=pl.lit(1, dtype=pl.Int64))
        listed = pl.concat([listed, on_it]).group_by("customer_key").agg(pl.col("lists").sum())
    return pl.concat(told).sort("purpose", "customer_key")


def _valued(customers: pl.DataFrame, settings: ListSettings) -> pl.DataFrame:
    is_causal = pl.col("coupon_value").is_not_null()
    margin = pl.col("margin_per_order").fill_null(0.0).clip(lower_bound=0.0)
    assumed = margin * (1 - pl.col("purchase_probability")) * settings.assumed_lift
    return customers.with_columns(
        expected_value=pl.coalesce("coupon_value", assumed) - settings.cost_per_contact,
        expected_value_low=pl.col("coupon_value_low") - settings.cost_per_contact,
        expected_value_high=pl.col("coupon_value_high") - settings.cost_per_contact,
        causal=is_causal,
        value_source=pl.when(is_causal).then("coupon_source").otherwise(pl.lit("assumed")),
        coupon_id=pl.when(is_causal).then("coupon_id"),
        is_holdout=held_out(customers["customer_key"], settings.holdout_share, "audiences", settings.seed),
    )


def _decided(fitting: pl.DataFrame, settings: ListSettings) -> pl.DataFrame:
    """Add reason_code to the customers who fit one purpose: listed, or the first of the reasons why not.

    A full list keeps those worth most; where an average effect makes all worth the same, those with the dearest orders.
    """
    barred = (
        pl.when(~pl.col("has_consent").fill_null(value=False))
        .then(pl.lit("no_consent"))
        .when(pl.col("contacts") + pl.col("lists") >= settings.most_contacts)
        .then(pl.lit("frequency_cap"))
        .when(pl.col("expected_value").is_null())
        .then(pl.lit("not_known"))
        .when(pl.col("expected_value") <= 0)
        .then(pl.lit("not_worth_it"))
        .when("is_holdout")
        .then(pl.lit("holdout"))
    )
    ranked = fitting.with_columns(reason_code=barred).sort(
        "expected_value", "margin_per_order", "customer_key", descending=[True, True, False], nulls_last=True
    )
    is_open = pl.col("reason_code").is_null()
    is_beyond = pl.lit(value=False) if settings.most is None else is_open.cast(pl.Int64).cum_sum() > settings.most
    capped = pl.when(is_open & is_beyond).then(pl.lit("size_cap")).otherwise("reason_code")
    return ranked.with_columns(reason_code=capped.fill_null("listed"))


def _why(pattern: str) -> pl.Expr:
    """The purpose's clause with the customer's numbers."""
    numbers = {
        "{days}": pl.col("recency_days"),
        "{gap}": pl.col("expected_gap_days").round(0).cast(pl.Int64),
        "{orders}": pl.col("orders_lifetime"),
    }
    used = sorted((name for name in numbers if name in pattern), key=pattern.index)
    for name in used:
        pattern = pattern.replace(name, "{}")
    return pl.format(pattern, *(numbers[name] for name in used)) if used else pl.lit(pattern)


def _told(decided: pl.DataFrame, settings: ListSettings) -> pl.DataFrame:
    reason, value = pl.col("reason_code"), pl.col("expected_value").round(2)
    is_own = pl.col("value_source") == "individual"
    whose = pl.when(is_own).then(pl.lit("from trials, for such customers")).otherwise(pl.lit("from trials, the same for all customers"))
    worth = (
        pl.when("causal")
        .then(pl.format("contacting with coupon {} is worth {} ({})", "coupon_id", value, whose))
        .otherwise(pl.format("contacting is assumed to be worth {}", value))
    )
    not_listed = {
        "no_consent": pl.lit("has not consented to being written to"),
        "frequency_cap": pl.format(
            f"of {settings.most_contacts} contacts allowed, {{}} are used up and {{}} go to the day's earlier lists", "contacts", "lists"
        ),
        "not_known": pl.lit("nothing is known of how likely a purchase is"),
        "not_worth_it": pl.format("contacting brings nothing after its cost ({})", value),
        "holdout": pl.lit("held out by lot, so that the list's effect can be measured"),
        "size_cap": pl.lit(f"the list is full at {settings.most} customers worth more"),
    }
    clause = pl.lit("")
    for code, text in not_listed.items():
        clause = pl.when(reason == code).then(text).otherwise(clause)
    sentence = (
        pl.when(reason == "listed")
        .then(pl.format("Listed: {}; {}.", "why", worth))
        .otherwise(pl.format("Not listed although the customer {}: {}.", "why", clause))
    )
    told = decided.with_columns(is_in=reason == "listed", sentence=sentence)
    return told.select([pl.col(name).cast(kind) for name, kind in LISTS_SCHEMA.items()])
