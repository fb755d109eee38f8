"""The intake of a table: what is accepted, what is refused and why, and that nothing gets lost between the two."""

import json
import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shops.contract import TABLES
from shops.intake import Intake, landed_schema, read_table
from shops.pseudonym import pseudonymise

HEADER = "order_id,line_id,order_ts,line_type,product_id,customer_id,units,unit_price,currency,recorded_at\n"
GOOD = "o1,1,2024-03-02 10:00:00,sale,p1,c1,2,3.50,EUR,2024-03-02 10:00:05\n"


def lines(**changes: list[Any]) -> pl.DataFrame:
    """As many order lines as the longest change; the rest as in one good line."""
    height = max((len(values) for values in changes.values()), default=1)
    good = {
        "order_id": [f"o{number}" for number in range(height)],
        "line_id": ["1"] * height,
        "order_ts": [datetime(2024, 3, 2, 10)] * height,
        "product_id": ["p1"] * height,
        "customer_id": ["c1"] * height,
        "units": [2.0] * height,
        "unit_price": [3.5] * height,
    }
    return pl.DataFrame({**good, **changes}, strict=False)


def reconciles(intake: Intake) -> bool:
    sums = (
        intake.counts.select(pl.col("rows_read", "rows_accepted", "rows_quarantined").sum()).row(0) if intake.counts.height else (0, 0, 0)
    )
    return sums == (sums[1] + sums[2], intake.accepted.height, intake.quarantine.height)


def test_accepted_rows_have_the_landed_columns(make_shop, key) -> None:
    intake = read_table(make_shop({"order_lines.csv": HEADER + GOOD}), "order_lines", key)
    assert dict(intake.accepted.schema) == landed_schema(TABLES["order_lines"])
    row = intake.accepted.row(0, named=True)
    assert row["customer_key"] == pseudonymise(pl.Series(["c1"]), key)[0]
    assert (row["units"], row["unit_price"], row["discount_amount"], row["location_id"]) == (2.0, 3.5, 0.0, "main")
    assert (row["business_day"], row["known_on"]) == (date(2024, 3, 2), date(2024, 3, 2))
    assert (row["source_file"], row["source_row"]) == ("order_lines.csv", 1)
    assert intake.counts.rows() == [("order_lines", "order_lines.csv", 1, 1, 0)]


@pytest.mark.parametrize("table_name", TABLES)
def test_a_table_without_files_gives_empty_frames_of_the_right_schema(make_shop, key, table_name: str) -> None:
    intake = read_table(make_shop(), table_name, key)
    assert dict(intake.accepted.schema) == landed_schema(TABLES[table_name])
    assert intake.accepted.height == intake.quarantine.height == intake.counts.height == 0


@pytest.mark.parametrize(
    ("bad", "code", "said"),
    [
        (GOOD.replace("p1", ""), "missing_required", "product_id is empty."),
        (GOOD.replace("3.50", "cheap"), "not_a_number", "unit_price is 'cheap'; a number such as 1234.5 was expected."),
        (GOOD.replace("3.50", "nan"), "not_finite", "unit_price is 'nan'; a finite number was expected."),
        (GOOD.replace("3.50", "-3.50"), "out_of_range", "unit_price is '-3.50'; it must be at least 0 and at most 1,000,000."),
        (
            GOOD.replace("2024-03-02 10:00:00", "2.3.24"),
            "not_a_date",
            "order_ts is '2.3.24'; a time such as 2024-01-31 12:00:00 was expected.",
        ),
        (GOOD.replace("sale", "gift"), "not_allowed", "line_type is 'gift'; allowed are sale, return, cancellation."),
        (GOOD.replace("EUR", "USD"), "wrong_currency", "currency is 'USD'; the shop's currency is EUR."),
        (GOOD.replace(",2,", ",-2,"), "wrong_sign", "units is '-2'; a sale has positive units."),
        (GOOD.replace("sale", "return"), "wrong_sign", "units is '2'; a return has negative units."),
        (
            GOOD.replace("2024-03-02 10:00:00", "2024-02-29 10:00:00"),
            "outside_history",
            "order_ts is '2024-02-29 10:00:00'; the shop's first day is 2024-03-01.",
        ),
        (
            GOOD.replace("2024-03-02 10:00:00", "2024-03-15 00:00:00"),
            "outside_history",
            "order_ts is '2024-03-15 00:00:00'; the shop's last day is 2024-03-14.",
        ),
        (GOOD.replace("EUR,", "EUR,,,"), "ragged_line", "The line has 12 fields where the header has 10."),
    ],
)
def test_each_fault_has_its_reason_and_the_other_rows_stay(make_shop, key, bad: str, code: str, said: str) -> None:
    good = GOOD.replace("o1", "o2")
    intake = read_table(make_shop({"order_lines.csv": HEADER + bad + good}), "order_lines", key)
    assert intake.quarantine.select("table_name", "source_file", "source_row", "reason_code", "reason").rows() == [
        ("order_lines", "order_lines.csv", 1, code, said)
    ]
    assert intake.accepted["order_id"].to_list() == ["o2"]
    assert reconciles(intake)


def test_a_row_with_several_faults_is_quarantined_once_for_the_first(make_shop, key) -> None:
    intake = read_table(make_shop({"order_lines.csv": HEADER + GOOD.replace("o1", "").replace("EUR", "USD")}), "order_lines", key)
    assert intake.quarantine["reason_code"].to_list() == ["missing_required"]


def test_a_missing_column_is_told_by_its_name_in_the_file(make_shop, key) -> None:
    shop = make_shop({"order_lines.parquet": lines().drop("units")}, '[columns.order_lines]\nunits = "Qty"\n')
    intake = read_table(shop, "order_lines", key)
    assert intake.quarantine["reason"].to_list() == [
        "The file has no column 'Qty', which order_lines needs for units; say in [columns.order_lines] of shop.toml which column it is."
    ]


def test_personal_values_never_reach_the_quarantine(make_shop, key) -> None:
    header = "customer_id,full_name,email,region,acquired_on,shoe_size\n"
    content = header + "c7,Ada Lovelace,ada@example.org,north,someday,38\nc8,Ada Lovelace,ada@example.org,north,2024-03-01,38,more\n"
    intake = read_table(make_shop({"customers.csv": content}), "customers", key)
    assert json.loads(intake.quarantine["raw"][0]) == {
        "customer_id": "<withheld>",
        "acquired_on": "someday",
        "region": "north",
        "full_name": "<withheld>",
        "email": "<withheld>",
    }
    assert json.loads(intake.quarantine["raw"][1]) == "<withheld>"
    everything = json.dumps([intake.accepted.to_dicts(), intake.quarantine.to_dicts()], default=str)
    assert not any(secret in everything for secret in ("Lovelace", "ada@", "c7", "c8", "38"))


def test_a_refused_row_is_kept_as_the_file_had_it(make_shop, key) -> None:
    shop = make_shop({"order_lines.parquet": lines(units=[-1.0]).rename({"units": "Qty"})}, '[columns.order_lines]\nunits = "Qty"\n')
    raw = json.loads(read_table(shop, "order_lines", key).quarantine["raw"][0])
    assert raw["Qty"] == "-1"
    assert raw["order_id"] == "o0"
    assert raw["customer_id"] == "<withheld>"


def test_versions_of_a_key_are_kept_and_exact_repetitions_are_not(make_shop, key) -> None:
    sale = GOOD
    cancelled = GOOD.replace("sale", "cancellation").replace("2024-03-02 10:00:05", "2024-03-04 09:00:00")
    intake = read_table(make_shop({"order_lines.csv": HEADER + sale + sale + cancelled + sale}), "order_lines", key)
    assert intake.accepted.select("line_type", "known_on", "source_row").rows() == [
        ("sale", date(2024, 3, 2), 1),
        ("cancellation", date(2024, 3, 4), 3),
    ]
    assert intake.quarantine.select("source_row", "reason_code", "reason").rows() == [
        (2, "duplicate", "The same row stands in order_lines.csv, row 1."),
        (4, "duplicate", "The same row stands in order_lines.csv, row 1."),
    ]
    assert reconciles(intake)


def test_repetitions_are_found_across_files_and_formats(make_shop, key) -> None:
    other = pl.DataFrame(
        {
            "order_id": ["o1"],
            "line_id": [1],
            "order_ts": [datetime(2024, 3, 2, 10)],
            "product_id": ["p1"],
            "customer_id": ["c1"],
            "units": [2],
            "unit_price": [3.5],
            "currency": ["EUR"],
            "recorded_at": [datetime(2024, 3, 2, 10, 0, 5)],
        }
    )
    shop = make_shop({"order_lines/a.csv": HEADER + GOOD, "order_lines/b.parquet": other})
    intake = read_table(shop, "order_lines", key)
    assert intake.quarantine["reason"].to_list() == ["The same row stands in order_lines/a.csv, row 1."]
    assert intake.counts["rows_read"].to_list() == [1, 1]


def test_rows_of_one_key_recorded_at_once_but_different_are_both_kept(make_shop, key) -> None:
    intake = read_table(make_shop({"order_lines.csv": HEADER + GOOD + GOOD.replace("3.50", "3.60") + GOOD}), "order_lines", key)
    assert sorted(intake.accepted["unit_price"]) == [3.5, 3.6]
    assert intake.quarantine["source_row"].to_list() == [3]


@pytest.mark.parametrize(
    ("recorded_at", "known_on"),
    [
        (None, date(2024, 3, 2)),
        (datetime(2024, 3, 5, 8), date(2024, 3, 5)),
        (datetime(2024, 2, 20), date(2024, 3, 2)),  # what happened cannot have been known before
        (datetime(2024, 4, 1), date(2024, 4, 1)),  # recorded after the history: kept, in force later
    ],
)
def test_an_order_line_is_known_when_recorded_but_not_before_it_happened(make_shop, key, recorded_at, known_on) -> None:
    frame = lines().with_columns(recorded_at=pl.lit(recorded_at, dtype=pl.Datetime("us")))
    assert read_table(make_shop({"order_lines.parquet": frame}), "order_lines", key).accepted["known_on"].to_list() == [known_on]


def test_reference_data_is_known_from_the_first_day_and_plans_from_their_recording(make_shop, key) -> None:
    promotions = (
        "promotion_id,product_id,starts_on,ends_on,recorded_at\n"
        "old,p1,2024-02-01,2024-03-05,2024-01-15 09:00:00\n"
        "next,p1,2024-04-01,2024-04-05,2024-03-10 09:00:00\n"
    )
    shop = make_shop({"products.csv": "product_id\np1\n", "promotions.csv": promotions})
    assert read_table(shop, "products", key).accepted.select("business_day", "known_on").rows() == [(None, date(2024, 3, 1))]
    assert read_table(shop, "promotions", key).accepted.select("business_day", "known_on").rows() == [
        (date(2024, 2, 1), date(2024, 3, 1)),
        (date(2024, 4, 1), date(2024, 3, 10)),
    ]


def test_the_about_day_is_the_local_day(make_shop, key) -> None:
    content = HEADER + GOOD.replace("2024-03-02 10:00:00", "2024-03-02T23:30:00Z").replace("2024-03-02 10:00:05", "")
    assert read_table(make_shop({"order_lines.csv": content}), "order_lines", key).accepted["business_day"].to_list() == [date(2024, 3, 3)]


def test_a_last_day_before_its_first_is_refused(make_shop, key) -> None:
    content = "coupon_id,face_value,valid_from,valid_to\nc,5,2024-03-05,2024-03-04\n"
    intake = read_table(make_shop({"coupons.csv": content}), "coupons", key)
    assert intake.quarantine["reason"].to_list() == ["valid_to is '2024-03-04'; it may not be before valid_from."]


@pytest.mark.parametrize("name", ["order_lines.parquet", "order_lines.csv", "order_lines/notes.txt"])
def test_a_file_that_cannot_be_read_is_one_refused_row(make_shop, key, name: str) -> None:
    content = b"PAR1 not really" if name.endswith("parquet") else b""
    intake = read_table(make_shop({name: content}), "order_lines", key)
    assert intake.quarantine.select("source_file", "source_row", "reason_code").rows() == [(name, None, "unreadable_file")]
    assert intake.counts.rows() == [("order_lines", name, 1, 0, 1)]


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        (b"caf\xe9,b\n1,2\n", ""),
        (b"order_id,order_id,units\no1,o2,1\n", ""),
        ("order_id,units\no1,1\n".encode("utf-16") + b"x", '[csv]\nencoding = "utf-16"\n'),
    ],
)
def test_a_csv_file_that_makes_no_sense_is_one_refused_row(make_shop, key, content: bytes, settings: str) -> None:
    intake = read_table(make_shop({"order_lines.csv": content}, settings), "order_lines", key)
    assert intake.quarantine.select("source_row", "reason_code").rows() == [(None, "unreadable_file")]
    assert reconciles(intake)


ODD = [
    pl.Series([timedelta(days=1)]),
    pl.Series([time(12)]),
    pl.Series([Decimal("1.5")]),
    pl.Series([[1, 2]]),
    pl.Series([{"a": 1}]),
    pl.Series([b"\xff\xfe"]),
    pl.Series([None]),
    pl.Series([True]),
    pl.Series([date(2024, 3, 2)]),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda series: str(series.dtype))
def test_a_column_of_any_parquet_type_is_read_or_refused(make_shop, key, odd: pl.Series) -> None:
    for column in ("order_id", "order_ts", "units", "unit_price", "customer_id", "line_type"):
        intake = read_table(make_shop({"order_lines.parquet": lines().with_columns(odd.alias(column))}), "order_lines", key)
        assert reconciles(intake)
        assert intake.counts["rows_read"].to_list() == [1]


def test_a_damaged_file_does_not_stop_the_others(make_shop, key) -> None:
    shop = make_shop({"order_lines/a.parquet": b"broken", "order_lines/b.parquet": lines(), "order_lines/c.csv": HEADER + GOOD})
    intake = read_table(shop, "order_lines", key)
    assert intake.accepted["source_file"].to_list() == ["order_lines/b.parquet", "order_lines/c.csv"]
    assert reconciles(intake)


def test_a_pattern_that_matches_nothing_is_told(make_shop, key) -> None:
    intake = read_table(make_shop(settings='[files]\norder_lines = "orders/*.csv"\n'), "order_lines", key)
    assert intake.quarantine.select("source_file", "reason").rows() == [("orders/*.csv", "No file matches this pattern of shop.toml.")]


def test_files_of_other_types_and_column_orders_come_together(make_shop, key) -> None:
    as_text = lines(order_id=["t1"]).with_columns(pl.col("units", "unit_price").cast(pl.String))
    shop = make_shop({"order_lines/a.parquet": lines(order_id=["n1"]), "order_lines/b.parquet": as_text.select(reversed(as_text.columns))})
    assert read_table(shop, "order_lines", key).accepted.select("order_id", "units").rows() == [("n1", 2.0), ("t1", 2.0)]


CELL = st.sampled_from(["o1", "o2", "2024-03-02", "2024-03-02 10:00:00", "sale", "return", "1", "-1", "", "x", "EUR", "1e9"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELL, min_size=9, max_size=11), max_size=12), seed=st.integers(0, 99))
def test_permuted_rows_change_nothing_and_totals_reconcile(make_shop, key, rows: list[list[str]], seed: int) -> None:
    def read(ordered: list[list[str]]) -> Intake:
        content = HEADER + "".join(",".join(row) + "\n" for row in ordered)
        return read_table(make_shop({"order_lines.csv": content}), "order_lines", key)

    first, second = read(rows), read(random.Random(seed).sample(rows, len(rows)))
    assert reconciles(first)
    assert reconciles(second)
    assert first.counts["rows_read"].sum() == len(rows)
    content = [name for name in first.accepted.columns if name != "source_row"]
    assert first.accepted.select(content).sort(content).equals(second.accepted.select(content).sort(content))
    assert sorted(first.quarantine["reason_code"]) == sorted(second.quarantine["reason_code"])
