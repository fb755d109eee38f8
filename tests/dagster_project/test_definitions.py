"""What Dagster serves: keys, rooms, partitions, owners; and that serving it loads none of the heavy libraries."""

import json
import subprocess
import sys

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from dagster_project.definitions import build_definitions
from dagster_project.settings import REPOSITORY, load_settings

pytestmark = pytest.mark.xdist_group("chain")  # uses the state (dbt's manifest) of the chain's house
HEAVY = ("prophet", "mlflow", "lightgbm", "sklearn", "matplotlib", "pulp", "highspy", "scipy", "statsmodels", "cmdstanpy")
PROBE = f"""
import json, sys
from dagster_project.definitions import defs
definitions = defs()
loaded = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps([loaded, len(definitions.resolve_asset_graph().get_all_asset_keys())]))
"""
ROOMS = {"landing", "staging", "intermediate", "marts", "demand", "customers", "response", "decisions", "review", "published"}


@pytest.fixture(scope="module")
def definitions(last_day) -> dg.Definitions:
    return build_definitions(load_settings(last_day.environment))


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> AssetGraph:
    return definitions.resolve_asset_graph()


def test_loading_the_definitions_loads_no_heavy_library(last_day) -> None:
    environment = {**last_day.environment, "PATH": "/usr/bin:/bin", "HOME": str(last_day.var)}
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, cwd=REPOSITORY, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    loaded, assets = json.loads(done.stdout.splitlines()[-1])
    assert loaded == []
    assert assets > 60


def test_every_key_is_room_and_table_and_the_group_is_the_room(graph: AssetGraph) -> None:
    keys = graph.get_all_asset_keys()
    assert {len(key.path) for key in keys} == {2}
    assert {key.path[0] for key in keys} == ROOMS
    strangers = {key.to_user_string(): graph.get(key).group_name for key in keys if graph.get(key).group_name != key.path[0]}
    assert strangers == {}


def test_every_asset_is_made_here(graph: AssetGraph) -> None:
    """No dependency points at a table that nothing writes."""
    assert graph.external_asset_keys == set()


def test_every_table_with_a_contract_is_an_asset_of_that_name(graph: AssetGraph) -> None:
    from assets.table_contracts import table_contracts

    keys = {".".join(key.path) for key in graph.get_all_asset_keys()}
    assert set(table_contracts()) <= keys
    assert keys >= {"landing.order_lines", "landing.quarantine", "marts.fct_order_lines", "marts.customer_profile", "published.tables"}


def test_all_assets_share_partitions_policy_and_owners(graph: AssetGraph) -> None:
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    days = {repr(node.partitions_def) for node in nodes}
    assert len(days) == 1
    keys = nodes[0].partitions_def.get_partition_keys()
    assert (keys[0], keys[-1], len(keys)) == ("2025-08-14", "2025-12-31", 140)
    assert all(node.backfill_policy == dg.BackfillPolicy.single_run() for node in nodes)
    assert all(node.owners == ["team:merchandising"] for node in nodes)
    undescribed = [node.key.to_user_string() for node in nodes if not (node.description or "").strip()]
    assert undescribed == []


def test_the_way_of_the_data_has_one_direction(graph: AssetGraph) -> None:
    order = {
        "landing": 0,
        "staging": 1,
        "intermediate": 2,
        "marts": 3,
        "demand": 4,
        "customers": 4,
        "response": 4,
        "decisions": 5,
        "review": 6,
        "published": 7,
    }
    backwards = {
        (parent.path[0], key.path[0])
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
        if order[parent.path[0]] > order[key.path[0]]
    }
    assert backwards <= {("marts", "intermediate")}, "only within dbt may a helper rest on an earlier mart"


def test_daily_lineage_is_day_to_day(graph: AssetGraph) -> None:
    """No dependency falls back to all partitions, which would make every backfill wait for every day."""
    for key in graph.get_all_asset_keys():
        for parent in graph.get(key).parent_keys:
            mapping = graph.get_partition_mapping(key, parent)
            assert isinstance(mapping, dg.TimeWindowPartitionMapping), (parent, key)


def test_job_schedule_and_sensor_are_served(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    assert repository.has_job("daily_decisions")
    assert [schedule.name for schedule in repository.schedule_defs] == ["every_month", "every_night", "every_week", "every_week_calendar"]
    assert [sensor.name for sensor in repository.sensor_defs] == ["alert_delivery", "alert_on_failure"]
    definitions.resolve_job_def("daily_decisions")


def test_definitions_can_be_served(definitions: dg.Definitions) -> None:
    """What the UI's code server asks for: among others that no job has the name of an asset's step."""
    dg.Definitions.validate_loadable(definitions)


def test_every_room_that_decides_is_checked_and_blocking_where_it_must(graph: AssetGraph) -> None:
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert checks >= {
        ("landing/intake_counts", "totals_reconcile"),
        ("landing/quarantine", "quarantine_is_small"),
        ("demand/forecast_daily", "every_item_has_a_forecast"),
        ("decisions/replenishment_orders", "plan_is_checked"),
        ("decisions/coupon_assignments", "plan_is_checked"),
        ("decisions/plan_certificates", "gaps_are_small"),
        ("published/tables", "newest_day_is_published"),
        ("marts/sales_panel", "newest_day_is_known"),
    }


def test_highs_stays_available_after_everything_was_loaded_and_a_forecast_was_made(last_day) -> None:  # pragma: allowlist secret
    """Another solver library in the process would make PuLP lose HiGHS without a word (the chain ran in this very process)."""
    assert "lightgbm" in sys.modules
    assert "prophet" in sys.modules
    assert last_day.published("demand_forecast").height > 0
    import pulp

    assert pulp.HiGHS(msg=False).available()
    assert "ortools" not in sys.modules
    x = pulp.LpVariable("x", 0, 3, cat="Integer")
    problem = pulp.LpProblem("still_solves", pulp.LpMaximize)
    problem += x
    assert problem.solve(pulp.HiGHS(msg=False)) == 1
    assert x.value() == 3


def test_materialisations_of_every_day_stand_in_dagsters_log(past_week, monkeypatch: pytest.MonkeyPatch) -> None:
    home = past_week.state / "dagster"
    monkeypatch.setenv("COUNTINGHOUSE_DAGSTER_EVENTS", str(home / "events"))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for key in (["landing", "order_lines"], ["marts", "sales_panel"], ["decisions", "replenishment_orders"], ["published", "tables"]):
            days = instance.get_materialized_partitions(dg.AssetKey(key))
            assert days >= {"2025-12-31", *(f"2025-11-{day}" for day in range(23, 29))}, key
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
