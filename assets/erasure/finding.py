"""What an erasure found and did, place by place; and who is looked for."""

from dataclasses import dataclass

from shops.erased import pseudonym_of

INSTEAD = "<erased>"
DISTINCTIVE_DIGITS = 10


@dataclass(frozen=True)
class Person:
    """The person to erase: the shop's own customer number and the pseudonym it became."""

    number: str
    pseudonym: str

    @property
    def is_distinctive(self) -> bool:
        """Whether the number is unlikely to stand for anything else: letters and digits mixed, or many digits.

        `17850` may be a customer, a product, an amount or a row; `C0017850` is a customer.
        """
        letters = any(sign.isalpha() for sign in self.number)
        digits = sum(sign.isdigit() for sign in self.number)
        return (letters and digits >= 4) or digits >= DISTINCTIVE_DIGITS or (letters and len(self.number) >= DISTINCTIVE_DIGITS)


@dataclass(frozen=True)
class Finding:
    """Rows (or texts) of one place that named the person, and what was done: `removed`, `made anonymous` or `replaced`."""

    room: str
    place: str
    rows: int
    done: str


def person(number: str, key: bytes) -> Person:
    """Who is meant by a customer number."""
    return Person(number.strip(), pseudonym_of(number, key))
