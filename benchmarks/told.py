"""What a benchmark keeps of a plan: value, bound, gap and status, ours from its certificate, a peer's as its solver left it."""

from typing import Any

from optimization.certificate import PlanCertificate, relative_gap

__all__ = ["told_by", "told_of"]


def told_of(certificate: PlanCertificate) -> dict[str, Any]:
    """What is proven about a plan of ours, and how many limits its checker found broken."""
    told = {name: getattr(certificate, name) for name in ("value", "bound", "gap", "status")}
    return {**told, "violations": len(certificate.violations)}


def told_by(value: float | None, bound: float | None, status: str) -> dict[str, Any]:
    """What a solver tells; the gap is relative to the value, None where either is unknown."""
    return {"value": value, "bound": bound, "gap": relative_gap(value, bound), "status": status}
