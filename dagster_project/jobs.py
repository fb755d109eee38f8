"""The daily job with its nightly schedule, the weekly outlook and promotion calendar, the monthly replay that calibrates orders."""

from datetime import timedelta

import dagster as dg

MONTHLY, WEEKLY, CALENDAR = (dg.AssetSelection.tag("cadence", name) for name in ("monthly", "weekly", "weekly_calendar"))
DAILY_JOB = dg.define_asset_job(
    "daily_decisions",
    selection=dg.AssetSelection.all() - MONTHLY - WEEKLY - CALENDAR,
    executor_def=dg.in_process_executor,
    description="One business day (or a range of days in one run): landing, marts, learning, decisions, review, published.",
)

CALIBRATION_JOB = dg.define_asset_job(
    "monthly_calibration",
    selection=MONTHLY,
    executor_def=dg.in_process_executor,
    description="Replays the last weeks in closed loop and sets how often a lost sale's cost counts in orders, by cost class.",
)

OUTLOOK_JOB = dg.define_asset_job(
    "weekly_outlook",
    selection=WEEKLY,
    executor_def=dg.in_process_executor,
    description="Plans the orders of the coming weeks from mean demand, for buyers to see; sets no order.",
)

CALENDAR_JOB = dg.define_asset_job(
    "weekly_calendar",
    selection=CALENDAR,
    executor_def=dg.in_process_executor,
    description="Proposes a calendar of promotions for the coming weeks, where the shop wants one; announces nothing.",
)


def calibration_schedule(time_zone: str) -> dg.ScheduleDefinition:
    """On the first of every month at 04:30 in the shop's time zone, after the night's decisions, for the day before."""

    @dg.schedule(job=CALIBRATION_JOB, cron_schedule="30 4 1 * *", execution_timezone=time_zone, name="every_month")
    def every_month(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return _request(context, CALIBRATION_JOB.name)

    return every_month


def outlook_schedule(time_zone: str) -> dg.ScheduleDefinition:
    """Every Monday at 04:00 in the shop's time zone, after the night's decisions, for the Sunday before."""

    @dg.schedule(job=OUTLOOK_JOB, cron_schedule="0 4 * * 1", execution_timezone=time_zone, name="every_week")
    def every_week(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return _request(context, OUTLOOK_JOB.name)

    return every_week


def calendar_schedule(time_zone: str) -> dg.ScheduleDefinition:
    """Every Monday at 04:15 in the shop's time zone, after the night's decisions, for the Sunday before."""

    @dg.schedule(job=CALENDAR_JOB, cron_schedule="15 4 * * 1", execution_timezone=time_zone, name="every_week_calendar")
    def every_week_calendar(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return _request(context, CALENDAR_JOB.name)

    return every_week_calendar


def daily_schedule(time_zone: str) -> dg.ScheduleDefinition:
    """Every night at 02:30 in the shop's time zone, for the day that has just ended."""

    @dg.schedule(job=DAILY_JOB, cron_schedule="30 2 * * *", execution_timezone=time_zone, name="every_night")
    def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        return _request(context, DAILY_JOB.name)

    return every_night


def _request(context: dg.ScheduleEvaluationContext, job: str) -> dg.RunRequest | dg.SkipReason:
    """A run of the job for the day that has just ended, or why there is none."""
    days = context.repository_def.get_job(job).partitions_def
    assert days is not None
    yesterday = (context.scheduled_execution_time.date() - timedelta(days=1)).isoformat()
    if not days.has_partition_key(yesterday):
        return dg.SkipReason(f"The shop's records end on {days.get_last_partition_key()}; to decide an older day run a backfill.")
    return dg.RunRequest(run_key=yesterday, partition_key=yesterday)
