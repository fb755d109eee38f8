"""The day's lists: `rebuy` (bought before) and `discover` (never bought), for the customers of a snapshot.

What cannot be sold is left out before anything is ranked, so a list of ten has ten places that can be bought. The last place of `discover`
is drawn by lot among new products and those just below the list; what nobody has bought yet is shown by lot alone, without score or chance.
Every row carries the facts its reason is told from (see `reasons`).

Public: `recommend`, `LIST_SCHEMA`.
"""

import numpy as np
import polars as pl

from learning.recommendations.exploring import draw_places
from learning.recommendations.features import FEATURES
from learning.recommendations.history import Features, Ints
from learning.recommendations.methods import Neighbourly, best_links
from learning.recommendations.recommender import Recommender
from learning.recommendations.snapshot import Snapshot

WHY = {  # reason of a discovery: the method that ranks it highest among the customer's
    "with_last_basket": "last_basket",
    "alike_customers": "user_cf_28",
    "similar_products": "item_cf",
    "like_own": "content",
    "popular": "product_decayed",
}
LIST_SCHEMA = {
    "customer_key": pl.String,
    "list": pl.String,
    "place": pl.Int64,
    "product_id": pl.String,
    "score": pl.Float64,
    "method": pl.String,
    "probability": pl.Float64,
    "probability_low": pl.Float64,
    "probability_high": pl.Float64,
    "is_explored": pl.Boolean,
    "propensity": pl.Float64,
    "reason_code": pl.String,
    "own_days": pl.Float64,
    "own_last_days": pl.Float64,
    "own_gap_days": pl.Float64,
    "shopping_days": pl.Float64,
    "buyers_28": pl.Float64,
    "alike_share": pl.Float64,
    "linked_product_id": pl.String,
    "days_on_sale": pl.Float64,
}
_FACTS = {
    "own_days": "own_days",
    "own_last_days": "own_last",
    "own_gap_days": "own_gap",
    "shopping_days": "customer_days",
    "buyers_28": "product_customers_28",
    "alike_share": "user_cf_28",
}
_CHANCES = ("probability", "probability_low", "probability_high")
_GROUP = ("customer", "is_own")


def recommend(at: Snapshot, recommender: Recommender, catalogue: pl.DataFrame) -> pl.DataFrame:
    """Return LIST_SCHEMA, one row per customer, list and place, sorted.

    catalogue (grain: product_id): product_id, is_sellable, days_on_sale (empty where never sold). Products that are not in it cannot be
    sold. propensity is 1 where nothing was drawn. Probabilities are empty where nothing could be calibrated, with score of what nobody
    bought yet.
    """
    known = pl.DataFrame({"product_id": at.history.products}).join(catalogue, on="product_id", how="left", maintain_order="left")
    allowed = known["is_sellable"].fill_null(False).to_numpy()
    age = known["days_on_sale"].fill_null(0).to_numpy()
    fresh = np.flatnonzero(allowed & (age < at.settings.new_product_days))
    fresh = np.sort(fresh[np.lexsort((fresh, age[fresh]))][: at.settings.explore_pool])
    customer, product = at.candidates(at.asked, allowed, fresh)
    features = at.source.features(customer, product)
    method = "blend" if recommender.reranker is None else "reranker"
    blend = features[:, FEATURES.index("blend")].astype(np.float64)
    score, raw = (blend, blend) if recommender.reranker is None else recommender.reranker.scores(features, customer)
    pairs = pl.DataFrame({"row": np.arange(len(customer)), "customer": customer, "product": product}).with_columns(
        is_own=pl.Series(at.own.find(customer, product) >= 0),
        score=pl.Series(np.where(features[:, FEATURES.index("product_purchases")] > 0, score.round(6), np.nan)).fill_nan(None),
    )
    ranked = pairs.sort("customer", "is_own", "score", "product", descending=[False, True, True, False], nulls_last=True).with_columns(
        place=pl.int_range(1, pl.len() + 1).over(_GROUP)
    )
    listed = _with_draws(at, ranked, features, fresh)
    row = listed["row"].to_numpy()
    facts = {name: pl.Series(features[row, FEATURES.index(feature)].astype(np.float64)).fill_nan(None) for name, feature in _FACTS.items()}
    why, linked = _why(at, pairs, features, row)
    chances = recommender.calibrations.get(method)
    told = (
        [pl.Series([None] * len(row), dtype=pl.Float64)] * 3
        if chances is None
        else [pl.Series(v.round(6)) for v in chances.predict(raw[row])]
    )
    frame = listed.with_columns(
        **facts,
        customer_key=at.history.customers.gather(listed["customer"]),
        product_id=at.history.products.gather(listed["product"]),
        list=pl.when("is_own").then(pl.lit("rebuy")).otherwise(pl.lit("discover")),
        method=pl.lit(method),
        **{name: pl.when(pl.col("score").is_not_null()).then(each) for name, each in zip(_CHANCES, told, strict=True)},
        why=why,
        linked_product_id=linked,
        days_on_sale=pl.Series(age[listed["product"].to_numpy()]),
    )
    is_due = (pl.col("own_days") >= 2) & (pl.col("own_last_days") >= 0.8 * pl.col("own_gap_days"))
    code = (
        pl.when(pl.col("is_explored"))
        .then(pl.when(pl.col("days_on_sale") < at.settings.new_product_days).then(pl.lit("new_product")).otherwise(pl.lit("explored")))
        .when(~pl.col("is_own"))
        .then("why")
        .when(is_due)
        .then(pl.lit("due"))
        .when(pl.col("own_days") >= 2)
        .then(pl.lit("bought_often"))
        .otherwise(pl.lit("bought_once"))
    )
    return frame.with_columns(reason_code=code).select(pl.col(name).cast(kind) for name, kind in LIST_SCHEMA.items())


def _with_draws(at: Snapshot, ranked: pl.DataFrame, features: Features, fresh: Ints) -> pl.DataFrame:
    """The first places of each list, with is_explored and propensity."""
    settings = at.settings
    last = settings.top if not settings.explore else pl.when("is_own").then(settings.top).otherwise(settings.top - 1)
    kept = ranked.filter(pl.col("place") <= last).with_columns(is_explored=pl.lit(False), propensity=pl.lit(1.0))
    if not settings.explore:
        return kept
    below = ranked.filter(~pl.col("is_own"), pl.col("place") >= settings.top).with_columns(is_new=pl.col("product").is_in(fresh.tolist()))
    pool = (
        below.sort("customer", "is_new", "place", descending=[False, True, False])
        .filter(pl.int_range(pl.len()).over("customer") < settings.explore_pool)
        .sort("customer", "product")
    )
    closeness = features[pool["row"].to_numpy(), FEATURES.index("content")].astype(np.float64)
    weights = np.where(pool["is_new"].to_numpy(), np.maximum(closeness, 0.0), 0.0)
    drawn, propensity = draw_places(pool["customer"].to_numpy(), weights, at.history.as_of_day, settings.seed)
    explored = pool[drawn.tolist()].with_columns(
        place=pl.lit(settings.top, dtype=pl.Int64), is_explored=pl.lit(True), propensity=pl.Series(propensity.round(6))
    )
    return pl.concat([kept, explored.select(kept.columns)]).sort("customer", "is_own", "place", descending=[False, True, False])


def _why(at: Snapshot, pairs: pl.DataFrame, features: Features, row: Ints) -> tuple[pl.Series, pl.Series]:
    """Per listed row: the method that ranks it highest among the customer's candidates, and the own product behind it, if any."""
    values = {code: pl.Series(features[:, FEATURES.index(name)]) for code, name in WHY.items()}
    places = pairs.select(*_GROUP).with_columns(**values).select(pl.col(code).rank("min", descending=True).over(_GROUP) for code in WHY)
    strong = features[row][:, [FEATURES.index(name) for name in WHY.values()]] > 0
    by_place = np.where(strong, places[row.tolist()].to_numpy(), np.inf)
    best = np.where(strong.any(axis=1), by_place.argmin(axis=1), list(WHY).index("popular"))
    customer, product = pairs["customer"].to_numpy()[row], pairs["product"].to_numpy()[row]
    linked = np.full(len(row), -1)
    for code in ("with_last_basket", "similar_products"):
        method = at.methods[WHY[code]]
        assert isinstance(method, Neighbourly)
        told = np.flatnonzero(best == list(WHY).index(code))
        linked[told] = best_links(method, customer[told], product[told])[0]
    names = at.history.products.gather(np.maximum(linked, 0)) if len(row) else pl.Series([], dtype=pl.String)
    return pl.Series(np.array(list(WHY))[best] if len(row) else [], dtype=pl.String), pl.DataFrame(
        {"name": names, "is": linked >= 0}
    ).select(pl.when("is").then("name"))["name"]
