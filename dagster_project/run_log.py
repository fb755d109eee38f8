"""What a run says while it works: one line per step, and warnings; on a terminal a progress display shows the step at work.

Dagster's own console logger prints every event; this one prints what a person waits for.
"""

import logging
import time

import dagster as dg
from rich.console import Console

from dagster_project.cli.trouble import advice

STEP_NAMES = {
    "landing": "landing: raw records, checked",
    "marts": "marts: SQL models and their tests",
    "demand_training": "learning: demand models",
    "demand_forecasts": "learning: forecasts",
    "coupon_response": "learning: coupon response",
    "ad_response": "learning: ad response",
    "purchase_propensity": "learning: purchase propensity",
    "customer_outlook": "learning: customer outlook",
    "segments": "learning: customer segments",
    "recommendations": "learning: recommendations",
    "basket_rules": "learning: basket rules",
    "ad_plan": "decisions: ad budget",
    "ad_audiences": "decisions: ad audiences",
    "audiences": "decisions: audience lists",
    "replenishment": "decisions: purchase orders",
    "coupon_plan": "decisions: coupons",
    "coupon_trial": "decisions: coupons to hand out",
    "decision_summary": "decisions: limits and certificates",
    "review": "review: accuracy and decision value",
    "published": "published: tables for BI",
}
# notes of dagster and dagster-dbt that tell a person nothing; they stand in the run's log in the UI
CHATTER = ("dbt command", "dbt subsetted", "asset check selection", "Dependencies for step")


class RunLogHandler(logging.Handler):
    """Prints step starts and ends, warnings and errors."""

    def __init__(self) -> None:
        super().__init__(level=logging.DEBUG)
        self.console = Console(stderr=True, highlight=False)
        self.started: dict[str, float] = {}
        self.status = None

    def emit(self, record: logging.LogRecord) -> None:
        """One line for what matters, nothing for the rest."""
        meta = getattr(record, "dagster_meta", {}) or {}
        event = meta.get("dagster_event")
        kind = event.event_type_value if event else None
        step = meta.get("step_key") or ""
        if kind == "STEP_START":
            self._start(step)
        elif kind in ("STEP_SUCCESS", "STEP_FAILURE"):
            self._end(step, kind == "STEP_SUCCESS")
            if kind == "STEP_FAILURE":
                self.console.print(f"    {failure_reason(event)}", style="red", markup=False)
        elif record.levelno >= logging.INFO and event is None:
            message = meta.get("orig_message", record.getMessage())
            if not any(word in message for word in CHATTER):
                style = "red" if record.levelno >= logging.ERROR else "dim"
                self.console.print(f"    {message}", style=style, markup=False)

    def _start(self, step: str) -> None:
        self.started[step] = time.monotonic()
        name = STEP_NAMES.get(step, step)
        if self.console.is_terminal:
            self.status = self.console.status(f"{name} …")
            self.status.start()
        else:
            self.console.print(f"  {name} …")

    def _end(self, step: str, is_success: bool) -> None:
        if self.status is not None:
            self.status.stop()
            self.status = None
        seconds = time.monotonic() - self.started.pop(step, time.monotonic())
        mark = "[green]✓[/green]" if is_success else "[red]✗[/red]"
        self.console.print(f"  {mark} {STEP_NAMES.get(step, step)}  {seconds:.1f} s")


def failure_reason(event: dg.DagsterEvent) -> str:
    """The innermost error of a failed step, in its own words; a `Failure` raised by an asset has its sentence for itself."""
    told = event.step_failure_data.user_failure_data
    if told is not None and told.description:
        return told.description
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return "no reason given"
    known = advice(error.message)
    return f"{error.message.strip()}\n    {known}" if known else error.message.strip()


@dg.logger(config_schema={}, description="One line per step.")
def run_log(_: dg.InitLoggerContext) -> logging.Logger:
    """The logger Dagster attaches to runs."""
    logger = logging.Logger("countinghouse", level=logging.DEBUG)
    logger.addHandler(RunLogHandler())
    return logger


__all__ = ["RunLogHandler", "run_log"]
