"""A micro-batch held to an exported contract: the rows that keep it, typed, and each error of the others by field.

It works from the JSON Schema alone: neither Pandera nor the use case's Python is imported. Rows come as JSON or as what a
JSON parser made of it, then types are checked too, or as a typed frame. No row is refused for another one's sake; a body
that is not JSON at all, too long or with too many rows, is refused whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from interlock.contracts.answers import Checked, Error
from interlock.contracts.fields import NOT_NULL, Fields
from interlock.contracts.keywords import RULES, asked
from interlock.contracts.kinds import LONGEST_TEXT, Kind
from interlock.contracts.parsing import parsed, shown
from interlock.errors import ContractError

LONGEST_BODY, MOST_ROWS = 8 * 2**20, 10_000


class Held(NamedTuple):
    """A rule as it is asked of a frame."""

    field: str
    keyword: str
    expected: str
    breaks: pl.Expr


@dataclass(frozen=True)
class Checker:
    """A contract, as `exported` gives it, ready to check."""

    schema: Mapping[str, Any]
    more: Sequence[Held] = field(default=())

    @cached_property
    def fields(self) -> Fields:
        return Fields(self.schema)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return self.fields.kinds

    @cached_property
    def rules(self) -> list[Held]:
        """The rules over values, apart from what a column type can hold."""
        return [*self._declared(), *self.more]

    @cached_property
    def limits(self) -> list[Held]:
        """What a typed frame may break and JSON is not read with: null where there is none, and a text that is too long."""
        needed = self.fields.required - self.fields.nullable
        nulls = [Held(name, "type", NOT_NULL, _missing(name, of)) for name, of in self.kinds.items() if name in needed]
        texts = {name: of for name, of in self.kinds.items() if of.dtype == pl.String}
        return nulls + [
            Held(name, "maxLength", *rule)
            for name, of in texts.items()
            if self.schema["properties"][name].get("maxLength") == LONGEST_TEXT
            for rule in RULES["maxLength"](name, of, LONGEST_TEXT)
        ]

    def _declared(self) -> Iterator[Held]:
        for name, said in self.schema["properties"].items():
            of = self.kinds[name]
            for keyword, value in asked(said):
                if of.keywords.get(keyword) != value:
                    yield from (Held(name, keyword, *rule) for rule in RULES[keyword](name, of, value))

    def body(self, body: bytes) -> Checked:
        """Check the JSON array of rows in `body`. Of a name that a row has twice the last value counts.

        Raises ContractError where it is no such array, or is longer than LONGEST_BODY.
        """
        if len(body) > LONGEST_BODY:
            raise ContractError(f"the body has {len(body):,} bytes", f"send at most {LONGEST_BODY:,} at once")
        rows = parsed(body)
        if type(rows) is not list:
            raise ContractError(f"the body is {shown(rows)}, expected is an array of rows", "send [{…}, {…}]")
        return self.rows(rows)

    def rows(self, rows: Sequence[Any]) -> Checked:
        """Check rows as a JSON parser gives them. Raises ContractError for more than MOST_ROWS."""
        if len(rows) > MOST_ROWS:
            raise ContractError(f"there are {len(rows):,} rows", f"send at most {MOST_ROWS:,} at once")
        found = self.fields.read(rows, {(rule.field, rule.keyword): rule.expected for rule in self.rules})
        broken = self._broken(found.frame, self.rules, lambda row, name: found.rows[row].get(name))
        return self._parted(found.frame, [*found.errors, *broken], found.unknown)

    def frame(self, rows: pl.DataFrame) -> Checked:
        """Check a typed frame; what columns it has besides stays.

        Raises ContractError where it lacks a required column, has one in another type, or one that a closed contract does not name.
        """
        self._shaped(rows.schema)
        there = set(rows.columns)
        asked = [rule for rule in (*self.limits, *self.rules) if there.issuperset(rule.breaks.meta.root_names())]
        errors = self._broken(rows, asked, lambda row, name: rows[name][row])
        return self._parted(rows, errors, tuple(name for name in rows.columns if name not in self.kinds))

    def _shaped(self, found: pl.Schema) -> None:
        table = self.schema["title"]
        for name, of in self.kinds.items():
            if name not in found and name in self.fields.required:
                raise ContractError(
                    f"{table}: the rows have no column {name}", f"its contract requires: {', '.join(sorted(self.fields.required))}"
                )
            if name in found and found[name] != of.dtype:
                raise ContractError(f"{table}: {name} is {found[name]}, declared is {of.dtype}", "cast it before it is added")
        if not self.schema["additionalProperties"] and (others := [name for name in found if name not in self.kinds]):
            raise ContractError(f"{table}: column {others[0]} is not in the contract, which allows no others", "leave it out")

    def _broken(self, frame: pl.DataFrame, rules: Sequence[Held], value: Callable[[int, str], Any]) -> Iterator[Error]:
        if not rules or not frame.height:
            return
        flags = frame.select(rule.breaks.any().alias(str(i)) for i, rule in enumerate(rules)).row(0)
        for rule, broken in zip(rules, flags, strict=True):
            if broken:
                fields = [rule.field] if rule.field in self.kinds else rule.breaks.meta.root_names()
                for row in frame.select(rule.breaks).to_series().arg_true():
                    told = ", ".join(shown(value(row, name)) for name in fields)
                    yield Error(row, rule.field, rule.keyword, told, rule.expected)

    def _parted(self, frame: pl.DataFrame, errors: Iterable[Error], unknown: tuple[str, ...]) -> Checked:
        order = {name: i for i, name in enumerate(self.kinds)}
        found = sorted(errors, key=lambda error: (error.row, order.get(error.field, len(order))))
        bad = {error.row for error in found}
        good = [row for row in range(frame.height) if row not in bad]
        return Checked(frame[good] if bad else frame, pl.Series(good, dtype=pl.Int64), found, unknown)


def _missing(name: str, of: Kind) -> pl.Expr:
    values = pl.col(name)
    return values.is_null() | values.is_nan() if of.dtype.is_float() else values.is_null()
