"""A person is erased from a decided house: found everywhere, gone everywhere, and not brought back by the next run."""

import shutil
from datetime import date

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from shops.pseudonym import load_or_create_key, pseudonymise

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)


@pytest.fixture(scope="module")
def number(past_week) -> str:
    """A customer who is in every table: with a redeemed coupon, and planned for on the last day."""
    redeemed, seen = (pl.read_parquet(past_week.shop / f"{name}.parquet")["customer_id"] for name in ("coupon_redemptions", "web_events"))
    ids = redeemed.filter(redeemed.is_in(seen.drop_nulls().unique().implode())).unique().sort()
    keys = pseudonymise(ids, load_or_create_key(past_week.key_file))
    planned = set(past_week.published("coupon_assignments").filter(as_of_day=LAST_DAY)["customer_key"])
    return next(number for number, key in zip(ids, keys, strict=True) if key in planned)


@pytest.fixture(scope="module")
def pseudonym(number: str, past_week) -> str:
    return pseudonymise(pl.Series([number]), load_or_create_key(past_week.key_file))[0]


@pytest.fixture(scope="module")
def erased(past_week, number: str, tmp_path_factory: pytest.TempPathFactory):  # noqa: ANN201  (House of tests/conftest.py)
    """A copy of the decided house after `countinghouse erase`; a copy of a model frame and a log line name the person too."""
    folder = tmp_path_factory.mktemp("erased")
    for name, source in (("shop", past_week.shop), ("var", past_week.var)):
        shutil.copytree(source, folder / name, symlinks=True)
    (folder / "keys").mkdir()
    shutil.copy(past_week.key_file, folder / "keys" / "pseudonym.key")
    house = type(past_week)(folder / "shop", folder / "var", folder / "keys" / "pseudonym.key")
    key = pseudonymise(pl.Series([number]), load_or_create_key(house.key_file))[0]
    (house.state / "logs" / "old.log").write_text(f"scored {key}\n", encoding="utf-8")
    pl.DataFrame({"customer_key": [key, "other"]}).write_parquet(house.state / "learning" / "scored.parquet")
    (house.state / "landing" / "customers" / ".known_on=2025-12-31.parquet.99999").write_text(key, encoding="utf-8")
    return house.after("erase", number)


@pytest.fixture(scope="module")
def run_again(erased, number: str):  # noqa: ANN201
    """The same house after another run, before which the shop hands in more of the person, some of it late."""
    for name in ("order_lines", "web_events"):
        file = erased.shop / f"{name}.parquet"
        frame = pl.read_parquet(file)
        ident, moment = ("order_id", "order_ts") if name == "order_lines" else ("event_id", "event_ts")
        late = frame.filter(customer_id=number).tail(1)
        late = late.with_columns(
            pl.format("late-{}", ident).alias(ident), pl.col(moment) - pl.duration(days=3), recorded_at=pl.datetime(2025, 12, 31, 9)
        )
        pl.concat([frame, late.cast(dict(frame.schema))]).write_parquet(file)
    return erased.after("run")


def places_of(house, text: str) -> list[str]:
    """Where the text stands, looked for in another way than the command does: bytes of files, rows of tables as text."""
    found = []
    for file in sorted(path for path in house.state.rglob("*") if path.is_file()):
        in_cells = False
        if file.suffix == ".parquet":
            cells = pl.read_parquet(file).select(pl.all().cast(pl.String).str.contains(text, literal=True).any())
            in_cells = any(cells.row(0))
        if in_cells or text.encode() in file.read_bytes():
            found.append(str(file))
    with duckdb.connect(str(house.state / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        for (table,) in tables:
            if connection.execute(f"select count(*) from {table} as part where part::varchar like '%{text}%'").fetchall()[0][0]:
                found.append(table)
    return found


def test_before_the_person_stands_in_every_room(past_week, pseudonym: str) -> None:
    places = places_of(past_week, pseudonym)
    for place in ("landing/order_lines", "landing/customers", "landing/web_events", "intake/coupon_redemptions", "published_versions/"):
        assert any(place in each for each in places), place
    for table in ("staging.stg_customers", "marts.fct_order_lines", "marts.customer_profile", "decisions.coupon_assignments"):
        assert table in places


def test_afterwards_neither_pseudonym_nor_number_stands_anywhere(erased, pseudonym: str, number: str) -> None:
    assert places_of(erased, pseudonym) == []
    assert places_of(erased, number) == []


def test_the_command_says_where_the_person_stood_and_proves_the_rest(erased) -> None:
    for place in ("landing/order_lines", "marts.customer_profile", "published", "old.log", "scored.parquet", "made anonymous"):
        assert place in erased.said, place
    assert "0 places left" in erased.said
    assert not (erased.state / "erasing").exists()


def test_others_stay(erased, past_week, pseudonym: str) -> None:
    assert pl.read_parquet(erased.state / "learning" / "scored.parquet")["customer_key"].to_list() == ["other"]
    for table in ("marts.dim_customers", "marts.customer_profile", "response.coupon_scores", "decisions.coupon_assignments"):
        before = past_week.read(f"select * from {table} where customer_key <> ? order by all", (pseudonym,))
        assert_frame_equal(erased.read(f"select * from {table} order by all"), before)


def test_sales_stay_as_sales_of_nobody(erased, past_week, pseudonym: str) -> None:
    for table in ("marts.fct_sales_daily", "marts.sales_panel"):
        assert_frame_equal(erased.read(f"select * from {table} order by all"), past_week.read(f"select * from {table} order by all"))
    lines = past_week.read("select * from marts.fct_order_lines order by all").with_columns(
        pl.col("customer_key").replace({pseudonym: None})
    )
    assert_frame_equal(erased.read("select * from marts.fct_order_lines").sort(pl.all()), lines.sort(pl.all()))
    assert erased.published("sales_daily").equals(past_week.published("sales_daily"))


def test_published_tables_are_one_whole_version_without_the_person(erased) -> None:
    told = erased.published("_published")
    assert told["run_id"].unique().to_list() == ["erasure"]
    for row in told.to_dicts():
        assert erased.published(row["table_name"]).height == row["rows"], row["table_name"]
    assert [folder.name for folder in (erased.state / "published_versions").iterdir()] == told["version"].unique().to_list()


def test_rows_read_are_still_rows_accepted_and_rows_quarantined(erased) -> None:
    counts, quarantine = erased.published("intake_counts"), erased.published("quarantine")
    assert counts.filter(pl.col("rows_read") != pl.col("rows_accepted") + pl.col("rows_quarantined")).is_empty()
    assert counts["rows_quarantined"].sum() == quarantine.height
    refused = quarantine.filter(reason_code="erased")
    assert refused.select("source_row", "business_day", "raw").unique().rows() == [(None, None, "{}")]
    assert {"customers", "coupon_assignments", "coupon_redemptions", "web_events"} == set(refused["table_name"])
    for table in counts["table_name"].unique():
        landed = pl.read_parquet(erased.state / "landing" / table / "*.parquet").height
        assert landed == counts.filter(table_name=table)["rows_accepted"].sum(), table


def test_a_later_run_does_not_bring_the_person_back(run_again, pseudonym: str, number: str) -> None:
    assert places_of(run_again, pseudonym) == []
    assert places_of(run_again, number) == []


def test_what_a_later_run_builds_adds_up(run_again, erased) -> None:
    """The late sale counts as one of nobody, on its own day; the late event is refused."""
    assert "check did not pass" not in run_again.said
    late = run_again.read("select customer_key, known_on, business_day from marts.fct_order_lines where order_id like 'late-%'")
    assert late.select("customer_key", "known_on").rows() == [(None, LAST_DAY)]
    assert late["business_day"][0] < LAST_DAY
    refused = run_again.published("quarantine").filter(reason_code="erased", table_name="web_events").height
    lines = run_again.read("select count(*) as n from staging.stg_order_lines")["n"][0]
    assert lines == run_again.published("intake_counts").filter(table_name="order_lines")["rows_accepted"].sum()
    assert refused > 0


def test_erasing_again_finds_nothing_and_says_so(run_again, number: str) -> None:
    status, said = run_again.command("erase", f" {number.lower()} ")
    assert status == 0
    assert "stood nowhere" in said


def test_the_search_finds_what_the_erasure_cannot_remove(run_again, number: str, pseudonym: str) -> None:
    (run_again.state / "dump.bin").write_bytes(b"\xff\xfe" + pseudonym.encode())
    status, said = run_again.command("erase", number)
    assert status == 1
    assert "dump.bin" in said
    status, page = run_again.command("status")
    assert "begun and not finished" in page
    (run_again.state / "dump.bin").unlink()
    assert run_again.command("erase", number)[0] == 0
    assert "begun and not finished" not in run_again.command("status")[1]
