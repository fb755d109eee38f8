"""Alerts leave the house once, whatever is repeated, and a receiver that is down costs a run nothing."""

import json
import os
import socket
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from dagster_project.alerting import deliver_alerts, queue_failed_run
from dagster_project.alerting.outbox import Alert, Outbox

TOKEN = "canary-token-of-the-webhook"  # stands in the receiver's address
D1, D2, D3, D4 = (date(2025, 6, day) for day in (1, 2, 3, 4))
STALE = ("stale_data", "sales", "error")
DRIFT = ("forecast_drift", "bias", "warning")


def told(receiver) -> list[tuple[str, str]]:
    return [(body["as_of_day"], body["kind"]) for body in receiver.bodies]


def test_an_alert_is_sent_as_json_with_its_key(publish, receiver) -> None:
    state = publish([D1], (D1, *STALE, D1))
    done = deliver_alerts(state, "tiny", receiver.address)
    assert (done.sent, done.waiting, done.problem) == (1, 0, "")
    (body,) = receiver.bodies
    assert body["key"] == receiver.keys[0] == Alert("tiny", "2025-06-01", "stale_data", "sales", "", "", "").key
    assert (body["shop"], body["severity"], body["first_seen"]) == ("tiny", "error", "2025-06-01")
    assert "stale_data" in body["text"]


def test_repeating_a_day_sends_nothing_again(publish, receiver) -> None:
    state = publish([D1], (D1, *STALE, D1), (D1, *DRIFT, D1))
    for _ in range(5):
        deliver_alerts(state, "tiny", receiver.address)
    assert sorted(told(receiver)) == [("2025-06-01", "forecast_drift"), ("2025-06-01", "stale_data")]


def test_what_goes_on_standing_is_told_once_and_again_after_it_had_cleared(publish, receiver) -> None:
    for decided, alerts in (
        ([D1], [(D1, *STALE, D1)]),
        ([D1, D2], [(D2, *STALE, D1)]),
        ([D1, D2, D3], []),
        ([D1, D2, D3, D4], [(D4, *STALE, D4)]),
    ):
        deliver_alerts(publish(decided, *alerts), "tiny", receiver.address)
    assert told(receiver) == [("2025-06-01", "stale_data"), ("2025-06-04", "stale_data")]


def test_a_backfill_of_old_days_sends_nothing(publish, receiver) -> None:
    """Also where it shows that the newest day's alert had stood for long."""
    deliver_alerts(publish([D4], (D4, *STALE, D4)), "tiny", receiver.address)
    old = [(day, *STALE, D1) for day in (D1, D2, D3, D4)]
    deliver_alerts(publish([D1, D2, D3, D4], *old), "tiny", receiver.address)
    assert told(receiver) == [("2025-06-04", "stale_data")]


def test_a_first_backfill_sends_the_alerts_of_its_newest_day_only(publish, receiver) -> None:
    days = [date(2025, 4, 1) + timedelta(days=step) for step in range(60)]
    deliver_alerts(publish(days, *[(day, *STALE, days[0]) for day in days]), "tiny", receiver.address)
    assert told(receiver) == [("2025-05-30", "stale_data")]


def test_what_is_only_worth_knowing_stays_in_the_table(publish, receiver) -> None:
    deliver_alerts(publish([D1], (D1, "doubtful_stock", "never_counted", "info", D1)), "tiny", receiver.address)
    assert receiver.bodies == []


def test_without_a_webhook_nothing_is_queued(publish) -> None:
    state = publish([D1], (D1, *STALE, D1))
    assert deliver_alerts(state, "tiny", None).waiting == 0
    assert not (state / "alerts").exists()


def test_a_receiver_that_is_down_gets_it_later_and_once(publish, receiver) -> None:
    state = publish([D1], (D1, *STALE, D1))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{closed.getsockname()[1]}/hooks/{TOKEN}"
    started = time.monotonic()
    done = deliver_alerts(state, "tiny", down)
    assert time.monotonic() - started < 5
    assert (done.sent, done.waiting) == (0, 1)
    assert "did not answer" in done.problem
    assert TOKEN not in done.problem
    assert deliver_alerts(state, "tiny", receiver.address).sent == 1
    assert told(receiver) == [("2025-06-01", "stale_data")]


def test_a_receiver_that_is_slow_delays_nobody(publish, receiver) -> None:
    state = publish([D1], (D1, *STALE, D1))
    receiver.delay_seconds = 2.0
    started = time.monotonic()
    done = deliver_alerts(state, "tiny", receiver.address, patience=0.3)
    assert time.monotonic() - started < 1.5
    assert (done.sent, done.waiting, done.problem) == (0, 1, "the webhook is slow")


def test_an_address_that_is_none_is_a_problem_and_no_failure(publish) -> None:
    done = deliver_alerts(publish([D1], (D1, *STALE, D1)), "tiny", f"nonsense {TOKEN}")
    assert done.waiting == 1
    assert "did not answer" in done.problem
    assert TOKEN not in done.problem


@pytest.mark.parametrize("statuses", [[503], [429], [500]])
def test_a_receiver_that_stumbles_is_asked_again_at_once(publish, receiver, statuses: list[int]) -> None:
    receiver.statuses = statuses
    assert deliver_alerts(publish([D1], (D1, *STALE, D1)), "tiny", receiver.address).sent == 1
    assert len(receiver.bodies) == 1


def test_one_alert_that_is_refused_does_not_hold_up_the_others(publish, receiver) -> None:
    receiver.statuses = [413]
    done = deliver_alerts(publish([D1], (D1, *STALE, D1), (D1, *DRIFT, D1)), "tiny", receiver.address)
    assert (done.sent, done.waiting) == (1, 1)


def test_a_redirect_is_not_followed(publish, receiver) -> None:
    receiver.statuses = [302]
    done = deliver_alerts(publish([D1], (D1, *STALE, D1)), "tiny", receiver.address)
    assert (done.sent, done.problem) == (0, "the webhook answered with status 302")
    assert receiver.bodies == []


def test_killed_between_sending_and_noting_it_is_sent_again_under_the_same_key(publish, receiver, monkeypatch) -> None:
    class Killed(BaseException):
        pass

    def killed(self: Outbox, file: object) -> None:
        raise Killed

    state = publish([D1], (D1, *STALE, D1))
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "mark_sent", killed)
        patch.setattr("threading.excepthook", lambda _: None)
        deliver_alerts(state, "tiny", receiver.address)
    for _ in range(3):
        deliver_alerts(state, "tiny", receiver.address)
    assert len(receiver.keys) == 2
    assert len(set(receiver.keys)) == 1


def test_a_sensor_leaves_a_failing_receiver_alone_for_a_while(publish, receiver) -> None:
    state = publish([D1], (D1, *STALE, D1))
    receiver.statuses = [500, 500]
    assert deliver_alerts(state, "tiny", receiver.address, only_if_due=True).problem
    paused = deliver_alerts(state, "tiny", receiver.address, only_if_due=True)
    assert (paused.paused, paused.sent, paused.waiting) == (True, 0, 1)
    pause = state / "alerts" / "pause.json"
    until = json.loads(pause.read_text())["until"]
    assert timedelta(0) < datetime.fromisoformat(until) - datetime.now(UTC) <= timedelta(minutes=1)
    assert deliver_alerts(state, "tiny", receiver.address).sent == 1, "after a run the pause does not count"
    assert not pause.exists()


def test_a_pause_noted_before_the_clock_was_moved_back_holds_nothing_up(publish, receiver) -> None:
    state = publish([D1], (D1, *STALE, D1))
    receiver.statuses = [500, 500]
    assert deliver_alerts(state, "tiny", receiver.address, only_if_due=True).problem
    next_year = (datetime.now(UTC) + timedelta(days=365)).isoformat()
    (state / "alerts" / "pause.json").write_text(json.dumps({"seconds": 60, "until": next_year}))
    assert deliver_alerts(state, "tiny", receiver.address, only_if_due=True).sent == 1


def test_a_failed_run_is_told_once_for_its_day_and_step(publish, receiver) -> None:
    state = publish([D2])
    for _ in range(3):
        queue_failed_run(state, "tiny", receiver.address, D3, "landing", "The disk is full.")
        deliver_alerts(state, "tiny", receiver.address)
    assert told(receiver) == [("2025-06-03", "run_failed")]
    queue_failed_run(state, "tiny", receiver.address, D1, "landing", "The disk is full.")
    assert deliver_alerts(state, "tiny", receiver.address).sent == 0, "a backfill of an older day is no night run"


def test_what_waited_for_two_weeks_is_forgotten_and_queued_anew_if_it_stands(publish, receiver) -> None:
    state = publish([D1], (D1, *STALE, D1), (D1, *DRIFT, D1))
    deliver_alerts(state, "tiny", "http://127.0.0.1:9/x")
    publish([D1], (D1, *STALE, D1))
    long_ago = time.time() - timedelta(days=15).total_seconds()
    for file, _ in Outbox(state / "alerts").pending():
        os.utime(file, (long_ago, long_ago))
    deliver_alerts(state, "tiny", receiver.address)
    assert told(receiver) == [("2025-06-01", "stale_data")]


def test_tables_published_before_alerts_had_a_severity_send_nothing(publish, receiver) -> None:
    import polars as pl

    state = publish([D1], (D1, *STALE, D1))
    file = state / "published" / "alerts.parquet"
    pl.read_parquet(file).drop("severity", "first_seen").write_parquet(file)
    assert deliver_alerts(state, "tiny", receiver.address).problem == ""
    assert receiver.bodies == []


def test_the_address_stands_nowhere(publish, receiver, caplog, capfd) -> None:
    state = publish([D1], (D1, *STALE, D1))
    receiver.statuses = [500, 500]
    caplog.set_level("DEBUG")
    deliver_alerts(state, "tiny", receiver.address)
    deliver_alerts(state, "tiny", "http://127.0.0.1:9/hooks/" + TOKEN)
    said = capfd.readouterr()
    assert TOKEN not in caplog.text + said.out + said.err
    assert not [file for file in state.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()]
