"""The contracts of a use case's requests and events, exported with its features."""

from functools import cache
from typing import Any

from interlock.contracts.exported import beyond, exported
from interlock.contracts.keywords import OWN
from interlock.contracts.rules import Rule
from interlock.errors import DeclarationError
from interlock.features import expressions
from interlock.usecase import Table, table_of


def contract(table: Table) -> dict[str, Any]:
    """The JSON Schema of a row of `table`, with the rules that it states beside its model as expressions that can be built again.

    One that the walker over expressions does not accept is named as unsaid, with the reason: it holds in training alone.
    The answer is made once, and must not be altered.
    """
    return _contract(table.model)


@cache
def _contract(model: type[Any]) -> dict[str, Any]:
    table = table_of(model)
    said = exported(table)
    rows, unsaid = [], list(said[OWN]["unsaid"])
    for rule in beyond(table):
        try:
            rows.append(_stated(rule))
        except DeclarationError as error:
            unsaid.append({"rule": rule.name, "field": rule.column, "why": error.found})
    return {**said, OWN: {"rows": rows, "unsaid": unsaid}}


def _stated(rule: Rule) -> dict[str, Any]:
    breaks = expressions.parse(rule.breaks)
    match breaks:
        case ["fn", "not_", [holds], _]:
            expected = expressions.show(holds)
        case _:
            expected = f"not {expressions.show(breaks)}"
    return {"rule": rule.name, "field": rule.column, "expected": expected, "breaks": breaks}
