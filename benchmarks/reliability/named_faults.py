"""Named faults over the contract's tables and shop.toml: each comes to its documented outcome (`docs/guides/bad_input.md`)."""

import tempfile
from pathlib import Path

from benchmarks.reliability.bad_input.corpus import FAULTS
from benchmarks.reliability.bad_input.judge import judge
from benchmarks.reliability.outcome import Outcome, trial


def run(size: str, root: Path) -> list[Outcome]:
    """Every fault once, at any size."""
    # not below root, which only its owner may enter: some faults are read as a user without rights
    with tempfile.TemporaryDirectory() as folder, trial("nothing silent: named faults in a shop's files") as outcome:
        Path(folder).chmod(0o755)
        kinds = {"no_shop": 0, "refused": 0, "quarantined": 0, "accepted": 0}
        for number, fault in enumerate(FAULTS):
            expected = fault.expected
            kind = (
                "no_shop" if expected.no_shop else "refused" if expected.refuses else "quarantined" if expected.quarantined else "accepted"
            )
            kinds[kind] += 1
            outcome.tries += 1
            outcome.faults += 1
            for complaint in judge(fault, Path(folder) / f"shop-{number}").complaints:
                outcome.expect(False, f"{fault.name}: {complaint}")
        outcome.note = (
            f"{kinds['quarantined']} end in quarantined rows, {kinds['refused']} in a refused file, {kinds['no_shop']} in one error about "
            f"shop.toml, {kinds['accepted']} are accepted and explained"
        )
    return [outcome]
