"""What a caller is told of a batch: the rows that keep the contract, and each error of the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from interlock.errors import printable


class Error(NamedTuple):
    """What is wrong with one field of one row (0-based): the keyword that it breaks, the value shortened, what was expected."""

    row: int
    field: str
    rule: str
    value: str
    expected: str

    @property
    def words(self) -> str:
        return printable(f"{self.field or 'the row'} is {self.value}, expected is {self.expected}").replace("\n", "\\n")


@dataclass(frozen=True)
class Checked:
    """The `rows` that keep the contract with their `numbers` in the batch, the errors of the others by row and field.

    `unknown` are fields that the contract does not name and allows: they are not read.
    """

    rows: pl.DataFrame
    numbers: pl.Series
    errors: list[Error]
    unknown: tuple[str, ...] = ()


def reasons(errors: Iterable[Error]) -> dict[int, str]:
    """What is wrong with each row that has errors, in words."""
    found: dict[int, list[str]] = {}
    for error in errors:
        found.setdefault(error.row, []).append(error.words)
    return {row: "; ".join(words) for row, words in found.items()}
