"""What `interlock quarantine` shows: the report, with examples and the whole rows that they are of."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from interlock import outcome
from interlock.contracts import evidence, review
from interlock.contracts.evidence import Cells
from interlock.contracts.review import Example, Review, Rule
from interlock.files import read_json


@dataclass(frozen=True)
class Shown:
    """The selected part of the report, its rules holding the examples asked for; `rows` are whole ones by table and number.

    `complete` where the ledger and the rows are here.
    """

    title: str
    review: Review
    rows: dict[str, dict[int, Cells]]
    complete: bool

    @property
    def rules(self) -> list[tuple[str, Rule]]:
        """The rules that saw something, with their tables, the worst first."""
        return review.worst((name, rule) for name, table in self.review.tables.items() for rule in table.rules if rule.saw)

    def examples(self, table: str, rule: Rule) -> Iterator[tuple[Example, Cells]]:
        """The examples of a rule, each with its whole row, which is empty where it is not here."""
        for example in rule.examples:
            yield example, self.rows[table].get(example.row, {}) if example.row is not None else {}


def find(table: str | None, rule: str | None, most: int) -> Shown:
    """The part of the last report about a table or a rule, with at most so many examples of each rule.

    Raises ArtifactError where there is no report, or the ledgers are not its own; DeclarationError where it knows no such
    table or rule.
    """
    whole = review.read()
    entries = evidence.ledgers(whole)
    chosen = review.selected(whole, table, rule)
    tables, rows = {}, {}
    for name, each in chosen.tables.items():
        rules = [_exemplified(name, found, entries[name] if entries else None, most) for found in each.rules]
        numbers = [example.row for found in rules for example in found.examples if example.row is not None]
        tables[name], rows[name] = msgspec.structs.replace(each, rules=rules), evidence.cells(name, numbers)
    complete = entries is not None and all(rows[name] or not any(rule.examples for rule in tables[name].rules) for name in rows)
    return Shown(outcome.title(), msgspec.structs.replace(chosen, tables=tables), rows, complete)


def told(found: Shown) -> Any:
    """The report as data, each example with its whole row where that is here."""
    whole = read_json(review.REPORT)
    tables = {name: {**whole["tables"][name], "rules": list(_rules(found, name))} for name in found.review.tables}
    said = {**whole, "findings": msgspec.to_builtins(found.review.findings), "tables": tables}
    return json.loads(msgspec.json.encode(said))  # JSON has no NaN, and says a time as text


def _rules(found: Shown, table: str) -> Iterator[Any]:
    for rule in found.review.tables[table].rules:
        said = [msgspec.to_builtins(example) | ({"cells": cells} if cells else {}) for example, cells in found.examples(table, rule)]
        yield msgspec.to_builtins(rule) | {"examples": said}


def _exemplified(table: str, rule: Rule, entries: Any, most: int) -> Rule:
    return msgspec.structs.replace(rule, examples=evidence.examples(table, rule, entries, most))
