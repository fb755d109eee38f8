"""The named faults as a page for people: `docs/guides/bad_input.md`, printed from the corpus and from what the intake says of each.

`python -m benchmarks.reliability.bad_input.page` writes it; a test compares every line with what the fault comes to.
"""

import tempfile
from pathlib import Path

from benchmarks.reliability.bad_input.corpus import FAULTS, GROUPS
from benchmarks.reliability.bad_input.fault import Fault
from benchmarks.reliability.bad_input.judge import judge

PAGE = Path(__file__).parents[3] / "docs" / "guides" / "bad_input.md"
LONGEST_SENTENCE = 170
HEAD = """# What becomes of bad input

<!-- Printed by `make docs` from benchmarks/reliability/bad_input; a test compares it with what happens. -->

Records are never mended by guessing. A row that meets the [input contract](../input_contract.md) lands; one that does not is kept in
quarantine with its file, its row and one sentence (table `quarantine`); a file that cannot be read at all is one row there, without a
row number; a shop.toml that cannot be used is one error. Rows read = rows accepted + rows quarantined, for every file, always, and one
bad row, file or table never stops the others. `countinghouse shop check FOLDER` says all of it before anything is run, and remarks on
what is accepted but may not be meant: columns left out, files nobody reads, ids no table describes, ids that only look alike.

What stands in a shop's files is text and numbers, never code: names are no SQL, no path, no markup. A spreadsheet is the one reader that
takes text for formulas. So the published tables hold names and ids as the shop wrote them (BI tools join on them), and
`countinghouse export TABLE FILE.csv` writes the CSV for spreadsheets, in which an apostrophe stands before text that begins with
`=`, `+`, `-`, `@`, a tab or a line break. Numbers are not touched.

Beyond the faults named here, files damaged at random are read by the thousand: `make bench-reliability` says how many, and what came of
them.
"""


def fault_page(lines: dict[str, str]) -> str:
    """The page as Markdown; `lines` are the faults' lines by name."""
    parts = [HEAD, f"{len(FAULTS)} faults, each a test.\n"]
    for group, faults in GROUPS.items():
        head = f"## {group}\n\n| fault | table | what comes of it | what is said | what to do, or why it is well |\n|---|---|---|---|---|"
        parts.append("\n".join([head, *(lines[fault.name] for fault in faults)]) + "\n")
    return "\n".join(parts)


def fault_line(fault: Fault, sentence: str) -> str:
    """One fault as a line of its group's table."""
    said = sentence if len(sentence) <= LONGEST_SENTENCE else sentence[:LONGEST_SENTENCE] + "…"
    cells = [fault.name, fault.table, _outcome(fault), said, fault.mend]
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _outcome(fault: Fault) -> str:
    expected = fault.expected
    if expected.no_shop:
        return "one error"
    if expected.refuses:
        return "the file is refused: `unreadable_file`"
    if expected.quarantined:
        ((code, rows),) = expected.quarantined.items()
        return f"{rows} of {expected.read} rows refused: `{code}`"
    return "accepted; `shop check` remarks on it" if expected.reported else "accepted"


def _escaped(cell: str) -> str:
    return "".join({"|": "\\|", "<": "&lt;", "\n": " "}.get(each, each) for each in cell)


def main() -> None:
    """Write the page."""
    lines = {}
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            lines[fault.name] = fault_line(fault, judge(fault, Path(folder) / "shop").sentence)
    PAGE.write_text(fault_page(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
