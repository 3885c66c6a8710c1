"""The fields of rows as a JSON parser gives them: each a typed column, with an error for each value that does not fit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from interlock.contracts.answers import Error
from interlock.contracts.keywords import OWN
from interlock.contracts.kinds import Kind, kind
from interlock.contracts.moments import Misfit
from interlock.contracts.parsing import WIDTH, named, shown

UNKNOWN = 8
ABSENT, NOT_NULL = object(), "a value"
Rows: TypeAlias = Sequence[Mapping[str, Any]]
Expected: TypeAlias = Mapping[tuple[str, str], str]


class Read(NamedTuple):
    """Rows as a `frame`, null where a value does not fit, their errors, and the fields that are not named."""

    rows: Rows
    frame: pl.DataFrame
    errors: list[Error]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Fields:
    """The fields of a contract."""

    schema: Mapping[str, Any]

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return {name: kind(said[OWN]["type"]) for name, said in self.schema["properties"].items()}

    @cached_property
    def nullable(self) -> frozenset[str]:
        return frozenset(name for name, said in self.schema["properties"].items() if "null" in said["type"])

    @cached_property
    def required(self) -> frozenset[str]:
        return frozenset(self.schema["required"])

    def read(self, rows: Sequence[Any], expected: Expected) -> Read:
        """Rows as typed columns; `expected` are the words for a field and keyword where the contract says more than the type."""
        errors = [Error(i, "", "type", shown(row), "an object") for i, row in enumerate(rows) if type(row) is not dict]
        known = [row if type(row) is dict else {} for row in rows] if errors else rows
        out = {error.row for error in errors}
        unknown = self._unknown(known, errors)
        columns = [self._column(name, known, out, errors, expected) for name in self.kinds]
        return Read(known, pl.DataFrame(columns), errors, unknown)

    def _unknown(self, rows: Rows, errors: list[Error]) -> tuple[str, ...]:
        """Fields that the contract does not name: errors where it is closed, and told where it is open; some of each row."""
        names, found = self.kinds.keys(), dict[str, None]()
        for i, row in enumerate(rows):
            if not row.keys() <= names:
                some = [name for name in row if name not in names][:UNKNOWN]
                if self.schema["additionalProperties"]:
                    found |= dict.fromkeys(map(named, some if len(found) < UNKNOWN else []))
                else:
                    errors += [Error(i, named(name), "additionalProperties", shown(row[name]), self._no_such(name)) for name in some]
        return tuple(found)

    def _no_such(self, name: Any) -> str:
        from difflib import get_close_matches

        near = get_close_matches(str(name)[:WIDTH], self.kinds, n=1)
        return f"no such field{f', perhaps {near[0]}' if near else ''}"

    def _column(self, name: str, rows: Rows, out: set[int], errors: list[Error], expected: Expected) -> pl.Series:
        """The values of a field as a column, null where they do not fit it."""
        values = [row.get(name, ABSENT) for row in rows]
        if name not in self.nullable:
            errors += [Error(i, name, "type", "null", NOT_NULL) for i, value in enumerate(values) if value is None]
        if ABSENT in values:
            if name in self.required:
                absent = (i for i, value in enumerate(values) if value is ABSENT and i not in out)
                errors += [Error(i, name, "required", "missing", self.kinds[name].words) for i in absent]
            values = [None if value is ABSENT else value for value in values]
        return _fitted(name, self.kinds[name], values, errors, expected).alias(name)


def _fitted(name: str, of: Kind, values: Sequence[Any], errors: list[Error], expected: Expected) -> pl.Series:
    """Values as a column, null where one does not fit."""
    try:
        return of.read(values)
    except Misfit:
        left = list(values)
        for row, misfit in _misfits(of, values, 0):
            words = expected.get((name, misfit.rule), misfit.expected)
            errors.append(Error(row, name, misfit.rule, shown(values[row]), words))
            left[row] = None
        return of.read(left)


def _misfits(of: Kind, values: Sequence[Any], first: int) -> Iterator[tuple[int, Misfit]]:
    """Those of some values, the first of which has a number, that do not fit: found by halves."""
    try:
        of.read(values)
    except Misfit as misfit:
        half = len(values) // 2
        if not half:
            yield first, misfit
            return
        yield from _misfits(of, values[:half], first)
        yield from _misfits(of, values[half:], first + half)
