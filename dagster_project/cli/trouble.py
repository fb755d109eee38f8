"""What the command line says when something outside its power goes wrong: one sentence of what happened, one of what to do.

Tracebacks go to a file, never to the person who has to mend a full disk.
"""

import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

NO_ROOM = re.compile(r"no space left|file too large|disk quota|disk i/o error|database or disk is full|errno 2[78]\b|errno 122\b", re.I)
NOT_ALLOWED = re.compile(
    r"permission denied|permissionerror|read-?only (database|file system)|unable to open database file|errno (13|30)\b", re.I
)
LIMIT_REACHED = re.compile(r"out of memory error: .*\([\d.]+ \w+/[\d.]+ \w+ used\)", re.I)  # DuckDB's, of what it was given
NO_MEMORY = re.compile(r"memoryerror|out of memory|cannot allocate memory|errno 12\b", re.I)
ADVICE = (
    (NO_ROOM, "The disk has no room left, or a file may not grow. Free some space and run again: what was finished is kept."),
    (
        NOT_ALLOWED,
        "Something may not be read or written here. Give this user the right to, or set COUNTINGHOUSE_VAR to a folder of its own.",
    ),
    (
        LIMIT_REACHED,
        "DuckDB may use no more memory than it has: raise COUNTINGHOUSE_MEMORY (4GB unless set) if the machine has more, and run again.",
    ),
    (NO_MEMORY, "Memory ran out. Close other programs, or lower COUNTINGHOUSE_MEMORY or COUNTINGHOUSE_THREADS, and run again."),
)


def advice(text: str) -> str:
    """What to do about an error whose text is `text`; empty where nothing better is known than the text itself."""
    return next((sentence for pattern, sentence in ADVICE if pattern.search(text)), "")


def sentence_of(error: BaseException) -> str:
    """The innermost cause in one line, and what to do about it."""
    chain = [error]
    while (below := chain[-1].__cause__ or (None if chain[-1].__suppress_context__ else chain[-1].__context__)) is not None:
        chain.append(below)
    innermost = chain[-1]
    lines = str(innermost).strip().splitlines()
    said = f"{type(innermost).__name__}: {lines[0] if lines else 'no reason given'}"
    known = next(filter(None, (advice(f"{type(each).__name__}: {each}") for each in reversed(chain))), "")
    return f"{said}. {known}" if known else said


def write_details(error: BaseException, folder: Path) -> Path | None:
    """The traceback as a file in `folder`; None where nothing can be written (a full disk is a common reason to come here)."""
    file = folder / f"error-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return None
    return file
