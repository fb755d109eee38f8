"""The parts a contract table is made of: columns, tables, and the columns that many tables share."""

from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["text", "integer", "number", "money", "day", "timestamp", "flag"]
Need = Literal["required", "one of two", "optional"]


@dataclass(frozen=True)
class Column:
    """One column of a contract table.

    `minimum` and `maximum` are inclusive; `allowed` lists the only values accepted; `default` fills a missing column
    or an empty cell; `personal` marks what may not pass landing as it is (ids become keyed pseudonyms, the rest is dropped);
    `checked_only` marks what rows are judged by and what then need not land.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    default: str | float | bool | None = None
    personal: Literal["", "pseudonym", "drop"] = ""
    checked_only: bool = False


@dataclass(frozen=True)
class Table:
    """One contract table. `about` names the column with the about day; None marks reference data known from the start."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    about: str | None
    without: str
    need: Need = "optional"
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        missing = [name for name in (*self.key, *([self.about] if self.about else [])) if name not in self.by_name]
        if missing:
            raise ValueError(f"Expected key and about columns of {self.name} among its columns; missing {missing}.")

    @property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


RECORDED_AT = Column(
    "recorded_at",
    "timestamp",
    "when the shop's system wrote this record; decides from which day on decisions may use it",
)
CUSTOMER_ID = Column(
    "customer_id", "text", "the shop's customer number; leaves landing as the pseudonym `customer_key`", personal="pseudonym"
)
CURRENCY = Column("currency", "text", "ISO 4217 code of the row's money; must be the shop's currency")
LOCATION_ID = Column("location_id", "text", "store, warehouse or web shop", default="main")


def required(column: Column, *, default: str | float | bool | None = None) -> Column:
    """The column as one that every row must fill."""
    return replace(column, required=True, default=default)


def contract_table(
    name: str, grain: str, key: tuple[str, ...], about: str | None, columns: tuple[Column, ...], without: str, need: Need = "optional"
) -> Table:
    """A table of the contract; every one may carry `recorded_at`, and one with money its `currency`."""
    if any(column.kind == "money" for column in columns) and all(column.name != CURRENCY.name for column in columns):
        columns = (*columns, replace(CURRENCY, checked_only=True))
    return Table(name=name, grain=grain, columns=(*columns, RECORDED_AT), key=key, about=about, without=without, need=need)
