"""Reference tables (no day they are about) with several refused rows."""

from pathlib import Path

from shops.intake import read_table
from shops.shop import load_shop

TOML = '[shop]\nname = "tiny"\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\nfirst_day = 2024-03-01\nlast_day = 2024-03-14\n'


def test_two_refused_rows_are_quarantined(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(TOML)
    (tmp_path / "products.csv").write_text("product_id,unit_cost\ntea,1.5\ncup,many\npot,few\n")
    intake = read_table(load_shop(tmp_path), "products", b"0" * 32)
    assert intake.accepted["product_id"].to_list() == ["tea"]
    assert intake.quarantine["reason_code"].to_list() == ["not_a_number", "not_a_number"]
