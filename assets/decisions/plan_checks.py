"""The two checks that every plan's tables carry: an independent checker agreed (blocking), and no limit collided with another (a warning).

A relaxed plan raises its own alert (`assets/review/alerts.py` reads its certificate), so the second check raises none.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import dagster as dg

from optimization.certificate import PlanCertificate

CHECKED, NONE_GAVE_WAY = "plan_is_checked", "no_limit_gave_way"


def plan_check_specs(plan: dg.AssetKey, limits: dg.AssetKey, recomputed: str) -> list[dg.AssetCheckSpec]:
    """Declare the checks on a plan's table and on that of its limits. recomputed: what the checker recomputes, such as "every limit"."""
    return [
        dg.AssetCheckSpec(CHECKED, asset=plan, blocking=True, description=f"An independent checker recomputed {recomputed}."),
        dg.AssetCheckSpec(NONE_GAVE_WAY, asset=limits, description="No limit collided with another."),
    ]


def plan_check_results(
    plan: dg.AssetKey, limits: dg.AssetKey, proofs: Sequence[tuple[date, PlanCertificate]], broken: Sequence[str] | None = None
) -> Iterator[dg.AssetCheckResult]:
    """Report the checks over all plans of a window. proofs: each with its day; broken: what the checker found, None: the certificates'."""
    if broken is None:
        broken = [f"{day}: {violation}" for day, proof in proofs for violation in proof.violations]
    relaxed = [f"{day}: {proof.plan}" for day, proof in proofs if proof.status == "relaxed"]
    yield dg.AssetCheckResult(
        check_name=CHECKED,
        asset_key=plan,
        passed=not broken and all(proof.checked for _, proof in proofs),
        metadata={"violations": "; ".join(broken[:5])},
    )
    yield dg.AssetCheckResult(
        check_name=NONE_GAVE_WAY,
        asset_key=limits,
        passed=not relaxed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"relaxed_plans": len(relaxed), "relaxed": "; ".join(relaxed[:10])},
    )


__all__ = ["plan_check_results", "plan_check_specs"]
