"""The networks as peers: what their kept runs depend on, and that they answer in the order asked."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.demand import __main__ as bench
from benchmarks.demand import runs
from benchmarks.demand.judge import truth
from benchmarks.demand.neural_peer import NEURAL, forecast_neural
from benchmarks.demand.panels import HORIZON, BenchPanel
from benchmarks.demand.peers import STATISTICAL, task

FIRST = date(2025, 1, 6)


def panel() -> BenchPanel:
    """A sells 1 to 7 a day by weekday, B ten times as many, C like A from day 80 on."""
    rows = [
        (FIRST + timedelta(days=step), product, "main", "x", times * (1.0 + step % 7), 1.0, True)
        for product, times, start in (("A", 1.0, 0), ("B", 10.0, 0), ("C", 1.0, 80))
        for step in range(start, 140)
    ]
    schema = ["business_day", "product_id", "location_id", "category", "units", "unit_price", "is_open"]
    events = pl.DataFrame(schema={"business_day": pl.Date, "holiday": pl.String, "location_id": pl.String})
    return BenchPanel("tiny", pl.DataFrame(rows, schema=schema, orient="row"), events, "DE")


@pytest.mark.parametrize(
    ("method", "its_own", "foreign"),
    [(NEURAL[0], "neural_peer.py", "peers.py"), (STATISTICAL[0], "peers.py", "neural_peer.py"), ("Countinghouse", "parts.py", "neural.py")],
)
def test_a_kept_run_is_worthless_only_when_its_own_code_changes(
    method: str, its_own: str, foreign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    read_text = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path, *args, **kwargs: (read.append(path.name), read_text(path, *args, **kwargs))[1])
    runs._fingerprint(runs.Order(panel(), method, FIRST))
    assert its_own in read
    assert foreign not in read


@pytest.mark.parametrize("networks", [(), NEURAL])
def test_the_table_says_where_they_are_not_installed(
    networks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "NETWORKS", networks)
    fold = truth(panel(), FIRST + timedelta(days=111))
    run = runs.Run("", fold.origin, np.ones((3, HORIZON)), pl.DataFrame(), 1.0, 1, 3, False)
    judged = {method: bench._judge(method, [run], {fold.origin: fold}) for method in (bench.WHOLE, *networks)}
    bench._print(panel(), judged, judged[bench.WHOLE], [])
    printed = capsys.readouterr().out
    assert printed.count("not installed") == (0 if networks else len(NEURAL))
    assert all(name in printed for name in NEURAL)
    assert ("200 training steps" in printed) == bool(networks)


@pytest.mark.parametrize("method", NEURAL)
def test_networks_answer_every_item_in_the_order_of_the_keys(method: str) -> None:
    pytest.importorskip("neuralforecast", reason="the extra neural is not installed")
    given = task(panel(), FIRST + timedelta(days=139))
    found = forecast_neural(method, given, steps=20)
    assert found.shape == (3, HORIZON)
    assert np.isfinite(found).all()
    assert found[1].mean() == pytest.approx(10 * found[0].mean(), rel=0.05)
    assert found[2].mean() == pytest.approx(found[0].mean(), rel=0.5)
