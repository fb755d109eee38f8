"""Every named fault has its documented outcome, and the page about them says what happens."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.reliability.bad_input.corpus import FAULTS
from benchmarks.reliability.bad_input.fault import Fault
from benchmarks.reliability.bad_input.judge import judge
from benchmarks.reliability.bad_input.page import PAGE, fault_line, fault_page
from shops.contract import TABLES
from shops.intake_quarantine import REASONS

OF_ERASURE = {"erased"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_comes_to_what_is_documented(fault: Fault) -> None:
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path, which another user may not enter
        Path(folder).chmod(0o755)
        found = judge(fault, Path(folder) / "shop")
    assert found.complaints == []
    assert fault_line(fault, found.sentence) in PAGE.read_text(encoding="utf-8").splitlines(), "print the page again: make docs"


def test_the_page_holds_the_faults_of_the_corpus_and_no_others() -> None:
    page = PAGE.read_text(encoding="utf-8")
    lines = {name: line for line in page.splitlines() for name in [line.removeprefix("| ").split(" | ")[0]]}
    assert fault_page(lines) == page


def test_the_corpus_is_wide() -> None:
    names = Counter(fault.name for fault in FAULTS)
    assert len(names) >= 60
    assert max(names.values()) == 1
    assert {fault.table for fault in FAULTS} >= set(TABLES), "every table of the contract is damaged"
    reasons = {code for fault in FAULTS for code in fault.expected.quarantined}
    assert reasons == set(REASONS) - OF_ERASURE, "every reason is given"
