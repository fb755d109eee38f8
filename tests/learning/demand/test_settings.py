"""Demand settings refuse nonsense and survive being stored."""

import json

import pytest

from learning.demand.settings import DemandSettings, quantile_column, settings_from


def test_settings_survive_json() -> None:
    settings = DemandSettings(horizon_days=14, quantile_levels=(0.1, 0.9))
    assert settings_from(json.loads(json.dumps(settings.as_dict()))) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [("horizon_days", 0), ("threads", 0), ("backtest_origins", -1), ("quantile_levels", (0.9, 0.1)), ("quantile_levels", (0.0,))],
)
def test_values_out_of_range_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        DemandSettings(**{name: value})


def test_quantile_columns_are_named_after_their_level() -> None:
    assert [quantile_column(level) for level in (0.05, 0.5, 0.9, 0.975)] == ["q05", "q50", "q90", "q975"]
