"""A shop's check as plain text, at most 100 characters wide where the shop's own names allow it."""

import textwrap

from shops.check_facts import Problem, ShopCheck, TableCheck

WIDTH = 100
SHOWN_PROBLEMS = 20
MARKS = {"yes": "yes", "with assumptions": "partly", "no": "no"}


def render(check: ShopCheck) -> str:
    """Return the check as text for people: what was understood, what is wrong, what can be decided."""
    return "\n".join(
        [
            *_understood(check),
            "",
            *_wrong(check),
            "",
            "What can be decided",
            *[
                line
                for decision in check.decisions
                for line in _wrapped(f"  {MARKS[decision.possible]:<7} {decision.decision}: {decision.why}.", "          ")
            ],
            *_missing(check),
            "",
        ]
    )


def _understood(check: ShopCheck) -> list[str]:
    facts = check.facts
    until = check.last_day or "today"
    return [
        f"Shop {check.name} ({check.folder})",
        f"  {check.first_day} to {until}, {check.currency}, {check.time_zone}",
        f"  {facts.history_days:,} days of sales; sold: {facts.products:,} products; locations: {facts.locations:,};"
        f" customers: {facts.customers:,}",
        "",
        "What was understood",
        f"  {'table':<20}{'files':>6}{'rows':>12}{'accepted':>12}{'refused':>10}  about",
        *[_table_line(table) for table in check.tables],
    ]


def _table_line(table: TableCheck) -> str:
    about = f"{table.first_day} to {table.last_day}" if table.first_day else "reference"
    counts = f"{table.files:>6,}{table.rows_read:>12,}{table.rows_accepted:>12,}{table.rows_quarantined:>10,}"
    return f"  {table.name:<20}{counts}  {about}"


def _wrong(check: ShopCheck) -> list[str]:
    lines = ["What is wrong"]
    if not check.problems:
        lines.append("  Nothing: every row read was accepted.")
    for problem in check.problems[:SHOWN_PROBLEMS]:
        lines += _problem_lines(problem)
    if len(check.problems) > SHOWN_PROBLEMS:
        rest = check.problems[SHOWN_PROBLEMS:]
        lines.append(f"  and {sum(problem.rows for problem in rest):,} rows for {len(rest)} more reasons or files.")
    if check.notes:
        lines += ["", "Worth knowing", *[line for note in check.notes for line in _wrapped(f"  - {note}", "    ")]]
    return lines


def _problem_lines(problem: Problem) -> list[str]:
    rows = "row" if problem.rows == 1 else "rows"
    head = f"  {problem.source_file}: {problem.rows:,} {rows} refused, {problem.reason_code}"
    return [head, *[line for example in problem.examples for line in _wrapped(f"    {example}", "      ")]]


def _missing(check: ShopCheck) -> list[str]:
    if not check.missing:
        return []
    lines = ["", "Tables that are not there, and what that means"]
    for name, without in check.missing.items():
        lines += _wrapped(f"  {name}: {without}.", "    ")
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, drop_whitespace=True, break_long_words=False, break_on_hyphens=False)
