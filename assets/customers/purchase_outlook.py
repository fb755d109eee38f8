"""The outlook of every customer: chance to buy, churn, orders and net value, each with its source and three reasons; and how customers move
between lifecycle states.

Learned per training day from what was known then, scored on each day. Totals are those of the sales forecast where there is one that has
seen the season. Nothing here is the effect of anything: coupons and ads use treatment effects. Outlooks that are old enough are held
against what came (`outlook_outcomes`).
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.customers.order_days import read_orders
from assets.customers.outlook_outcomes import OUTCOMES, outcomes_of, totals_check
from assets.house import House
from assets.model_files import kept_or_trained, training_fingerprint
from assets.partitions import partition_window
from assets.pictures import picture
from assets.retention import thin_out
from assets.table_contracts import table_contracts
from assets.tracking import FamilyRun, Tracking, TrainingRecord
from assets.warehouse import Warehouse
from assets.windows import Window, by_training_day

if TYPE_CHECKING:
    from learning.customer_value import OutlookModel, Rescaling

EXPERIMENT = "customer_outlook"
LIBRARIES = ("lightgbm", "scikit-learn", "scipy", "numpy", "polars")
OUTLOOK, SCORES, TRANSITIONS = "customers.purchase_outlook", "customers.outlook_scores", "customers.lifecycle_transitions"
TABLES = (OUTLOOK, SCORES, TRANSITIONS)
KEYS = {name: dg.AssetKey(name.split(".")) for name in (*TABLES, OUTCOMES)}
ORDERS = ["intermediate", "int_orders"]
UPSTREAM = {
    OUTLOOK: [ORDERS, ["marts", "sales_panel"], ["demand", "forecast_daily"]],
    SCORES: [ORDERS],
    TRANSITIONS: [ORDERS],
    OUTCOMES: [ORDERS, ["marts", "customer_profile"]],
}
ABOUT = {
    OUTLOOK: "Who will buy, who has left and what each customer will spend, with three reasons; no effect of anything.",
    SCORES: "How good each model was on customers and days it had not seen, and which is served.",
    TRANSITIONS: "How customers moved between lifecycle states within 28 days, and what that promises for the coming 28.",
    OUTCOMES: "What outlooks expected and what came, once their days were over: all customers, and by lifecycle.",
}
UNITS = """
select business_day, sum(units) as units
from marts.sales_panel
where known_on <= $day and coalesce(superseded_on, date '9999-12-31') > $day and business_day <= $day
group by business_day
order by business_day
"""
FORECASTS = """
select as_of_day, business_day, sum(forecast_units) as forecast_units
from demand.forecast_daily
where as_of_day between ? and ?
group by as_of_day, business_day
order by all
"""


@dg.multi_asset(
    name="customer_outlook",
    specs=[
        dg.AssetSpec(
            KEYS[name],
            group_name="customers",
            kinds={"mlflow"} if name == OUTLOOK else {"duckdb"},
            deps=UPSTREAM[name],
            description=ABOUT[name],
        )
        for name in KEYS
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "chances_tell_buyers_apart",
            asset=KEYS[SCORES],
            description="In the newest held-out window buyers were told apart better than by chance (area under the curve above 0.5).",
        ),
        dg.AssetCheckSpec(
            "totals_came_as_expected",
            asset=KEYS[OUTCOMES],
            description="The newest outlooks old enough to be judged: no total is off by more than a quarter and two standard deviations.",
        ),
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def customer_outlook(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse, tracking: Tracking) -> Iterator[Any]:
    """Train per training day, score every customer on every day."""
    from learning.customer_value import customer_snapshot, lifecycle_transitions

    window = partition_window(context)
    training = list(by_training_day(window.days, house.shop.first_day))
    orders = read_orders(warehouse, min(trained_as_of for trained_as_of, _ in training), window.last_day)
    forecasts = warehouse.read(FORECASTS, [window.start, window.last_day])
    made: dict[str, list[pl.DataFrame]] = {name: [table_contracts()[name].empty()] for name in TABLES}
    for trained_as_of, days in training:
        model, model_version = _train(house, orders.as_of(trained_as_of), trained_as_of, tracking)
        served = pl.DataFrame({"passed_check": [model.passed_check], "check_reason": [model.check_reason]})
        for day in days:
            stamp = {"as_of_day": pl.lit(day), "model_version": pl.lit(model_version)}
            known = orders.as_of(day)
            rescaling = _rescaling(warehouse, model, forecasts.filter(pl.col("as_of_day") == day), day)
            made[OUTLOOK].append(model.score(customer_snapshot(known, day), rescaling).with_columns(**stamp))
            made[SCORES].append(model.scores.join(served, how="cross").with_columns(**stamp))
            made[TRANSITIONS].append(lifecycle_transitions(known, day).with_columns(**stamp))
    for name in TABLES:
        frame = pl.concat([part.select(made[name][0].columns) for part in made[name]], how="vertical_relaxed")
        rows = warehouse.replace_days(table_contracts()[name], frame, window.days)
        extra = _told(model, frame, window) if name == OUTLOOK else {}
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows, **extra})
    area = _area(model)
    yield dg.AssetCheckResult(
        check_name="chances_tell_buyers_apart",
        asset_key=KEYS[SCORES],
        passed=area is None or area > 0.5,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"served": model.check_reason, "area_under_curve": "not held out" if area is None else area},
    )
    yield from _outcomes(warehouse, window)
    thin_out(warehouse, table_contracts()[OUTLOOK], window.start, house.shop.customers.snapshot_days)


def _outcomes(warehouse: Warehouse, window: Window) -> Iterator[Any]:
    """Judge what is old enough, before outlooks are thinned out."""
    frame = outcomes_of(warehouse, window)
    rows = warehouse.replace_days(table_contracts()[OUTCOMES], frame, sorted({*window.days, *frame["as_of_day"]}))
    of_run = frame.filter(pl.col("as_of_day").is_between(window.start, window.last_day))
    yield dg.MaterializeResult(asset_key=KEYS[OUTCOMES], metadata={"dagster/row_count": rows})
    yield totals_check(of_run, KEYS[OUTCOMES])


def _area(model: "OutlookModel") -> float | None:
    """Area under the curve of what is served, in the newest held-out window; None where it could not be measured."""
    served = model.scores.filter(pl.col("model").str.starts_with(model.score_source) & (pl.col("metric") == "auc"))
    known = served["value"].drop_nulls().drop_nans()
    return float(known[-1]) if len(known) else None


def _rescaling(warehouse: Warehouse, model: "OutlookModel", forecast: pl.DataFrame, day: date) -> "Rescaling":
    from learning.customer_value import rescaling_to

    units = warehouse.read(UNITS, {"day": day})
    return rescaling_to(model.order_windows, model.value_windows, units, forecast.drop("as_of_day"), model.settings)


def _train(house: House, order_days: pl.DataFrame, trained_as_of: date, tracking: Tracking) -> tuple["OutlookModel", str]:
    """The model of the training day: read from its folder if it was trained on the same orders by the same code, else trained and saved."""
    import learning.customer_value
    from learning.customer_value import OutlookModel, OutlookSettings, train_outlook

    settings = OutlookSettings()  # one thread: its models are small, and on a busy machine more threads cost a multiple of the time
    fingerprint = training_fingerprint([order_days], vars(settings), learning.customer_value, LIBRARIES)
    name = f"outlook-{trained_as_of.isoformat()}-{fingerprint[:8]}"
    folder = house.state / "learning" / "customer_outlook" / trained_as_of.isoformat()
    model = kept_or_trained(folder, fingerprint, OutlookModel.load, lambda: train_outlook(order_days, trained_as_of, settings))
    tracking.record(_record(model, name, folder, fingerprint))
    return model, name


def _record(model: "OutlookModel", name: str, folder: Path, fingerprint: str) -> TrainingRecord:
    """The combination is champion where it passed its check; every model of the comparison is a child run."""
    told: dict[str, dict[str, float]] = {}
    for row in model.scores.drop_nulls("value").to_dicts():
        told.setdefault(row["model"], {})[row["metric"]] = row["value"]
    return TrainingRecord(
        experiment=EXPERIMENT,
        name=name,
        params={**vars(model.settings), "score_source": model.score_source, "value_source": model.value.source},
        metrics=told.get(model.score_source, {}),
        artifacts=folder,
        tags={
            "trained_as_of": model.trained_as_of.isoformat(),
            "fingerprint": fingerprint,
            "causal": "False",
            "check_reason": model.check_reason,
        },
        passed=model.passed_check,
        families=tuple(FamilyRun(family.replace(",", ""), {}, metrics) for family, metrics in sorted(told.items())),
    )


def _told(model: "OutlookModel", frame: pl.DataFrame, window: Window) -> dict[str, Any]:
    """What a person wants to see of the newest day."""
    newest = frame.filter(pl.col("as_of_day") == window.last_day)
    chances = newest["p_buy_28d"].drop_nulls().to_numpy()

    def draw(axes: Any) -> None:
        axes.hist(chances, bins=40, color="#4477aa")
        axes.set_xlabel(f"chance to buy within {model.settings.horizon_days} days")
        axes.set_ylabel("customers")

    return {
        "scores come from": model.score_source,
        "check": model.check_reason,
        "buyers expected": float(newest["p_buy_28d"].sum()),
        "net revenue expected": float(newest["expected_net_84d"].sum()),
        "rescaled to": ", ".join(newest["rescaled_to"].drop_nulls().unique().sort()),
        **({"chances": picture(draw)} if len(chances) else {}),
    }
