"""The same order line handed in twice is counted once, however the second export spells it.

What is promised: rows alike in every column are read once and the repetition is quarantined; rows of one key are versions of one line,
and the one recorded last is in force. Blanks around a value and the capitals of words from a list do not count. Identifiers are otherwise
compared as written: `O1` and `o1` are two orders.
"""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from shops.intake import Intake, read_table
from shops.shop import load_shop

FIRST = date(2024, 3, 1)
TOML = '[shop]\nname = "twice"\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\nfirst_day = 2024-03-01\n'
COLUMNS = (
    "order_id",
    "line_id",
    "order_ts",
    "line_type",
    "product_id",
    "customer_id",
    "units",
    "unit_price",
    "channel",
    "currency",
    "recorded_at",
)
PLAIN = dict(
    zip(COLUMNS, ("o1", "1", "2024-03-01 10:00:00", "sale", "tea", "c1", "2", "5.00", "store", "EUR", "2024-03-01 20:00:00"), strict=True)
)
# how the second export may differ, and whether that is a repetition word for word (quarantined) or a version of the line (superseding)
NOISE: dict[str, tuple[dict[str, str], str]] = {
    "alike": ({}, "repetition"),
    "blanks around": ({"order_id": "  o1 ", "product_id": "tea\t", "units": " 2 "}, "repetition"),
    "capitals in a word from a list": ({"line_type": "SALE"}, "repetition"),
    "digits after the point": ({"units": "2.000", "unit_price": "5"}, "repetition"),
    "another way to write the time": ({"order_ts": "2024-03-01T09:00:00Z"}, "repetition"),
    "noise of floating point": ({"units": "2.0000000000000004", "unit_price": "4.999999999999999"}, "version"),
    "currency in small letters": ({"currency": "eur"}, "version"),
    "channel left out": ({"channel": ""}, "repetition"),
    "recorded later that day": ({"recorded_at": "2024-03-01 23:00:00"}, "version"),
    "recorded a week later": ({"recorded_at": "2024-03-08 07:00:00"}, "version"),
    "without the time of recording": ({"recorded_at": ""}, "version"),
}


def intake(folder: Path, *exports: list[dict[str, str]]) -> Intake:
    """The accepted and refused rows of the exports, one CSV file each."""
    folder.mkdir(exist_ok=True)
    (folder / "shop.toml").write_text(TOML)
    (folder / "order_lines").mkdir(exist_ok=True)
    for number, rows in enumerate(exports):
        text = "\n".join([",".join(COLUMNS), *(",".join(row[name] for name in COLUMNS) for row in rows)])
        (folder / "order_lines" / f"export-{number}.csv").write_text(text + "\n")
    return read_table(load_shop(folder), "order_lines", b"0" * 32)


@pytest.mark.parametrize("noise", NOISE)
def test_the_second_spelling_is_a_repetition_or_a_version_never_a_second_line(tmp_path: Path, noise: str) -> None:
    changes, kind = NOISE[noise]
    found = intake(tmp_path / "shop", [PLAIN], [{**PLAIN, **changes}])
    assert found.accepted.select("order_id", "line_id").n_unique() == 1
    assert found.accepted.height == (1 if kind == "repetition" else 2)
    assert found.quarantine["reason_code"].to_list() == (["duplicate"] if kind == "repetition" else [])
    assert found.counts["rows_read"].sum() == 2


def test_identifiers_are_compared_as_written(tmp_path: Path) -> None:
    found = intake(tmp_path / "shop", [PLAIN, {**PLAIN, "order_id": "O1"}])
    assert found.accepted["order_id"].to_list() == ["O1", "o1"]


@pytest.fixture(scope="module")
def counted(shop: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[dict[str, str]]]:
    """A fortnight of orders, half of them exported again with one or several kinds of noise, through intake and marts."""
    dice = random.Random(4)
    rows, again = [], []
    for number in range(80):
        day = FIRST + timedelta(days=number % 10)
        row = {
            **PLAIN,
            "order_id": f"o{number}",
            "order_ts": f"{day} 10:00:00",
            "product_id": f"p{number % 5}",
            "units": str(1 + number % 3),
        }
        row["recorded_at"] = f"{day} 20:00:00"
        rows.append(row)
        while dice.random() < 0.5:
            again.append({**row, **_moved(dice.choice(list(NOISE.values()))[0], row, day)})
    accepted = intake(tmp_path_factory.mktemp("twice") / "shop", rows, again).accepted
    shop.land("order_lines", accepted.to_dicts())
    shop.run(FIRST, FIRST + timedelta(days=20))
    assert len(again) > 40
    return shop, rows


def _moved(changes: dict[str, str], row: dict[str, str], day: date) -> dict[str, str]:
    """The same noise upon this row's own values."""
    moved = {name: value.replace("o1", row["order_id"]).replace("tea", row["product_id"]) for name, value in changes.items()}
    for name in {"order_ts", "recorded_at"} & set(moved):
        if moved[name]:
            moved[name] = (datetime.fromisoformat(moved[name].rstrip("Z")) + (day - FIRST)).isoformat() + (
                "Z" if moved[name][-1] == "Z" else ""
            )
    if "units" in moved:
        moved["units"] = moved["units"].replace("2", row["units"], 1)
    return moved


def test_every_line_is_counted_once(counted: tuple[Any, list[dict[str, str]]]) -> None:
    shop, rows = counted
    frame = pl.DataFrame(rows).with_columns(pl.col("units").cast(pl.Float64), day=pl.col("order_ts").str.slice(0, 10).str.to_date())
    wanted = frame.group_by("day", "product_id").agg(pl.col("units").sum(), orders=pl.len()).sort("day", "product_id").rows()
    sold = shop.rows(
        f"select business_day, product_id, round(units, 9), order_count from {shop.as_of('fct_sales_daily', FIRST + timedelta(days=19))} "
        "where units <> 0 order by 1, 2"
    )
    assert sold == wanted
    assert shop.rows("select count(*) from marts.fct_order_lines where superseded_on is null") == [(80,)]
    revenue = shop.rows("select round(sum(net_revenue), 6) from marts.fct_sales_daily where superseded_on is null")
    assert revenue == [(sum(float(row["units"]) * 5.0 for row in rows),)]
    lifetime = shop.rows(
        "select orders_lifetime, round(net_revenue_lifetime, 6) from marts.customer_profile where as_of_day = '2024-03-20'"
    )
    assert lifetime == [(80, revenue[0][0])]


def test_a_repetition_of_the_same_content_is_no_new_version_of_the_days_sales(counted: tuple[Any, list[dict[str, str]]]) -> None:
    """A line told again a week later in the same words changes nothing about its day."""
    shop, _ = counted
    versions = "select business_day, product_id, round(units, 9) from marts.fct_sales_daily group by all having count(*) > 1"
    assert shop.rows(versions) == []
