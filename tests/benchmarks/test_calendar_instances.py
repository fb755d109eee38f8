"""The calendars of the benchmark: seeded, and tight in the limits they are meant to be tight in."""

import polars as pl

from benchmarks.coupons.calendar_instances import calendar_instance
from optimization.promotion_calendar import plan_promotions


def test_the_same_seed_gives_the_same_calendar() -> None:
    first, again, other = (calendar_instance(30, seed=seed, decided=4) for seed in (3, 3, 4))
    assert all(frame.equals(vars(again.frames)[name]) for name, frame in vars(first.frames).items() if frame is not None)
    assert first.limits == again.limits
    assert not first.frames.candidates.equals(other.frames.candidates)


def test_budget_and_slots_have_prices_where_they_are_meant_to_bind() -> None:
    for budget, binds in ((60.0, {"budget"}), (200.0, {"budget", "slots"}), (600.0, {"slots"})):
        instance = calendar_instance(120, seed=7, budget_per_slot=budget)
        plan = plan_promotions(instance.frames, instance.limits)
        assert plan.certificate.holds
        assert plan.certificate.gap <= 1e-3
        priced = set(plan.limits.filter(pl.col("shadow_price") > 0)["limit_name"])
        assert priced & {"budget", "slots"} == binds
