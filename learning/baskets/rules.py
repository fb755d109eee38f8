"""From counts of baskets to rules "who has A in the basket also has B", with what they were worth afterwards.

Over all orders n, with n(A) that hold A: support = n(A and B) / n; confidence = n(A and B) / n(A); lift = confidence / (n(B) / n), above 1
where A and B go together. Rules are learned on three windows; the hold-out lift is that of the weeks after, which nothing was chosen on. A
rule is *seen* in a window with at least `fewest_in_window` joint orders and a lift above 1 there. Sorted by lift alone most top rules are
accidents of few orders, so rules with enough joint orders that were seen often enough come first, by the lower end of their lift's
interval (Poisson error of the joint orders); only they are published. A rule is no effect: it does not say that showing B sells it.

Public: `BasketSettings`, `basket_rules`, `with_words`, `RULE_SCHEMA`.
"""

from dataclasses import dataclass

import polars as pl

WINDOWS = ("window_1", "window_2", "window_3")
_Z = 1.959963984540054
RULE_KEY = ("antecedent_id", "antecedent_second_id", "consequent_id")
RULE_SCHEMA = {
    "antecedent_id": pl.String,
    "antecedent_second_id": pl.String,
    "consequent_id": pl.String,
    "products": pl.Int64,
    "orders": pl.Int64,
    "antecedent_orders": pl.Int64,
    "consequent_orders": pl.Int64,
    "joint_orders": pl.Int64,
    "support": pl.Float64,
    "confidence": pl.Float64,
    "lift": pl.Float64,
    "lift_low": pl.Float64,
    "windows_seen": pl.Int64,
    "holdout_orders": pl.Int64,
    "holdout_joint_orders": pl.Int64,
    "holdout_lift": pl.Float64,
    "rank": pl.Int64,
}


@dataclass(frozen=True)
class BasketSettings:
    """window_days: length of each of the three windows; holdout_days: the newest days, kept out; most_products: larger baskets are left
    out.

    fewest_counted: joint orders from which a set is counted at all; fewest_joint_orders: from which its rules are published;
    fewest_in_window, fewest_windows: see above; least_lift: of the interval's lower end, of a published rule; most_rules: rules kept, by
    rank.
    """

    window_days: int = 84
    holdout_days: int = 28
    most_products: int = 100
    fewest_counted: int = 30
    fewest_joint_orders: int = 100
    fewest_in_window: int = 10
    fewest_windows: int = 2
    least_lift: float = 2.0
    most_rules: int = 2_000

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"Expected {name} of 1 or more; got {value}.")
        if self.fewest_windows > len(WINDOWS) or self.most_products < 2 or self.fewest_counted > self.fewest_joint_orders:
            raise ValueError("Expected fewest_windows up to 3, most_products of 2 or more and fewest_counted up to fewest_joint_orders.")


def basket_rules(
    orders: pl.DataFrame, products: pl.DataFrame, pairs: pl.DataFrame, threes: pl.DataFrame, settings: BasketSettings
) -> pl.DataFrame:
    """Return RULE_SCHEMA, one row per rule, the best `most_rules` by rank.

    All counts per period in holdout, window_1, window_2, window_3. orders: one row; products: product_id; pairs: first_id, second_id;
    threes: first_id, second_id, third_id. A pair gives two rules, a three gives three of two products to one. Raises ValueError where a
    set's products or pairs lack counts.
    """
    total = {name: int(orders[name].sum()) for name in ("holdout", *WINDOWS)}
    single = _counts(products, "product_id")
    double = _counts(pairs.with_columns(set=pl.struct("first_id", "second_id")), "set")
    of_pairs = [(pairs, "first_id", None, "second_id"), (pairs, "second_id", None, "first_id")]
    of_threes = [
        (threes, *names)
        for names in (("first_id", "second_id", "third_id"), ("first_id", "third_id", "second_id"), ("second_id", "third_id", "first_id"))
    ]
    parts = [_rules(sets, one, two, to, single, double) for sets, one, two, to in (*of_pairs, *of_threes)]
    counted = pl.concat(parts)
    if counted.select(pl.any_horizontal(pl.col("from_holdout", "to_holdout").is_null()).any()).item():
        raise ValueError("A counted set holds a product or pair that was not counted itself.")
    n, m = sum(total[name] for name in WINDOWS), total["holdout"]

    def learned(prefix: str) -> pl.Expr:
        return pl.sum_horizontal(f"{prefix}_{name}" for name in WINDOWS)

    def lift(joint: pl.Expr, before: pl.Expr, after: pl.Expr, of: int) -> pl.Expr:
        expected = before.cast(pl.Float64) * after
        return pl.when(expected > 0).then(joint * pl.lit(float(of)) / expected)

    seen = [
        (pl.col(f"joint_{name}") >= settings.fewest_in_window)
        & (lift(pl.col(f"joint_{name}"), pl.col(f"from_{name}"), pl.col(f"to_{name}"), total[name]).fill_null(0.0) > 1)
        for name in WINDOWS
    ]
    joint = learned("joint")
    told = counted.with_columns(
        products=2 + pl.col("antecedent_second_id").is_not_null().cast(pl.Int64),
        orders=pl.lit(n),
        antecedent_orders=learned("from"),
        consequent_orders=learned("to"),
        joint_orders=joint,
        support=joint / n,
        confidence=joint / learned("from"),
        lift=lift(joint, learned("from"), learned("to"), n),
        windows_seen=pl.sum_horizontal(each.cast(pl.Int64) for each in seen),
        holdout_orders=pl.lit(m),
        holdout_joint_orders=pl.col("joint_holdout"),
        holdout_lift=lift(pl.col("joint_holdout"), pl.col("from_holdout"), pl.col("to_holdout"), m),
    ).with_columns(lift_low=pl.col("lift") * (-_Z / pl.col("joint_orders").sqrt()).exp())
    is_proven = (
        (pl.col("joint_orders") >= settings.fewest_joint_orders)
        & (pl.col("windows_seen") >= settings.fewest_windows)
        & (pl.col("lift_low") >= settings.least_lift)
    )
    ranked = (
        told.filter(pl.col("lift") > 1)
        .with_columns(is_proven=is_proven)
        .sort("is_proven", "lift_low", "confidence", *RULE_KEY, descending=[True, True, True, False, False, False], nulls_last=False)
    )
    best = ranked.head(settings.most_rules).with_columns(rank=pl.int_range(1, pl.len() + 1))
    return best.select(pl.col(name).cast(kind) for name, kind in RULE_SCHEMA.items())


def with_words(rules: pl.DataFrame, settings: BasketSettings) -> pl.DataFrame:
    """Return rules with reason_code, is_published and reason (a sentence).

    rules: RULE_SCHEMA and antecedent_name, consequent_name (text), are_sellable (flag: all products of the rule can be sold).
    """
    code = (
        pl.when(pl.col("joint_orders") < settings.fewest_joint_orders)
        .then(pl.lit("too_few_orders"))
        .when(pl.col("windows_seen") < settings.fewest_windows)
        .then(pl.lit("not_lasting"))
        .when(pl.col("lift_low") < settings.least_lift)
        .then(pl.lit("weak"))
        .when(~pl.col("are_sellable"))
        .then(pl.lit("not_sellable"))
        .otherwise(pl.lit("published"))
    )
    after = pl.when(pl.col("holdout_lift").is_null()).then(pl.lit("not seen in the weeks after")).otherwise(
        pl.format("{} times in the weeks after", pl.col("holdout_lift").round(1))
    )  # fmt: skip
    sentence = pl.format(
        "{} of {} orders with {} also had {}: {} times as often as by chance; {}.",
        "joint_orders", "antecedent_orders", "antecedent_name", "consequent_name", pl.col("lift").round(1), after,
    )  # fmt: skip
    return rules.with_columns(reason_code=code, reason=sentence).with_columns(is_published=pl.col("reason_code") == "published")


def _counts(sets: pl.DataFrame, key: str) -> pl.DataFrame:
    return sets.select(key, *("holdout", *WINDOWS))


def _rules(sets: pl.DataFrame, one: str, two: str | None, to: str, single: pl.DataFrame, double: pl.DataFrame) -> pl.DataFrame:
    """One direction of all sets, with the counts of set (joint), antecedent (from) and consequent (to)."""
    periods = ("holdout", *WINDOWS)
    base = sets.select(
        antecedent_id=one,
        antecedent_second_id=pl.lit(None, dtype=pl.String) if two is None else pl.col(two),
        consequent_id=to,
        **{f"joint_{name}": pl.col(name).cast(pl.Int64) for name in periods},
    )
    after = single.select(consequent_id="product_id", **{f"to_{name}": pl.col(name).cast(pl.Int64) for name in periods})
    before = {f"from_{name}": pl.col(name).cast(pl.Int64) for name in periods}
    if two is None:
        found = base.join(single.select(antecedent_id="product_id", **before), on="antecedent_id", how="left", maintain_order="left")
    else:
        key = pl.struct(first_id="antecedent_id", second_id="antecedent_second_id")
        found = base.with_columns(set=key).join(double.select("set", **before), on="set", how="left", maintain_order="left").drop("set")
    return found.join(after, on="consequent_id", how="left", maintain_order="left")
