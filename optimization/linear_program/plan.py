"""The answer to a linear program given as tables."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from optimization.certificate import PlanCertificate

DualSource = Literal["program", "linear relaxation", "none"]


@dataclass(frozen=True)
class LinearPlan:
    """x per variable, slack and dual per row, and what is proven.

    variables: one row per variable: variable, x, reduced_cost (null where there are no prices).
    rows: one row per limit: row, sense, rhs, activity, slack (room left; below 0 = broken), dual (change of the objective per unit of rhs;
    null where there are no prices), relaxed_by (how far the limit had to give way, 0 where it holds), is_colliding.
    dual_source: "program" for linear programs; "linear relaxation" where variables are whole numbers and prices come from the
    program with fractions allowed; "none" where limits collide or no plan was found.
    message: one sentence for people.
    """

    variables: pl.DataFrame
    rows: pl.DataFrame
    certificate: PlanCertificate
    dual_source: DualSource
    message: str
