"""Erased persons: who may never land again, known by a mark from which neither number nor pseudonym can be told.

Decides what is kept of an erased person, and what landing does with their rows. Kept is one *mark*: an HMAC, with the pseudonym key, of the
shop's name and the pseudonym. It lies beside the key and not in the state, so that it outlives a state that is made again; without the
key a mark says nothing, and with it only whether a pseudonym at hand is the one. Rows of sales tables stay as sales of nobody
(`ANONYMISED`); rows of every other table that names customers are refused with the reason `erased`, nothing of them is kept.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl
from filelock import FileLock

from shops.contract import Table
from shops.pseudonym import pseudonymise

ANONYMISED = ("order_lines",)
REASON = "erased"
SENTENCE = "The person was erased from this house; nothing of the row is kept."


@dataclass(frozen=True)
class Erased:
    """The erased persons of one shop."""

    shop_name: str
    key: bytes = field(repr=False)
    marks: frozenset[str] = frozenset()

    def mark(self, pseudonym: str) -> str:
        """What is kept of a person with this pseudonym in this shop."""
        return hmac.digest(self.key, f"erased\0{self.shop_name}\0{pseudonym}".encode(), "sha256").hex()

    def among(self, pseudonyms: pl.Series) -> pl.Series:
        """True where the pseudonym is that of an erased person."""
        if not self.marks:
            return pl.repeat(False, pseudonyms.len(), dtype=pl.Boolean, eager=True)
        gone = [each for each in pseudonyms.unique().drop_nulls() if self.mark(each) in self.marks]
        return pseudonyms.is_in(gone).fill_null(False)

    @cached_property
    def digest(self) -> str:
        """Changes with the list, for whatever is remembered under it."""
        return hashlib.sha256(" ".join(sorted(self.marks)).encode()).hexdigest() if self.marks else ""


def names_customers(table: Table) -> bool:
    """Whether rows of the table belong to a customer."""
    return any(column.personal == "pseudonym" for column in table.columns)


def is_dropped(table: Table) -> bool:
    """Whether an erased person's rows of the table are refused (else, where it names customers, they stay without the person)."""
    return names_customers(table) and table.name not in ANONYMISED


def without_person(landed: pl.DataFrame, erased: Erased) -> pl.DataFrame:
    """Landed rows of a sales table in which erased persons are nobody."""
    gone = erased.among(landed["customer_key"])
    if not gone.any():
        return landed
    return landed.with_columns(customer_key=pl.when(gone).then(None).otherwise("customer_key").cast(pl.String))


def refused_rows(table: Table, source_files: pl.Series) -> pl.DataFrame:
    """Quarantine rows for refused rows of erased persons: the file, and nothing by which the row could be found in it."""
    height = source_files.len()
    nothing = pl.repeat(None, height, dtype=pl.String, eager=True)
    return pl.DataFrame(
        {
            "table_name": pl.repeat(table.name, height, dtype=pl.String, eager=True),
            "source_file": source_files,
            "source_row": nothing.cast(pl.Int64),
            "business_day": nothing.cast(pl.Date),
            "reason_code": pl.repeat(REASON, height, dtype=pl.String, eager=True),
            "reason": pl.repeat(SENTENCE, height, dtype=pl.String, eager=True),
            "raw": pl.repeat("{}", height, dtype=pl.String, eager=True),
        }
    )


def erased_file(key_file: Path) -> Path:
    """Where the marks lie: beside the key."""
    return key_file.with_suffix(".erased")


def load_erased(key_file: Path, key: bytes, shop_name: str) -> Erased:
    """The erased persons of a shop. Raises ValueError on a damaged list: an empty one would bring every erased person back."""
    file = erased_file(key_file)
    lines = file.read_text(encoding="utf-8").split() if file.exists() else []
    if any(len(line) != 64 or set(line) - set("0123456789abcdef") for line in lines):
        raise ValueError(f"{file} is no list of marks of erased persons (64 hex digits a line); restore it from a backup.")
    return Erased(shop_name, key, frozenset(lines))


def note_erased(key_file: Path, erased: Erased, number: str) -> Erased:
    """Put the person with this customer number on the list, on disk before anything else happens; returns the list with them."""
    mark = erased.mark(pseudonym_of(number, erased.key))
    file = erased_file(key_file)
    with FileLock(file.with_suffix(".erased.lock")):
        marks = load_erased(key_file, erased.key, erased.shop_name).marks | {mark}
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as written:
            written.write("".join(f"{each}\n" for each in sorted(marks)))
            written.flush()
            os.fsync(written.fileno())
        os.replace(beside, file)
    return Erased(erased.shop_name, erased.key, marks)


def pseudonym_of(number: str, key: bytes) -> str:
    """The pseudonym of one customer number. Raises ValueError on an empty one."""
    if not number.strip():
        raise ValueError("Expected a customer number; got an empty text.")
    return pseudonymise(pl.Series([number]), key)[0]
