"""Runs in a process of their own tell what they found or why they failed; CBC answers a program that can be solved by hand."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.apart import STATUS, measured, run_apart
from benchmarks.cbc import cbc_answer, cbc_is_installed
from optimization.linear_program import LinearArrays

WORKER = """
import time
from benchmarks.apart import answer, measured
def work(order):
    if order["what"] == "peak":
        return measured(dict)
    if order["what"] == "fail":
        raise ValueError("no such thing")
    time.sleep(order.get("sleep", 0))
    return {"doubled": 2 * order["number"]}
answer(work)
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "worker_apart.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    return "worker_apart"


def test_an_order_comes_back_with_what_was_told(worker: str) -> None:
    assert run_apart(worker, {"what": "work", "number": 21}) == {"what": "work", "number": 21, "doubled": 42}


def test_a_failure_and_lost_patience_are_told(worker: str) -> None:
    assert run_apart(worker, {"what": "fail"}) == {"what": "fail", "failed": "ValueError: no such thing"}
    assert "within 0.5 s" in run_apart(worker, {"what": "work", "number": 1, "sleep": 30}, patience_s=0.5)["failed"]


def test_work_is_measured() -> None:
    told = measured(lambda: {"sum": sum(number * number for number in range(300_000))})
    assert told["sum"] == 299_999 * 300_000 * 599_999 // 6
    assert told["cpu_s"] >= 0
    assert told["peak_gb"] > 0.01


@pytest.mark.skipif(not STATUS.exists(), reason="the system tells no peak of a process by itself")
def test_memory_of_the_parent_is_not_counted(worker: str) -> None:
    held = np.ones(60_000_000)  # 480 MB
    told = run_apart(worker, {"what": "peak", "number": 1})
    assert held.sum() == len(held)
    assert told["peak_gb"] < 0.3


@pytest.mark.skipif(not cbc_is_installed(), reason="PuLP brings no CBC here")
def test_cbc_packs_a_knapsack() -> None:
    ones = np.ones(3)
    program = LinearArrays(
        objective=np.array([6.0, 5.0, 4.0]),
        lower=0 * ones,
        upper=ones,
        is_integer=np.array([True, True, True]),
        row_sense=np.array([-1]),
        rhs=np.array([5.0]),
        entry_row=np.array([0, 0, 0, 0]),
        entry_column=np.array([0, 1, 2, 2]),
        entry_value=np.array([4.0, 3.0, 1.0, 1.0]),  # the third weighs 2, told in two entries
        sense="max",
    )
    assert cbc_answer(program, 10.0, 0.0).tolist() == [0.0, 1.0, 1.0]
