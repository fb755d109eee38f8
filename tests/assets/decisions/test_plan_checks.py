"""The checks of a plan: what the checker found blocks, a limit that gave way warns and names the plan and its day."""

from dataclasses import replace
from datetime import date

import dagster as dg

from assets.decisions.plan_checks import plan_check_results, plan_check_specs
from optimization.certificate import PlanCertificate

PLAN, LIMITS = dg.AssetKey("plan"), dg.AssetKey("limits")
DAY = date(2025, 3, 1)
SOUND = PlanCertificate("orders", "optimal", "min", 1.0, 1.0, 0.0, "HiGHS", "1", 7, "abc", checked=True)


def passed(*proofs: PlanCertificate, broken: list[str] | None = None) -> list[bool]:
    return [found.passed for found in plan_check_results(PLAN, LIMITS, [(DAY, proof) for proof in proofs], broken)]


def test_only_the_checker_blocks() -> None:
    assert [(spec.asset_key, spec.blocking) for spec in plan_check_specs(PLAN, LIMITS, "every limit")] == [(PLAN, True), (LIMITS, False)]


def test_sound_plans_pass_and_no_plan_too() -> None:
    assert passed(SOUND, SOUND) == [True, True]
    assert passed() == [True, True]


def test_what_the_checker_found_or_never_looked_at_fails() -> None:
    assert passed(SOUND, replace(SOUND, violations=("over the budget",))) == [False, True]
    assert passed(replace(SOUND, checked=False)) == [False, True]
    assert passed(SOUND, broken=["a line too many"]) == [False, True]


def test_findings_under_limits_that_gave_way_are_judged_by_the_caller() -> None:
    relaxed = replace(SOUND, status="relaxed", violations=("over the limit as given",))
    assert passed(relaxed, broken=[]) == [True, False]


def test_a_limit_that_gave_way_is_named_with_its_day() -> None:
    told = list(plan_check_results(PLAN, LIMITS, [(DAY, SOUND), (DAY, replace(SOUND, status="relaxed"))]))[1]
    assert told.severity == dg.AssetCheckSeverity.WARN
    assert told.metadata["relaxed"].value == "2025-03-01: orders"
    assert told.metadata["relaxed_plans"].value == 1
