"""A declared history as data: how its rows come from one row of a source."""

import polars as pl

from interlock import usecase
from interlock.dtypes import dtype_text
from interlock.features import expressions
from interlock.features import featureset as fs
from interlock.features.lines import Line, Types


def derived(line: Line, history: usecase.History) -> fs.History:
    """The history in exported form; raises DeclarationError where an expression in it does not fit the source."""
    types: dict[str, pl.DataType] = dict(history.of.types)
    looks = {column: _look(line, column, look, types) for column, look in history.lookups.items()}
    types |= {column: look.reference.types[look.column] for column, look in history.lookups.items()}
    where = line.condition(history.where, types)
    steps = {}
    for name, expression in history.let.items():
        if name in types:
            raise line.wrong(f"let= gives {name}, which is a column already", "give the step another name")
        steps[name] = line.parse(expression)
        types[name] = line.type(steps[name], types)
    identity, time, available = line.parse(history.id), line.time(history.time, types), line.time(history.available, types)
    assert time is not None
    line.type(identity, types)
    columns = {name: line.parse(value) for name, value in history.columns.items()}
    kinds = {name: dtype_text(line.type(node, types)) for name, node in columns.items()}
    nodes = [node for node in (where, identity, time, available, *steps.values(), *columns.values()) if node is not None]
    used = set().union(*map(expressions.columns, nodes), *({ours for _, ours in look.keys} for look in looks.values()))
    reads = {column: dtype_text(dtype) for column, dtype in history.of.types.items() if column in used}
    return fs.History(history.of.name, reads, identity, time, columns, kinds, available, history.lateness, where, looks, steps)


def _look(line: Line, column: str, look: usecase.Lookup, types: Types) -> fs.Look:
    if column in types:
        raise line.wrong(f"lookups= gives {column}, which is a column already", "give the lookup another name")
    for theirs, ours in look.keys:
        if ours not in types:
            raise line.unknown(ours, types)
        if types[ours] != (found := look.reference.types[theirs]):
            raise line.wrong(f"{theirs} is {found} there and {ours} is {types[ours]} here", "make the types equal in schema.py")
    return fs.Look(look.reference.name, look.column, look.keys)
