"""The nightly schedule and the partitions of growing and finished shops."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from dagster_project.jobs import (
    CALENDAR_JOB,
    CALIBRATION_JOB,
    DAILY_JOB,
    OUTLOOK_JOB,
    calendar_schedule,
    calibration_schedule,
    daily_schedule,
    outlook_schedule,
)
from dagster_project.partitions import daily_partitions
from shops.shop import Shop, load_shop

TOML = """[shop]
name = "tiny"
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-03-01
{last_day}
"""


@pytest.fixture(params=["last_day = 2024-03-14", ""], ids=["finished", "growing"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    (tmp_path / "shop.toml").write_text(TOML.format(last_day=request.param))
    return load_shop(tmp_path)


def evaluate(shop: Shop, moment: datetime) -> dg.RunRequest | dg.SkipReason:
    """What the schedule does at that moment, in the shop's time zone."""

    @dg.asset(partitions_def=daily_partitions(shop))
    def anything() -> None: ...

    schedule = daily_schedule(shop.time_zone)
    definitions = dg.Definitions(assets=[anything], jobs=[DAILY_JOB], schedules=[schedule])
    repository = definitions.get_repository_def()
    zone = ZoneInfo(shop.time_zone)
    with dg.build_schedule_context(repository_def=repository, scheduled_execution_time=moment.replace(tzinfo=zone)) as context:
        outcome = schedule(context)
    assert isinstance(outcome, dg.RunRequest | dg.SkipReason)
    return outcome


def test_partitions_begin_with_the_shop_and_end_with_its_last_day(shop: Shop) -> None:
    keys = daily_partitions(shop).get_partition_keys(current_time=datetime(2024, 3, 20, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    assert keys[0] == "2024-03-01"
    assert keys[-1] == ("2024-03-14" if shop.last_day else "2024-03-19")
    assert len(keys) == date.fromisoformat(keys[-1]).day


def test_every_night_decides_the_day_that_has_just_ended(shop: Shop) -> None:
    outcome = evaluate(shop, datetime(2024, 3, 11, 2, 30))
    assert isinstance(outcome, dg.RunRequest)
    assert (outcome.partition_key, outcome.run_key) == ("2024-03-10", "2024-03-10")


def test_the_night_the_clocks_go_forward(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(TOML.format(last_day=""))
    outcome = evaluate(load_shop(tmp_path), datetime(2024, 3, 31, 3, 0))
    assert isinstance(outcome, dg.RunRequest)
    assert outcome.partition_key == "2024-03-30"


def test_a_finished_shop_has_nothing_new_to_decide(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(TOML.format(last_day="last_day = 2024-03-14"))
    shop = load_shop(tmp_path)
    assert isinstance(evaluate(shop, datetime(2024, 3, 15, 2, 30)), dg.RunRequest), "the night after the last day still decides it"
    outcome = evaluate(shop, datetime(2024, 3, 16, 2, 30))
    assert isinstance(outcome, dg.SkipReason)
    assert "end on 2024-03-14" in (outcome.skip_message or "")


def test_the_schedule_runs_in_the_shops_time_zone() -> None:
    schedule = daily_schedule("America/Lima")
    assert (schedule.execution_timezone, schedule.cron_schedule) == ("America/Lima", "30 2 * * *")


def test_the_first_of_a_month_calibrates_orders_and_the_nights_leave_that_out(shop: Shop) -> None:
    @dg.asset(partitions_def=daily_partitions(shop), tags={"cadence": "monthly"})
    def rare() -> None: ...

    @dg.asset(partitions_def=daily_partitions(shop))
    def daily() -> None: ...

    schedule = calibration_schedule(shop.time_zone)
    definitions = dg.Definitions(assets=[rare, daily], jobs=[DAILY_JOB, CALIBRATION_JOB], schedules=[schedule])
    repository = definitions.get_repository_def()
    assert schedule.cron_schedule == "30 4 1 * *"
    names = {job: set(repository.get_job(job).asset_layer.executable_asset_keys) for job in ("daily_decisions", "monthly_calibration")}
    assert names == {"daily_decisions": {dg.AssetKey("daily")}, "monthly_calibration": {dg.AssetKey("rare")}}
    moment = datetime(2024, 4, 1, 4, 30, tzinfo=ZoneInfo(shop.time_zone))
    with dg.build_schedule_context(repository_def=repository, scheduled_execution_time=moment) as context:
        outcome = schedule(context)
    expected = dg.SkipReason if shop.last_day else dg.RunRequest
    assert isinstance(outcome, expected)


def test_a_monday_looks_ahead_from_the_sunday_before_and_the_nights_leave_that_out(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(TOML.format(last_day=""))
    shop = load_shop(tmp_path)

    @dg.asset(partitions_def=daily_partitions(shop), tags={"cadence": "weekly"})
    def weekly() -> None: ...

    @dg.asset(partitions_def=daily_partitions(shop))
    def daily() -> None: ...

    schedule = outlook_schedule(shop.time_zone)
    repository = dg.Definitions(assets=[weekly, daily], jobs=[DAILY_JOB, OUTLOOK_JOB], schedules=[schedule]).get_repository_def()
    names = {job: set(repository.get_job(job).asset_layer.executable_asset_keys) for job in ("daily_decisions", "weekly_outlook")}
    assert names == {"daily_decisions": {dg.AssetKey("daily")}, "weekly_outlook": {dg.AssetKey("weekly")}}
    assert schedule.cron_schedule == "0 4 * * 1"
    moment = datetime(2024, 3, 11, 4, 0, tzinfo=ZoneInfo(shop.time_zone))
    with dg.build_schedule_context(repository_def=repository, scheduled_execution_time=moment) as context:
        outcome = schedule(context)
    assert isinstance(outcome, dg.RunRequest)
    assert outcome.partition_key == "2024-03-10"


def test_a_monday_proposes_promotions_from_the_sunday_before_and_no_other_job_does(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(TOML.format(last_day=""))
    shop = load_shop(tmp_path)

    @dg.asset(partitions_def=daily_partitions(shop), tags={"cadence": "weekly_calendar"})
    def proposed() -> None: ...

    @dg.asset(partitions_def=daily_partitions(shop), tags={"cadence": "weekly"})
    def weekly() -> None: ...

    @dg.asset(partitions_def=daily_partitions(shop))
    def daily() -> None: ...

    schedule, jobs = calendar_schedule(shop.time_zone), [DAILY_JOB, OUTLOOK_JOB, CALENDAR_JOB]
    repository = dg.Definitions(assets=[proposed, weekly, daily], jobs=jobs, schedules=[schedule]).get_repository_def()
    names = {job.name: set(repository.get_job(job.name).asset_layer.executable_asset_keys) for job in jobs}
    assert names == {
        "daily_decisions": {dg.AssetKey("daily")},
        "weekly_outlook": {dg.AssetKey("weekly")},
        "weekly_calendar": {dg.AssetKey("proposed")},
    }
    assert schedule.cron_schedule == "15 4 * * 1"
    moment = datetime(2024, 3, 11, 4, 15, tzinfo=ZoneInfo(shop.time_zone))
    with dg.build_schedule_context(repository_def=repository, scheduled_execution_time=moment) as context:
        outcome = schedule(context)
    assert isinstance(outcome, dg.RunRequest)
    assert outcome.partition_key == "2024-03-10"
