"""Reading shop.toml: defaults, every setting, and errors that name file and mend."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shops.contract_doc import EXAMPLE_TOML
from shops.coupon_terms import CouponTerms
from shops.csv_terms import CsvFormat
from shops.limit_terms import Limits
from shops.replenishment_terms import Assumptions, StockOpening, SupplierTerms
from shops.shop import ShopError, load_shop

NEEDED = """[shop]
name = "tiny"
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-03-01
"""


def write(folder: Path, text: str) -> Path:
    (folder / "shop.toml").write_text(text)
    return folder


def test_four_lines_make_a_shop_with_the_defaults(tmp_path: Path) -> None:
    shop = load_shop(write(tmp_path, NEEDED))
    assert (shop.name, shop.currency, shop.first_day, shop.last_day, shop.country) == ("tiny", "EUR", date(2024, 3, 1), None, None)
    assert shop.limits == Limits(None, None, {}, {})
    assert (shop.suppliers, shop.assumptions, shop.coupons, shop.csv) == (SupplierTerms(), Assumptions(), CouponTerms(), CsvFormat())
    assert shop.stock == StockOpening(None, 28)
    assert shop.path == tmp_path


def test_the_documented_example_holds_every_setting(tmp_path: Path) -> None:
    shop = load_shop(write(tmp_path, EXAMPLE_TOML))
    assert shop.limits == Limits(5000.0, 40000.0, {"at_risk": 1500.0}, {"main": 120.0}, {"drinks": 9000.0}, 1)
    assert shop.files == {"order_lines": ("orders/*.csv",)}
    assert shop.columns == {"order_lines": {"order_id": "Invoice"}}
    assert shop.stock.opening_day == date(2025, 12, 1)
    assert shop.csv.timestamp_format == "%d.%m.%Y %H:%M"


def test_a_shop_that_grows_can_be_decided_up_to_yesterday_where_it_is(tmp_path: Path) -> None:
    text = NEEDED.replace("Europe/Berlin", "Pacific/Auckland")
    assert "Auckland" in text
    shop = load_shop(write(tmp_path, text))
    assert shop.newest_day(datetime(2026, 1, 10, 10, 59, tzinfo=UTC)) == date(2026, 1, 9)
    assert shop.newest_day(datetime(2026, 1, 10, 11, 1, tzinfo=UTC)) == date(2026, 1, 10), "it is the 11th there"
    ended = load_shop(write(tmp_path, text + "last_day = 2024-03-14\n"))
    assert ended.newest_day(datetime(2026, 1, 10, tzinfo=UTC)) == date(2024, 3, 14)
    assert ended.newest_day(datetime(2024, 3, 10, 1, tzinfo=UTC)) == date(2024, 3, 9), "days that have not passed cannot be decided"


def test_the_stock_ledger_opens_on_the_last_day_where_nothing_is_said(tmp_path: Path) -> None:
    assert load_shop(write(tmp_path, NEEDED + "last_day = 2024-03-14\n")).stock.opening_day == date(2024, 3, 14)


def test_the_file_itself_may_be_named(tmp_path: Path) -> None:
    assert load_shop(write(tmp_path, NEEDED) / "shop.toml").path == tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NEEDED.replace('currency = "EUR"\n', ""), "has no currency"),
        (NEEDED.replace('"EUR"', '"euro"'), "ISO 4217"),
        (NEEDED.replace("Europe/Berlin", "Berlin"), "time zone database"),
        (NEEDED.replace("2024-03-01", '"2024-03-01"'), "without quotes"),
        (NEEDED.replace("2024-03-01", "2024-03-01T10:00:00"), "without quotes"),
        (NEEDED.replace('"tiny"', '"../tiny"'), "letters, digits"),
        (NEEDED + "last_day = 2024-02-01\n", "on or after first_day"),
        (NEEDED + "[limit]\n", "sections nobody knows (limit)"),
        (NEEDED + "[limits]\ncoupon_bugdet = 1\n", "settings nobody knows (coupon_bugdet)"),
        (NEEDED + "[limits]\ncoupon_budget = -1\n", "a number of 0 or more"),
        (NEEDED + "[limits]\ncoupon_budget = nan\n", "a number of 0 or more"),
        (NEEDED + "[limits]\ncoupon_budget = true\n", "a number of 0 or more"),
        (NEEDED + "[limits]\ncoupon_segment_budgets = 3\n", "[limits.coupon_segment_budgets]"),
        (NEEDED + "[suppliers]\nlead_time_days = 1.5\n", "a whole number from 0 to 365"),
        (NEEDED + '[suppliers]\norder_weekdays = "Monday"\n', "some of Mon, Tue"),
        (NEEDED + "[coupons]\nholdout_share = 2\n", "from 0 to 0.9"),
        (NEEDED + '[files]\norders = "a.csv"\n', "names a table 'orders'"),
        (NEEDED + '[files]\norder_lines = "../a.csv"\n', "inside the shop's folder"),
        (NEEDED + '[files]\norder_lines = "/etc/passwd"\n', "inside the shop's folder"),
        (NEEDED + '[columns.order_lines]\norder = "Invoice"\n', "order_lines has no such column"),
        (NEEDED + '[csv]\ndelimiter = ";;"\n', "exactly one character"),
        (NEEDED + '[csv]\nencoding = "utf-9"\n', "known encoding"),
        ("shop = 1\n", "is not a section"),
        ("[shop\n", "not valid TOML"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_file_and_mend(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ShopError) as raised:
        load_shop(write(tmp_path, text))
    message = str(raised.value)
    assert "shop.toml" in message
    assert said in message
    assert "\n" not in message
    assert message.endswith(".")


def test_a_folder_without_shop_toml_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match="does not exist; put a"):
        load_shop(tmp_path / "nowhere")


def test_ad_terms_are_read_and_default_to_todays_spend(tmp_path: Path) -> None:
    ads = """
[ads]
weeks = 6
budget = 900.0
audience_size = 500
audience_segments = "dormant, promising"
channel_minimums = { search = 50.0 }
groups = { social = "video" }
group_budgets = { video = 300.0 }
"""
    terms = load_shop(write(tmp_path, NEEDED + ads)).ads
    assert (terms.weeks, terms.budget, terms.audience_size) == (6, 900.0, 500)
    assert terms.audience_segments == ("dormant", "promising")
    assert terms.channel_minimums == {"search": 50.0}
    plain = load_shop(write(tmp_path, NEEDED)).ads
    assert (plain.budget, plain.audience_size, plain.largest_change, plain.minimum_marginal_return) == (None, None, 0.3, 1.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("group_budgets = { radio = 1.0 }", "name a group"),
        ("channel_minimums = { a = 2.0 }\nchannel_maximums = { a = 1.0 }", "no more than"),
        ("unlikely = 0.7", "less than buys_anyway"),
        ("groups = { a = 3 }", "in quotes"),
        ("weeks = 0", "whole number"),
        ("speed = 1", "settings nobody knows"),
    ],
)
def test_ad_terms_that_make_no_sense_name_their_mend(tmp_path: Path, settings: str, message: str) -> None:
    with pytest.raises(ShopError, match=message):
        load_shop(write(tmp_path, NEEDED + f"\n[ads]\n{settings}\n"))


def test_customer_terms_are_read_and_have_defaults(tmp_path: Path) -> None:
    told = "\n[customers]\nsnapshot_days = 30\nmost_contacts = 1\naudience_size = 500\ncost_per_contact = 0.4\n"
    terms = load_shop(write(tmp_path, NEEDED + told)).customers
    assert (terms.snapshot_days, terms.most_contacts, terms.audience_size, terms.cost_per_contact) == (30, 1, 500, 0.4)
    plain = load_shop(write(tmp_path, NEEDED)).customers
    assert (plain.snapshot_days, plain.contact_days, plain.most_contacts, plain.audience_size) == (92, 28, 2, None)
    with pytest.raises(ShopError, match="assumed_lift is 2"):
        load_shop(write(tmp_path, NEEDED + "\n[customers]\nassumed_lift = 2\n"))
