"""What audience lists are chosen from: the outlook of the day, and what is told of customers without one."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.decisions.audiences import known_customers
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import Window
from optimization.audiences import ListSettings, choose_lists

DAY, DAY_BEFORE = date(2025, 11, 28), date(2025, 11, 27)
PROFILES = """
create schema marts;
create table marts.fct_coupon_assignments (
    customer_key varchar, campaign_id varchar, coupon_id varchar, assigned_on date, known_on date, superseded_on date
);
create table marts.customer_profile as
select date '2025-11-28' as as_of_day, customer_key, 'active' as lifecycle, 20 as recency_days, 20.0 as expected_gap_days,
    8 as orders_lifetime, 8 as orders_365, 3 as m_score, 400.0 as margin_365, 400.0 as margin_lifetime, true as email_consent
from (values ('known'), ('unlearned'), ('without')) as customers(customer_key)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Three alike customers: one with a chance, one whose model could not be learned, one whose only outlook is of the day before."""
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"), threads=1)
    with warehouse.connect() as connection:
        connection.execute(PROFILES)
    for name in ("customers.segments", "response.coupon_scores", "decisions.ad_audiences"):
        warehouse.append(table_contracts()[name], table_contracts()[name].empty())
    outlook = table_contracts()["customers.purchase_outlook"]
    told = pl.DataFrame(
        {
            "as_of_day": [DAY, DAY, DAY_BEFORE],
            "customer_key": ["known", "unlearned", "without"],
            "p_buy_28d": [0.4, None, 0.9],
            "model_version": ["outlook-one"] * 3,
        }
    )
    warehouse.append(outlook, pl.concat([outlook.empty(), told], how="diagonal_relaxed"))
    return warehouse


def test_who_has_no_outlook_is_kept_off_the_lists_with_a_reason(warehouse: Warehouse) -> None:
    customers = known_customers(warehouse, Window(DAY, date(2025, 11, 29)), contact_days=28)
    assert customers["purchase_probability"].to_list() == [0.4, None, None]
    assert customers["model_version"].to_list() == ["outlook-one", "outlook-one", None]
    told = choose_lists(customers.drop("as_of_day", "model_version"), ListSettings(holdout_share=0.0))
    assert dict(told.select("customer_key", "reason_code").rows()) == {
        "known": "listed",
        "unlearned": "not_known",
        "without": "not_known",
    }
    # 50 of margin, 60 % would not buy, 2 % of them do once contacted
    assert told["expected_value"].to_list() == [pytest.approx(0.6), None, None]
    assert told.filter(pl.col("reason_code") == "not_known")["sentence"].str.contains("nothing is known of how likely").all()
