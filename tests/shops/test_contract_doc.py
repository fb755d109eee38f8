"""The page about the input contract is what the contract says."""

from pathlib import Path

from shops.contract import TABLES
from shops.contract_doc import PAGE, contract_page
from shops.intake_cells import FAULTS
from shops.intake_quarantine import REASONS

ROOT = Path(__file__).parents[2]


def test_the_page_in_docs_is_the_contract_as_it_stands() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == contract_page(), "print it again with shops.contract_doc.write_page"


def test_every_table_and_column_is_on_the_page() -> None:
    page = contract_page()
    for table in TABLES.values():
        section = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert all(f"| `{column.name}` |" in section for column in table.columns)


def test_every_reason_a_row_is_refused_for_is_explained() -> None:
    assert set(FAULTS) - {""} <= set(REASONS)
