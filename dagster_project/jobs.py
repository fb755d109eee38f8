"""The daily job, and the schedule that runs it for the day that has just ended."""

from datetime import timedelta

import dagster as dg

DAILY_JOB = dg.define_asset_job(
    "daily_decisions",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="One business day (or a range of days in one run): landing, marts, learning, decisions, review, published.",
)


def daily_schedule(time_zone: str) -> dg.ScheduleDefinition:
    """Every night at 02:30 in the shop's time zone, for the day that has just ended."""

    @dg.schedule(job=DAILY_JOB, cron_schedule="30 2 * * *", execution_timezone=time_zone, name="every_night")
    def every_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        days = context.repository_def.get_job("daily_decisions").partitions_def
        assert days is not None
        yesterday = (context.scheduled_execution_time.date() - timedelta(days=1)).isoformat()
        if not days.has_partition_key(yesterday):
            return dg.SkipReason(f"The shop's records end on {days.get_last_partition_key()}; to decide an older day run a backfill.")
        return dg.RunRequest(run_key=yesterday, partition_key=yesterday)

    return every_night
