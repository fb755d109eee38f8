"""The check of a shop folder: what it understood, what is wrong, what can be decided."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from shops.check import ShopCheck, check_shop, render
from shops.contract import TABLES
from shops.shop import ShopError

FIRST = datetime(2024, 3, 1, 10)


def order_lines(days: int = 14) -> pl.DataFrame:
    """One line a day, every second one of a known customer; the last is of an unlisted product and the first has no units."""
    return pl.DataFrame(
        {
            "order_id": [f"o{day}" for day in range(days)],
            "line_id": ["1"] * days,
            "order_ts": [FIRST + timedelta(days=day) for day in range(days)],
            "product_id": ["p1"] * (days - 1) + ["p9"],
            "customer_id": [f"c{day % 4}" if day % 2 else None for day in range(days)],
            "units": [0.0] + [1.0] * (days - 1),
            "unit_price": [3.0] * days,
            "comment": [""] * days,
        }
    )


def possible(check: ShopCheck, decision: str) -> tuple[str, str]:
    return next((it.possible, it.why) for it in check.decisions if it.decision == decision)


def test_order_lines_alone_are_understood_and_what_is_wrong_is_told(make_shop) -> None:
    shop = make_shop({"order_lines.parquet": order_lines(), "products.csv": "product_id,unit_cost\np1,1.5\n"})
    check = check_shop(shop.path)
    assert check.is_usable
    assert (check.facts.history_days, check.facts.products, check.facts.customers, check.facts.products_unlisted) == (13, 2, 2, 1)
    (problem,) = check.problems
    assert (problem.source_file, problem.reason_code, problem.rows) == ("order_lines.parquet", "wrong_sign", 1)
    assert problem.examples == ("row 1: units is '0'; a sale has positive units.",)
    assert "columns the contract does not know are left out (comment): order_lines.parquet." in " ".join(check.notes)
    table = check.tables[0]
    assert (table.rows_read, table.rows_accepted, table.first_day, table.last_day) == (14, 13, date(2024, 3, 2), date(2024, 3, 14))
    assert set(check.missing) == set(TABLES) - {"order_lines", "products"}


def test_the_text_names_tables_faults_and_decisions(make_shop) -> None:
    text = render(check_shop(make_shop({"order_lines.parquet": order_lines()}).path))
    assert "Shop tiny" in text
    assert "order_lines.parquet: 1 row refused, wrong_sign" in text
    assert "partly  forecasts: order_lines cover 13 days" in text
    assert "no      coupon budget: there is no coupons table." in text
    assert max(len(line) for line in text.splitlines()) <= 130


def test_files_that_no_table_is_read_from_are_named(make_shop) -> None:
    shop = make_shop(
        {"order_lines.parquet": order_lines(), "order_lines.csv": "order_id\n", "productz.csv": "product_id\n", "notes.txt": ""}
    )
    assert check_shop(shop.path).notes[0].startswith("Files that no table is read from: order_lines.csv, productz.csv; ")


def test_an_empty_folder_can_decide_nothing(make_shop) -> None:
    check = check_shop(make_shop().path)
    assert not check.is_usable
    assert {it.possible for it in check.decisions} == {"no"}
    assert "Nothing: every row read was accepted." in render(check)


def test_daily_sales_alone_allow_forecasts_and_replenishment_from_a_ledger(make_shop) -> None:
    sales = "business_day,product_id,units,unit_price\n2024-03-02,p1,3,2.5\n2024-03-05,p1,1,2.5\n"
    check = check_shop(make_shop({"daily_sales.csv": sales}).path)
    assert possible(check, "forecasts")[0] == "with assumptions"
    assert "stock from a ledger opened on 2024-03-14" in possible(check, "replenishment")[1]
    assert possible(check, "customer profiles") == ("no", "no order line names a customer")


COUPONS = "coupon_id,face_value,valid_from,valid_to\nten,10,2024-03-01,2024-03-31\nold,5,2024-03-01,2024-03-05\n"
ASSIGNED = "campaign_id,customer_id,coupon_id,assigned_on,propensity\nk,c1,ten,{day},{share}\nk,c3,,{day},{share}\n"


@pytest.mark.parametrize(
    ("assigned", "verdict", "said"),
    [
        ("", "with assumptions", "0 settled assignments are without a propensity"),
        (ASSIGNED.format(day="2024-03-02", share=""), "with assumptions", "2 settled assignments are without a propensity"),
        (ASSIGNED.format(day="2024-03-12", share="0.5"), "with assumptions", "0 settled assignments"),
        (ASSIGNED.format(day="2024-03-02", share="0.5").replace("c3,,", "c3,ten,"), "with assumptions", "without a control group"),
        (
            ASSIGNED.format(day="2024-03-02", share="0.5"),
            "yes",
            "causal: 1 coupons are valid on the last day, 2 settled assignments were drawn",
        ),
    ],
)
def test_coupons_are_causal_only_after_a_settled_draw_with_controls(make_shop, assigned: str, verdict: str, said: str) -> None:
    files = {"order_lines.parquet": order_lines(), "coupons.csv": COUPONS, "coupon_assignments.csv": assigned or "campaign_id\n"}
    settings = "[limits]\ncoupon_budget = 100.0\n[coupons]\noutcome_window_days = 3\n"
    check = check_shop(make_shop(files, settings).path)
    assert possible(check, "coupon budget")[0] == verdict
    assert said in possible(check, "coupon budget")[1]


def test_full_data_need_no_assumptions(make_shop) -> None:
    files = {
        "order_lines.parquet": order_lines().filter(pl.col("product_id") == "p1"),
        "products.csv": "product_id,unit_cost\np1,1.5\n",
        "stock_levels.csv": "business_day,product_id,on_hand\n2024-03-14,p1,4\n",
        "suppliers.csv": "supplier_id,lead_time_days\ns1,3\n",
        "purchase_orders.csv": "po_id,line_id,product_id,ordered_on,units_ordered\n1,1,p1,2024-03-10,6\n",
    }
    assert possible(check_shop(make_shop(files).path), "replenishment")[0] == "yes"


def test_a_folder_that_is_no_shop_is_an_error_of_one_sentence(tmp_path) -> None:
    with pytest.raises(ShopError):
        check_shop(tmp_path)
