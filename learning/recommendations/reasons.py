"""Reasons in words: one plain sentence per row of a list, from the facts beside it.

Public: `with_words`, `REASON_CODES`.
"""

import polars as pl

REASON_CODES = {
    "due": "bought on at least two days, and about as long ago as the customer's usual gap or longer",
    "bought_often": "bought on at least two days, lately",
    "bought_once": "bought on one day",
    "with_last_basket": "often in one basket with a product of the last one",
    "alike_customers": "bought lately by customers who buy alike",
    "similar_products": "bought by customers who bought another of the customer's products",
    "like_own": "words, category and price like those of what the customer buys",
    "popular": "bought by many lately",
    "newcomers": "bought by newcomers from the same channel and region",
    "new_product": "a new product whose place was drawn by lot",
    "explored": "place drawn by lot, among new products and those just below the list",
}
NEEDED = (
    "reason_code", "own_days", "own_last_days", "own_gap_days", "shopping_days", "buyers_28", "alike_share", "linked_name", "days_on_sale",
    "propensity", "category", "channel", "region", "group_buyers", "group_newcomers", "buyers", "newcomers",
)  # fmt: skip


def with_words(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with `reason` (a sentence) and `confidence` (high, medium, low or unknown).

    rows: probability, probability_low, probability_high and what of NEEDED they have; other facts count as unknown. Confidence is high
    where the interval reaches no further than a quarter of the probability to either side, medium up to a half. Raises ValueError for an
    unknown code.
    """
    unknown = set(rows["reason_code"].unique()) - set(REASON_CODES)
    if unknown:
        raise ValueError(f"Unknown reason codes {sorted(map(str, unknown))}.")
    full = rows.with_columns(pl.lit(None).alias(name) for name in NEEDED if name not in rows.columns)

    def number(name: str, digits: int = 0) -> pl.Expr:
        rounded = pl.col(name).cast(pl.Float64).round(digits)
        return (rounded.cast(pl.Int64) if digits == 0 else rounded).cast(pl.String).fill_null("?")

    def days(name: str) -> pl.Expr:
        return number(name) + pl.when(pl.col(name).cast(pl.Float64).round(0) == 1).then(pl.lit(" day")).otherwise(pl.lit(" days"))

    def text(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.String).fill_null("unknown")

    last = pl.when(pl.col("own_last_days").cast(pl.Float64) == 0).then(pl.lit("last today")).otherwise(
        pl.format("last {} ago", days("own_last_days"))
    )  # fmt: skip
    percent = pl.format("{} %", number_of(pl.col("propensity").cast(pl.Float64) * 100))
    group = pl.col("group_newcomers").cast(pl.Float64).fill_null(0) > 0
    sentences = {
        "due": pl.format("Bought on {}, about every {}; {}.", days("own_days"), days("own_gap_days"), last),
        "bought_often": pl.format("Bought on {} of {} with an order; {}.", number("own_days"), days("shopping_days"), last),
        "bought_once": pl.format("Bought once, {}; {} customers bought it in the last 28 days.", last, number("buyers_28")),
        "with_last_basket": pl.format("Often in one basket with {}, which was in the last one.", text("linked_name")),
        "alike_customers": pl.format(
            "{} % of the customers who buy most alike bought it in the last 28 days.",
            number_of(pl.col("alike_share").cast(pl.Float64) * 100),
        ),
        "similar_products": pl.format("Bought by customers who, like this one, bought {}.", text("linked_name")),
        "like_own": pl.format("Close in kind to what this customer buys ({}).", text("category")),
        "popular": pl.format("{} customers bought it in the last 28 days.", number("buyers_28")),
        "newcomers": pl.when(group)
        .then(
            pl.format(
                "{} of {} newcomers (channel {}, region {}) bought it within 28 days of coming.",
                *(number(name) for name in ("group_buyers", "group_newcomers")),
                text("channel"),
                text("region"),
            )
        )
        .otherwise(pl.format("{} of {} newcomers bought it within 28 days of coming.", number("buyers"), number("newcomers"))),
        "new_product": pl.format("On sale for {}; the place was drawn by lot, chance {}.", days("days_on_sale"), percent),
        "explored": pl.format("Just below the list; the place was drawn by lot, chance {}.", percent),
    }
    words = pl.coalesce(pl.when(pl.col("reason_code") == code).then(sentence) for code, sentence in sentences.items())
    reach = pl.max_horizontal(
        pl.col("probability_high") - pl.col("probability"), pl.col("probability") - pl.col("probability_low")
    ) / pl.col("probability")  # fmt: skip
    confidence = (
        pl.when(pl.col("probability").is_null())
        .then(pl.lit("unknown"))
        .when(reach <= 0.25)
        .then(pl.lit("high"))
        .when(reach <= 0.5)
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
    )
    return full.with_columns(reason=words, confidence=confidence).select(*rows.columns, "confidence", "reason")


def number_of(value: pl.Expr) -> pl.Expr:
    """Return a share times 100 in words, one digit below 10."""
    return pl.when(value < 10).then(value.round(1).cast(pl.String)).otherwise(value.round(0).cast(pl.Int64).cast(pl.String)).fill_null("?")
