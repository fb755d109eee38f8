"""Recommendations of each day: what a customer will buy again (`rebuy`), may discover (`discover`) or starts with (`cold`).

Methods and re-ranker are trained per training day on a sample of customers. Those who bought last are re-ranked each day; the others who
bought within a year get the frequency blend's lists; customers who came lately and never bought get what newcomers like them bought. What
is said of a list's worth is measured on the four weeks before the training day. A chance is that of buying anyway: no list's effect.

Lists are kept like customer profiles; places drawn by lot for a year, since what came of them can be weighted by their propensity.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.customers.frequency_blend import blend_lists
from assets.customers.purchases import product_words_on, products_on, purchases_on, sampled_customers, served_customers
from assets.house import House
from assets.model_files import kept_or_trained, training_fingerprint
from assets.partitions import partition_window
from assets.retention import KeptLonger, thin_out
from assets.table_contracts import table_contracts
from assets.tracking import Tracking, TrainingRecord
from assets.warehouse import Warehouse
from assets.windows import by_training_day

if TYPE_CHECKING:
    from learning.recommendations import RecommendationSettings, Recommender

EXPERIMENT = "recommendations"
LIBRARIES = ("lightgbm", "scikit-learn", "scipy", "numpy", "polars")
LISTS, SCORES = "customers.recommendations", "customers.recommendation_scores"
KEYS = {name: dg.AssetKey(name.split(".")) for name in (LISTS, SCORES)}
ABOUT = {
    LISTS: "What each customer is likely to buy again, discover or start with: sellable products with chance and reason.",
    SCORES: "What every method's lists were worth in the newest window whose purchases are known.",
}
NEWCOMER_DAYS = 168
DRAWN = KeptLonger("is_explored", 365)
FACTS = ("product_name", "category", "unit_price")


@dg.multi_asset(
    name="recommendations",
    specs=[
        dg.AssetSpec(
            KEYS[name],
            group_name="customers",
            kinds={"mlflow"} if name == LISTS else {"duckdb"},
            deps=[
                ["marts", "fct_order_lines"],
                ["marts", "dim_customers"],
                ["marts", "dim_products"],
                ["marts", "product_profile"],
                ["marts", "fct_purchase_orders"],
            ],
            description=ABOUT[name],
        )
        for name in (LISTS, SCORES)
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def recommendations(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse, tracking: Tracking) -> Iterator[Any]:
    """Train per training day, make every day's lists."""
    from learning.recommendations import RecommendationSettings

    settings = RecommendationSettings()
    window = partition_window(context)
    made: dict[str, list[pl.DataFrame]] = {name: [table_contracts()[name].empty()] for name in (LISTS, SCORES)}
    for trained_as_of, days in by_training_day(window.days, house.shop.first_day):
        model, version = _train(house, warehouse, trained_as_of, settings, tracking)
        for day in days:
            stamp = {"as_of_day": pl.lit(day), "model_version": pl.lit(version)}
            made[LISTS].append(lists_of_day(warehouse, day, model, settings).with_columns(**stamp))
            judged = {"judged_from": pl.lit(model.judged_from), "judged_until": pl.lit(model.trained_as_of)}
            made[SCORES].append(scores_of(model).with_columns(**stamp, **judged))
    for name in (LISTS, SCORES):
        parts = [part.select(made[name][0].columns) for part in made[name]]
        rows = warehouse.replace_days(table_contracts()[name], pl.concat(parts, how="vertical_relaxed"), window.days)
        if name == LISTS:
            thin_out(warehouse, table_contracts()[name], window.start, house.shop.customers.snapshot_days, DRAWN)
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows, **_metadata(name, parts[-1])})


def lists_of_day(warehouse: Warehouse, day: date, model: "Recommender", settings: "RecommendationSettings") -> pl.DataFrame:
    """The day's rows but for as_of_day and model_version."""
    from learning.recommendations import history_of, newcomer_chances, recommend, snapshot_of, with_words

    products = products_on(warehouse, day)
    served = served_customers(warehouse, day, settings.most_listed)["customer_key"]
    reranked, others = served.head(settings.reranked(len(served))), served.slice(settings.reranked(len(served)))
    sample = sampled_customers(warehouse, day, settings.most_learned_from)
    keys = pl.concat([sample["customer_key"], reranked]).unique().sort()
    lines = purchases_on(warehouse, day, keys)
    history = history_of(lines, day, products["product_id"])
    asked = history.positions(reranked)
    rows = recommend(snapshot_of(history, products, settings, asked[asked >= 0]), model, products)
    if len(others):
        with warehouse.connect() as connection:
            blended = blend_lists(connection, day, others, products.filter("is_sellable")["product_id"], settings)
        rows = pl.concat([rows, model.with_chances(blended, "blend")])
    came = sample.filter(pl.col("started_on") > pl.lit(day) - pl.duration(days=NEWCOMER_DAYS))
    never_bought = came.filter(~pl.col("customer_key").is_in(history.customers.implode()))
    chances = newcomer_chances(lines, sample, day, settings.window_days)
    rows = pl.concat([rows, cold_lists(never_bought, chances, products, settings)], how="diagonal_relaxed")
    names = products.select(linked_product_id="product_id", linked_name="product_name")
    facts = products.select("product_id", *FACTS)
    told = rows.join(facts, on="product_id", how="left").join(names, on="linked_product_id", how="left")
    return with_words(told).sort("customer_key", "list", "place")


def cold_lists(customers: pl.DataFrame, chances: pl.DataFrame, products: pl.DataFrame, settings: "RecommendationSettings") -> pl.DataFrame:
    """Lists of customers who never bought: the sellable products that newcomers of their channel and region bought most often."""
    best = (
        chances.join(products.filter("is_sellable").select("product_id"), on="product_id")
        .sort("channel", "region", "chance", "product_id", descending=[False, False, True, False])
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("channel", "region"))
        .filter(pl.col("place") <= settings.top)
    )
    told = customers.select("customer_key", pl.col("channel", "region").fill_null("unknown")).join(best, on=["channel", "region"])
    return told.with_columns(
        list=pl.lit("cold"),
        method=pl.lit("newcomers"),
        reason_code=pl.lit("newcomers"),
        score=pl.col("chance").round(6),
        probability=pl.col("chance").round(6),
        probability_low=pl.col("chance_low").round(6),
        probability_high=pl.col("chance_high").round(6),
        is_explored=pl.lit(False),
        propensity=pl.lit(1.0),
    )


def scores_of(model: "Recommender") -> pl.DataFrame:
    """Measures per list and method, with the calibration error of the methods that give chances."""
    errors = {name: each.error for name, each in model.calibrations.items()}
    error = pl.col("method").replace_strict(errors, default=None, return_dtype=pl.Float64) if errors else pl.lit(None, dtype=pl.Float64)
    return model.scores.with_columns(calibration_error=error)


def _train(
    house: House, warehouse: Warehouse, trained_as_of: date, settings: "RecommendationSettings", tracking: Tracking
) -> tuple["Recommender", str]:
    """The model of the training day: read from its folder if it was trained on the same lines by the same code, else trained and saved."""
    import learning.recommendations
    from learning.recommendations import Recommender, train_recommender

    sample = sampled_customers(warehouse, trained_as_of, settings.most_learned_from)
    lines = purchases_on(warehouse, trained_as_of, sample["customer_key"])
    products = product_words_on(warehouse, trained_as_of)
    fingerprint = training_fingerprint([lines, products], vars(settings), learning.recommendations, LIBRARIES)
    version = f"recommendations-{trained_as_of.isoformat()}-{fingerprint[:8]}"
    folder = house.state / "learning" / EXPERIMENT / trained_as_of.isoformat()
    model = kept_or_trained(folder, fingerprint, Recommender.load, lambda: train_recommender(lines, products, trained_as_of, settings))
    served = "blend" if model.reranker is None else "reranker"
    measured = {
        f"{row['list']}_{name}": row[name]
        for row in model.scores.filter(pl.col("method") == served).iter_rows(named=True)
        for name in ("ndcg", "recall", "coverage")
    }
    tracking.record(
        TrainingRecord(
            experiment=EXPERIMENT,
            name=version,
            params={"windows": settings.training_windows, "rounds": settings.rounds, "method": served},
            metrics={"customers": sample.height, **measured},
            artifacts=folder,
            tags={"trained_as_of": trained_as_of.isoformat(), "fingerprint": fingerprint},
            passed=model.reranker is not None,
        )
    )
    return model, version


def _metadata(name: str, rows: pl.DataFrame) -> dict[str, Any]:
    """A customer's lists and the figures, as tables to look at in the UI."""
    if name == SCORES:
        shown = rows.filter(pl.col("list") == "all").select("method", "ndcg", "recall", "coverage", "novelty")
        return {"worth": dg.MetadataValue.md(_table(shown))}
    by_list = rows.group_by("list").agg(customers=pl.col("customer_key").n_unique(), chance=pl.col("probability").mean()).sort("list")
    return {"lists": dg.MetadataValue.md(_table(by_list)), "drawn by lot": int(rows["is_explored"].sum())}


def _table(frame: pl.DataFrame) -> str:
    cells = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row] for row in frame.rows()]
    return "\n".join("| " + " | ".join(row) + " |" for row in [frame.columns, ["---"] * frame.width, *cells])
