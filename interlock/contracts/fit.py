"""What of a table's columns and types does not fit its contract."""

from collections.abc import Iterator

import polars as pl

from interlock.contracts.rules import Contract
from interlock.dtypes import dtype_text
from interlock.frames import ROW


def misfits(contract: Contract, found: pl.Schema) -> Iterator[tuple[str, str]]:
    """What of a table's columns and types does not fit its contract: the column, and what was found in words."""
    for name, dtype in contract.types.items():
        if name not in found:
            if name in contract.required:
                yield name, f"column {name} is missing{_nearest(name, contract, found)}"
        elif found[name] != dtype:
            yield (
                name,
                f"column {name} is {_said(found[name])}, the contract says {_said(dtype)}{_typed(name, found[name], dtype)}",
            )
    for name in unexpected(contract, found) if contract.closed else ():
        yield name, f"column {name} is not in the contract, which allows no others"


def unexpected(contract: Contract, found: pl.Schema) -> list[str]:
    """The columns that the contract does not know."""
    return [name for name in found if name not in contract.types and name != ROW]


def _said(dtype: pl.DataType) -> str:
    return dtype_text(dtype) if isinstance(dtype, pl.Datetime) else str(dtype)


def _typed(name: str, found: pl.DataType, dtype: pl.DataType) -> str:
    """What reads a column of text as what it is."""
    if found != pl.String:
        return ""
    if isinstance(dtype, pl.Datetime):
        return f" (conf/usecase/ reads it as one: types: {{{name}: Datetime}}, zones: {{{name}: UTC}})"
    return f" (conf/usecase/ reads it as one: types: {{{name}: {_said(dtype)}}})"


def _nearest(name: str, contract: Contract, found: pl.Schema) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, unexpected(contract, found), n=1)
    return f"; it has {near[0]}" if near else ""
