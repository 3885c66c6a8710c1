"""From a use case's modules to its feature set: names are the module's variables, and every mistake is refused here."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import polars as pl

from interlock import loading, usecase
from interlock.dtypes import dtype_of, dtype_text
from interlock.errors import DeclarationError
from interlock.features import declare, expressions
from interlock.features import featureset as fs
from interlock.features.contracting import contract
from interlock.features.declare import Declared
from interlock.features.derivation import derived
from interlock.features.expressions import Node
from interlock.features.lines import Line, Types
from interlock.features.precision import precision
from interlock.usecase import Schema

# What stands beside the key of a request in outcomes, predictions and scores.
BESIDE = ("label", "matured_at", "prediction", "raw_score", "score", "version")


def load(name: str) -> fs.FeatureSet:
    """The feature set of the use case `name` of the project in the current folder."""
    schema = usecase.load_schema(name)
    declare.MADE.clear()
    module = loading.load(name, "features")
    return collect(schema, named(module), loading.place_of(module))


def named(module: ModuleType) -> dict[str, Declared]:
    """The features that `module` binds to names, families by dict included; raises DeclarationError where one is lost."""
    found: dict[str, Declared] = {}
    for name, value in vars(module).items():
        family = isinstance(value, dict) and value and all(isinstance(item, Declared) for item in value.values())
        for key, item in (value if family else {name: value}).items():
            if isinstance(item, Declared) and found.setdefault(key, item) is not item:
                raise DeclarationError(f"{item.place}: {key} is bound twice, first at {found[key].place}", "give one of them another name")
    kept, file = {id(item) for item in found.values()}, loading.place_of(module)
    for item in declare.MADE:
        if id(item) not in kept and item.place.rpartition(":")[0] == file:
            said = f"{item.place}: this feature has no name of its own: it was bound again, or to none"
            raise DeclarationError(said, "bind it to a name that is used once")
    return found


def collect(schema: Schema, declared: Mapping[str, Declared], file: str) -> fs.FeatureSet:
    """The feature set of `declared`, checked against `schema`; raises DeclarationError with the line to mend."""
    return Collection(schema, declared, file).feature_set()


class Collection:
    """One pass over the declarations of a use case."""

    def __init__(self, schema: Schema, declared: Mapping[str, Declared], file: str) -> None:
        self.schema, self.declared, self.file = schema, declared, file
        self.request = _request(schema.request)
        self.references: dict[str, fs.Reference] = {}
        self.histories: dict[str, fs.History] = {}
        self.names = {id(history): name for name, history in schema.histories.items()}
        self.done: dict[str, fs.AnyFeature] = {}

    def feature_set(self) -> fs.FeatureSet:
        self._check_request(Line(self.schema.request.place))
        features = tuple(self._feature(name, ()) for name in self.declared)
        if not any(feature.public for feature in features):
            raise DeclarationError(f"{self.file}: no public feature is declared", 'write one: name = on_demand(col("…"), "what it is")')
        return fs.FeatureSet(self.request, self.references, self.histories, features, self._contracts())

    def _contracts(self) -> dict[str, dict[str, Any]]:
        """The contracts of a request and of a row of each table that anything reads."""
        read = sorted({*self.references, *(history.source for history in self.histories.values())})
        return {table.name: contract(table) for table in (self.schema.request, *(self.schema.tables[name] for name in read))}

    def _check_request(self, line: Line) -> None:
        types, key = self.request.types, self.request.key
        if missing := [column for column in key if column not in types]:
            raise line.wrong(f"the request has no column {missing[0]}", "declare it in the request's model")
        if self.request.as_of is not None and (found := types[self.request.as_of]) != "Datetime[us,UTC]":
            raise line.wrong(f"{self.request.as_of} of the request is {found}", "declare it as Utc")
        if taken := [column for column in key if column in BESIDE]:
            raise line.wrong(f"the key of the request has a column {taken[0]}, as predictions have", "give it another name in requests()")
        outcome = self.schema.outcome.types if self.schema.outcome else {}
        if told := [column for column in types if column in outcome and column not in key]:
            raise line.wrong(f"the request has a column {told[0]}, which is the outcome", "leave it out of the request")

    def _line(self, place: str) -> Line:
        return Line(place, frozenset(self.schema.outcome.types) - set(self.request.types) if self.schema.outcome else frozenset())

    def _feature(self, name: str, path: tuple[str, ...]) -> fs.AnyFeature:
        item = self.declared[name]
        line = self._line(item.place)
        if name in path:
            raise line.wrong(
                f"features read each other in a circle: {' → '.join((*path, name))}", "let one of them read what the others read"
            )
        if name not in self.done:
            if not str(name).isidentifier() or name.startswith("__"):
                raise line.wrong(f"{name!r} is no name of a feature", "call it as a variable, without two underscores before")
            if name in self.request.types:
                raise line.wrong(f"{name} is a column of the request", "give the feature another name")
            if not name.startswith("_") and not item.about.description:
                raise line.wrong(f"{name} has no description", "add one, or a leading underscore if it is no input of the model")
            self.done[name] = made = KINDS[item.kind](self, name, item, line, path)
            dtype = dtype_of(made.dtype)
            if made.about.expect is not None and not (dtype.is_numeric() or dtype == pl.Boolean):
                raise line.wrong(f"{name} is {dtype}, which no expect= can bound", "leave it out")
        return self.done[name]

    def _lookup(self, name: str, item: Declared, line: Line, _: tuple[str, ...]) -> fs.Lookup:
        table, column, keys = item.what["table"], item.what["column"], item.what["keys"]
        self._reference(table, column, keys, line)
        self._keys(keys, table.types, line)
        return fs.Lookup(name, dtype_text(table.types[column]), item.about, table.name, column, keys)

    def _on_demand(self, name: str, item: Declared, line: Line, path: tuple[str, ...]) -> fs.OnDemand:
        node = line.parse(item.what["expression"])
        read = expressions.columns(node)
        types = {column: dtype_of(dtype) for column, dtype in self.request.types.items() if column in read}
        types |= {column: dtype_of(self._feature(column, (*path, name)).dtype) for column in self.declared if column in read}
        for column in sorted(read - types.keys()):
            raise line.unknown(column, [*self.request.types, *self.declared])
        return fs.OnDemand(name, dtype_text(line.type(node, types)), item.about, node)

    def _latest(self, name: str, item: Declared, line: Line, _: tuple[str, ...]) -> fs.Latest:
        history, where, types = self._rows(item, line)
        value, what = line.parse(item.what["value"]), item.what
        dtype = dtype_text(line.type(value, types))
        return fs.Latest(name, dtype, item.about, history, what["keys"], value, where, what["max_age"], what["ago"])

    def _window(self, name: str, item: Declared, line: Line, _: tuple[str, ...]) -> fs.Window:
        history, where, types = self._rows(item, line)
        what, statistic, about, keys = item.what, item.what["statistic"], item.about, item.what["keys"]
        width, ago = what["width"], what["ago"]
        if what["measure"] is None:
            return fs.Window(name, "Int64", about, history, keys, statistic, width, None, where, ago=ago)
        measure = line.parse(what["measure"])
        dtype = line.type(measure, types)
        places, most = precision(line, item, measure, dtype)
        kept = dtype if statistic in {"min", "max"} else pl.Int64() if statistic == "sum" and not places else pl.Float64()
        return fs.Window(name, dtype_text(kept), about, history, keys, statistic, width, measure, where, places, most, ago)

    def _rows(self, item: Declared, line: Line) -> tuple[str, Node | None, Types]:
        """The name of a feature's history, its filter, and the types of what it may read."""
        history = item.what["history"]
        name = self.names.get(id(history))
        if name is None:
            raise line.wrong("this history is not a variable of schema.py", "bind it to a name there")
        if self.request.as_of is None:
            raise line.wrong("the request has no as_of, so nothing can look back from it", "declare as_of in @request")
        if name not in self.histories:
            there = self._line(history.place)
            for look in history.lookups.values():
                self._reference(look.reference, look.column, look.keys, there)
            self.histories[name] = derived(there, history)
        types = {column: dtype_of(dtype) for column, dtype in self.histories[name].types.items()}
        self._keys(item.what["keys"], types, line)
        return name, line.condition(item.what["where"], types), types

    def _reference(self, table: usecase.Table, column: str, keys: fs.Keys, line: Line) -> None:
        """Note that `column` of a reference is read."""
        if sorted(theirs for theirs, _ in keys) != sorted(table.by):
            raise line.wrong(f"{table.name} is looked up by {', '.join(table.by)}", "write by= with exactly these columns")
        if unknown := [name for name in (*table.by, column) if name not in table.types]:
            raise line.unknown(unknown[0], table.types)
        known = self.references[table.name].types if table.name in self.references else {}
        types = known | {name: dtype_text(table.types[name]) for name in (*table.by, column)}
        self.references[table.name] = fs.Reference(table.by, dict(sorted(types.items())))

    def _keys(self, keys: fs.Keys, types: Types, line: Line) -> None:
        for theirs, ours in keys:
            if theirs not in types:
                raise line.unknown(theirs, types)
            if ours not in self.request.types:
                raise line.wrong(f"the request has no column {ours} to look {theirs} up by", f"it has: {', '.join(self.request.types)}")
            if types[theirs] != (found := dtype_of(self.request.types[ours])):
                said = f"{theirs} is {types[theirs]} there and {ours} is {found} in the request"
                raise line.wrong(said, "make the types equal in schema.py")


def _request(request: usecase.Table) -> fs.Request:
    columns = request.model.to_schema().columns
    types = {name: dtype_text(dtype) for name, dtype in request.types.items()}
    return fs.Request(request.by, request.as_of, types, tuple(name for name, column in columns.items() if column.nullable))


KINDS: dict[str, Callable[[Collection, str, Declared, Line, tuple[str, ...]], fs.AnyFeature]] = {
    "lookup": Collection._lookup,
    "latest": Collection._latest,
    "window": Collection._window,
    "on_demand": Collection._on_demand,
}
