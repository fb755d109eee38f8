"""Certificates: what holds, what the hash depends on, and the table's columns."""

from dataclasses import replace

import polars as pl
import pytest

from optimization.certificate import CERTIFICATE_SCHEMA, PlanCertificate, certificates_frame, hash_inputs, relative_gap

GOOD = PlanCertificate("plan", "optimal", "min", 10.0, 10.0, 0.0, "solver", "1", 7, "abc", checked=True)
FRAME = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})


def test_a_plan_holds_only_where_it_is_checked_unbroken_and_unrelaxed() -> None:
    assert GOOD.holds
    assert not replace(GOOD, checked=False).holds
    assert not replace(GOOD, violations=("budget",)).holds
    assert not replace(GOOD, status="relaxed").holds


def test_wall_time_takes_no_part_in_comparisons() -> None:
    assert replace(GOOD, seconds=9.0) == GOOD


def test_the_hash_sees_values_and_names_but_no_order() -> None:
    same = hash_inputs(items=FRAME, limits={"x": 1, "y": 2.5})
    assert hash_inputs(items=FRAME.reverse().select("b", "a"), limits={"y": 2.5, "x": 1}) == same
    assert hash_inputs(items=FRAME.with_columns(pl.col("a") + 1), limits={"x": 1, "y": 2.5}) != same
    assert hash_inputs(others=FRAME, limits={"x": 1, "y": 2.5}) != same


def test_the_hash_reads_lists() -> None:
    lists = pl.DataFrame({"a": [1, 2, 3], "b": [[1.0, 2.0], None, []]}, schema_overrides={"b": pl.List(pl.Float64)})
    same = hash_inputs(items=lists)
    assert hash_inputs(items=lists.reverse().select("b", "a")) == same
    for other in ([[2.0, 1.0], None, []], [[1.0, 2.0], [], None], [[1.0, 2.0], [None], []], [[1.0], None, []]):
        assert hash_inputs(items=lists.with_columns(b=pl.Series(other, dtype=pl.List(pl.Float64)))) != same


def test_the_gap_is_relative_to_the_value_and_unknown_without_a_bound() -> None:
    assert relative_gap(100.0, 99.0) == pytest.approx(0.01)
    assert relative_gap(0.1, 0.0) == pytest.approx(0.1)
    assert relative_gap(1.0, None) is None


def test_the_table_has_its_columns_also_without_rows() -> None:
    assert certificates_frame([]).schema == CERTIFICATE_SCHEMA
    assert certificates_frame([replace(GOOD, violations=("a", "b"))])["violations"].item() == "a; b"
