"""The one shape of every plan's table of limits.

Grain: limit_name, scope. allowed, used, slack: in `unit`. shadow_price: money per unit of the limit, exactly 0 where it stops nothing.
relaxed_by: by how much the limit had to give way because limits collide, in `unit`; 0 as a rule.

Public: `LIMITS_SCHEMA`.
"""

import polars as pl

LIMITS_SCHEMA = {
    "limit_name": pl.String,
    "scope": pl.String,
    "allowed": pl.Float64,
    "used": pl.Float64,
    "slack": pl.Float64,
    "shadow_price": pl.Float64,
    "unit": pl.String,
    "relaxed_by": pl.Float64,
    "sentence": pl.String,
}
