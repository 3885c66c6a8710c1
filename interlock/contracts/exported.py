"""The contract of a row as JSON Schema (draft 2020-12), read out of a table's Pandera model.

What JSON Schema has no word for stands under `x-interlock`: of a field its column type and, in the same keywords, bounds of
moments, numbers without end and patterns in the dialect of Polars, which are checked all the same; of the whole, rules that no
single row can break.
"""

import math
from collections.abc import Iterator, Set
from typing import Any

from interlock.contracts import reader
from interlock.contracts.keywords import OWN
from interlock.contracts.kinds import Keywords, kind
from interlock.contracts.phrases import SAID
from interlock.contracts.rules import Contract, Rule
from interlock.dtypes import dtype_text
from interlock.errors import DeclarationError
from interlock.terms import Term
from interlock.usecase import Table

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ONE_ROW, ALLOWED = "it cannot be seen in one row", "it refuses no row"


def exported(table: Table) -> dict[str, Any]:
    """The contract of one row of `table`; raises DeclarationError where a column has no form in JSON."""
    model = table.model
    contract, columns = reader.read(table), model.to_schema().columns
    held = {(rule.column, rule.name) for rule in contract.rules if _refuses(rule)}
    fields = {name: _field(columns[name], dtype, held, f"{model.__name__}.{name}") for name, dtype in contract.types.items()}
    told = model.__dict__.get("__doc__") or ""
    about = {"description": " ".join(told.split())} if told else {}
    return {
        "$schema": DIALECT, "title": table.name, **about, "type": "object", "properties": fields,
        "required": [name for name in contract.types if name in contract.required], "additionalProperties": not contract.closed,
        OWN: {"key": list(table.key), "unsaid": [{"rule": name, "field": field, "why": why} for name, field, why in _unsaid(contract)]},
    }  # fmt: skip


def _refuses(rule: Term) -> bool:
    """Whether a row that breaks the rule is out; with a warning, or a tolerated share instead of failure, it stays."""
    return rule.severity == "quarantine" or (rule.severity == "fail" and rule.tolerate == 0)


def beyond(table: Table) -> list[Rule]:
    """The rules that refuse a row and that no keyword says: those that a table states beside its model."""
    said = {(name, each) for name, column in table.model.to_schema().columns.items() for each in (reader.NULL, *map(_name, column.checks))}
    return [rule for rule in reader.read(table).rules if _refuses(rule) and (rule.column, rule.name) not in said]


def _name(check: Any) -> str:
    return str(check.error or check.name)


def _unsaid(contract: Contract) -> Iterator[tuple[str, str, str]]:
    for rule in (*contract.rules, *contract.groups):
        if not _refuses(rule):
            yield rule.name, rule.column, ALLOWED
        elif not isinstance(rule, Rule):
            yield rule.name, rule.column, ONE_ROW


def _field(column: Any, dtype: Any, held: Set[tuple[str, str]], where: str) -> Keywords:
    name = dtype_text(dtype)
    of = kind(name)
    said: Keywords = {**of.keywords, OWN: {"type": name}}
    checks = [check for check in column.checks if (column.name, _name(check)) in held]
    for check in checks:
        SAID[check.name](said, of, **check.statistics)
    if any(isinstance(value, float) and math.isnan(value) for value in said.values()):
        raise DeclarationError(f"{where}: a bound that is no number cannot be kept", "state a number, or leave it out")
    never_null = (column.name, reader.NULL) in held or any(not check.ignore_na for check in checks)
    return said if never_null else _or_null(said)


def _or_null(said: Keywords) -> Keywords:
    allowed = {"enum": [*said["enum"], None]} if "enum" in said else {}
    return {**said, "type": [said["type"], "null"], **allowed}
