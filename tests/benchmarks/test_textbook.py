"""The textbook's benchmark: a missing stockpyl is said, and with it all answers are equal."""

import importlib.util
import sys

import pytest

from benchmarks.replenishment.textbook import KINDS, measure

HAS_STOCKPYL = importlib.util.find_spec("stockpyl") is not None


@pytest.mark.skipif(HAS_STOCKPYL, reason="stockpyl is installed")
def test_a_missing_stockpyl_is_told_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPYL_PYTHON", sys.executable)
    with pytest.raises(RuntimeError, match="has no stockpyl; `make bench-replenishment` installs it"):
        measure(small=True)


@pytest.mark.skipif(not HAS_STOCKPYL, reason="stockpyl is not installed")
def test_all_answers_equal_stockpyls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKPYL_PYTHON", sys.executable)
    found = measure(small=True)
    assert found["wagner_whitin"]["largest_difference"] <= 1e-6
    assert {kind: found["policies"][kind]["equal"] for kind in KINDS} == dict.fromkeys(KINDS, 20)
