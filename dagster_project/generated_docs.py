"""Pages of `docs/` that are printed from code: the input contract and the table contracts. `make docs` writes them, tests compare them."""

from assets.table_contracts import table_contracts
from dagster_project.settings import REPOSITORY
from shops.contract_doc import write_page

PAGE = REPOSITORY / "docs" / "table_contracts.md"
HEAD = """# Table contracts

What every table of the learning, decisions and review rooms promises. Printed
from `assets/contracts/*.yaml` by `make docs`; the marts' contracts
stand in `dbt/models/marts/**/*.yml`, and the published table `data_dictionary` holds both.
"""


def table_contracts_page() -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for name, contract in sorted(table_contracts().items()):
        rows = [f"| `{column.name}` | {column.kind} | {column.unit} | {column.meaning} |" for column in contract.columns]
        head = [
            f"## {name}",
            "",
            f"{contract.grain.capitalize()}; replaced by `{contract.day_column}`.",
            "",
            "| column | type | unit | meaning |",
            "|---|---|---|---|",
        ]
        parts.append("\n".join([*head, *rows]) + "\n")
    return "\n".join(parts)


def main() -> None:
    """Write both pages."""
    write_page(REPOSITORY)
    PAGE.write_text(table_contracts_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
