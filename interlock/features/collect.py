"""From a use case's modules to its feature set: names are the module's variables, and every mistake is refused here."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import polars as pl

from interlock import usecase
from interlock.errors import DeclarationError
from interlock.features import declare, expressions
from interlock.features import featureset as fs
from interlock.features.declare import Declared
from interlock.features.dtypes import dtype_of, dtype_text
from interlock.features.expressions import Node
from interlock.usecase import Schema

MOST_ROWS = 2**31
MOST_TOTAL = 2**63


def load(name: str) -> fs.FeatureSet:
    """The feature set of the use case `name` of the project in the current folder."""
    schema = usecase.load_schema(name)
    declare.MADE.clear()
    module = usecase.load(name, "features")
    return collect(schema, named(module), module.__file__ or "features.py")


def named(module: ModuleType) -> dict[str, Declared]:
    """The features that `module` binds to names, families by dict included; raises DeclarationError where one is lost."""
    found: dict[str, Declared] = {}
    for name, value in vars(module).items():
        members = (
            value if isinstance(value, dict) and value and all(isinstance(item, Declared) for item in value.values()) else {name: value}
        )
        for key, item in members.items():
            if not isinstance(item, Declared):
                continue
            if key in found and found[key] is not item:
                raise DeclarationError(f"{item.place}: {key} is bound twice, first at {found[key].place}", "give one of them another name")
            found[key] = item
    kept = {id(item) for item in found.values()}
    file = usecase.place_of(module)
    for item in declare.MADE:
        if id(item) not in kept and item.place.rpartition(":")[0] == file:
            raise DeclarationError(
                f"{item.place}: this feature has no name of its own: it was bound again, or to none", "bind it to a name that is used once"
            )
    return found


def collect(schema: Schema, declared: Mapping[str, Declared], file: str) -> fs.FeatureSet:
    """The feature set of `declared`, checked against `schema`; raises DeclarationError with the line to mend."""
    return Collection(schema, declared, file).feature_set()


class Collection:
    """One pass over the declarations of a use case."""

    def __init__(self, schema: Schema, declared: Mapping[str, Declared], file: str) -> None:
        self.schema, self.declared, self.file = schema, declared, file
        request = schema.request
        self.request = fs.Request(
            request.by,
            request.as_of,
            {name: dtype_text(dtype) for name, dtype in request.types.items()},
            tuple(name for name, column in request.model.to_schema().columns.items() if column.nullable),
        )
        self.references: dict[str, fs.Reference] = {}
        self.histories: dict[str, fs.History] = {}
        self.names = {id(history): name for name, history in schema.histories.items()}
        self.done: dict[str, fs.AnyFeature] = {}

    def feature_set(self) -> fs.FeatureSet:
        for column in self.request.key:
            if column not in self.request.types:
                raise DeclarationError(f"{self.file}: the request has no column {column}", "declare it in the request's model")
        for name in self.declared:
            self._feature(name, ())
        if not any(feature.public for feature in self.done.values()):
            raise DeclarationError(f"{self.file}: no public feature is declared", 'write one: name = on_demand(col("…"), "what it is")')
        features = tuple(self.done[name] for name in self.declared)
        return fs.FeatureSet(self.request, self.references, self.histories, features)

    def _feature(self, name: str, path: tuple[str, ...]) -> fs.AnyFeature:
        item = self.declared[name]
        if name in path:
            raise DeclarationError(
                f"{item.place}: features read each other in a circle: {' → '.join((*path, name))}",
                "let one of them read what the others read",
            )
        if name not in self.done:
            if name in self.request.types:
                raise DeclarationError(f"{item.place}: {name} is a column of the request", "give the feature another name")
            if not name.startswith("_") and not item.about.description:
                raise DeclarationError(
                    f"{item.place}: {name} has no description", "add one, or a leading underscore if it is no input of the model"
                )
            self.done[name] = KINDS[item.kind](self, name, item, path)
        return self.done[name]

    def _lookup(self, name: str, item: Declared, _: tuple[str, ...]) -> fs.Lookup:
        table, column, keys = item.what["table"], item.what["column"], item.what["keys"]
        self._reference(table, [column], keys, item.place)
        self._keys(keys, table.types, item.place)
        return fs.Lookup(name, dtype_text(table.types[column]), item.about, table.name, column, keys)

    def _on_demand(self, name: str, item: Declared, path: tuple[str, ...]) -> fs.OnDemand:
        node = self._parse(item.what["expression"], item.place)
        types = {}
        for column in sorted(expressions.columns(node)):
            if column in self.declared:
                types[column] = dtype_of(self._feature(column, (*path, name)).dtype)
            elif column in self.request.types:
                types[column] = dtype_of(self.request.types[column])
            else:
                raise self._unknown(column, item.place, [*self.request.types, *self.declared])
        return fs.OnDemand(name, dtype_text(self._type(node, types, item.place)), item.about, node)

    def _latest(self, name: str, item: Declared, _: tuple[str, ...]) -> fs.Latest:
        history, where, types = self._rows(item)
        value = self._parse(item.what["value"], item.place)
        dtype = dtype_text(self._type(value, types, item.place))
        return fs.Latest(name, dtype, item.about, history, item.what["keys"], value, where, item.what["max_age"], item.what["ago"])

    def _window(self, name: str, item: Declared, _: tuple[str, ...]) -> fs.Window:
        history, where, types = self._rows(item)
        what, statistic = item.what, item.what["statistic"]
        measure = None if what["measure"] is None else self._parse(what["measure"], item.place)
        places, max_abs = 0, 1.0
        dtype: pl.DataType = pl.Int64()
        if measure is not None:
            dtype = self._type(measure, types, item.place)
            places, max_abs = self._precision(item, measure, dtype)
        whole = statistic == "count" or (statistic == "sum" and not places)
        kind = dtype if statistic in {"min", "max"} else pl.Int64() if whole else pl.Float64()
        return fs.Window(
            name,
            dtype_text(kind),
            item.about,
            history,
            what["keys"],
            statistic,
            what["width"],
            measure,
            where,
            places,
            max_abs,
            what["ago"],
        )

    def _precision(self, item: Declared, measure: Node, dtype: pl.DataType) -> tuple[int, float]:
        statistic, what = item.what["statistic"], item.what
        if statistic == "share" and dtype != pl.Boolean:
            raise DeclarationError(f"{item.place}: a share needs a condition, found {dtype}", 'write one, such as col("amount") > 0')
        if dtype == pl.Boolean or (statistic in {"min", "max"} and (dtype.is_numeric() or dtype.is_temporal())):
            return 0, 1.0
        if not dtype.is_numeric():
            raise DeclarationError(
                f"{item.place}: {expressions.show(measure)} is {dtype}, which has no {statistic}", "measure a number or a condition"
            )
        if dtype.is_float() and "places" not in what:
            raise DeclarationError(
                f"{item.place}: {expressions.show(measure)} is a float without places", "state its decimal places, such as places=2"
            )
        places = int(what.get("places", 0))
        max_abs = what.get("max_abs", self._bound(item.what["history"], measure))
        if max_abs is None:
            raise DeclarationError(
                f"{item.place}: {expressions.show(measure)} has no bound", "give its column ge= and le= in schema.py, or state max_abs="
            )
        if max_abs * 10**places * MOST_ROWS >= MOST_TOTAL or not 0 <= places <= 9:
            raise DeclarationError(
                f"{item.place}: totals of {expressions.show(measure)} (up to {max_abs:g} with {places} places) could overflow 64 bits",
                "state fewer places or a smaller max_abs",
            )
        return places, float(max_abs)

    def _bound(self, history: usecase.History, measure: Node) -> float | None:
        """The greatest absolute value that the contract of the source lets a plain column take."""
        if measure[0] != "col" or measure[1] not in history.columns:
            return None
        origin = self._parse(history.columns[measure[1]], history.place)
        column = history.of.model.to_schema().columns.get(origin[1]) if origin[0] == "col" else None
        limits = {key: value for check in (column.checks if column else []) for key, value in check.statistics.items()}
        low = next((limits[key] for key in ("min_value",) if key in limits), None)
        high = next((limits[key] for key in ("max_value",) if key in limits), None)
        return None if low is None or high is None else max(abs(low), abs(high))

    def _rows(self, item: Declared) -> tuple[str, Node | None, dict[str, pl.DataType]]:
        history = item.what["history"]
        name = self.names.get(id(history))
        if name is None:
            raise DeclarationError(f"{item.place}: this history is not a variable of schema.py", "bind it to a name there")
        if self.request.as_of is None:
            raise DeclarationError(f"{item.place}: the request has no as_of, so nothing can look back from it", "declare as_of in @request")
        types = {key: dtype_of(value) for key, value in self._history(name, history).types.items()}
        self._keys(item.what["keys"], types, item.place)
        where = None if item.what["where"] is None else self._parse(item.what["where"], item.place)
        if where is not None and self._type(where, types, item.place) != pl.Boolean:
            raise DeclarationError(f"{item.place}: where= is not a condition", 'compare something, such as col("kind") == "login"')
        return name, where, types

    def _history(self, name: str, history: usecase.History) -> fs.History:
        if name not in self.histories:
            self.histories[name] = self._derived(history)
        return self.histories[name]

    def _derived(self, history: usecase.History) -> fs.History:
        place, types = history.place, dict(history.of.types)
        looks = {}
        for column, look in history.lookups.items():
            self._reference(look.reference, [look.column], look.keys, place)
            types[column] = look.reference.types[look.column]
            looks[column] = fs.Look(look.reference.name, look.column, look.keys)
        where = None if history.where is None else self._parse(history.where, place)
        if where is not None and self._type(where, types, place) != pl.Boolean:
            raise DeclarationError(f"{place}: where= is not a condition", 'compare something, such as col("amount") > 0')
        read = [node for node in (where,) if node is not None]
        steps = {}
        for name, expression in history.let.items():
            if name in types:
                raise DeclarationError(f"{place}: let= gives {name}, which is a column already", "give the step another name")
            steps[name] = self._parse(expression, place)
            types[name] = self._type(steps[name], types, place)
        identity, time = self._parse(history.id, place), self._parse(history.time, place)
        available = None if history.available is None else self._parse(history.available, place)
        for node in (time, available):
            if node is not None and (found := self._type(node, types, place)) != pl.Datetime("us", "UTC"):
                raise DeclarationError(
                    f"{place}: {expressions.show(node)} is {found}, not a time in UTC microseconds",
                    'convert it: .dt.convert_time_zone("UTC")',
                )
        nodes = {key: self._parse(value, place) for key, value in history.columns.items()}
        kinds = {key: dtype_text(self._type(node, types, place)) for key, node in nodes.items()}
        read += [*steps.values(), *nodes.values(), identity, time, *([available] if available is not None else [])]
        self._type(identity, types, place)
        used = set().union(*map(expressions.columns, read), *({ours for _, ours in look.keys} for look in looks.values()))
        reads = {column: dtype_text(dtype) for column, dtype in history.of.types.items() if column in used}
        return fs.History(history.of.name, reads, identity, time, nodes, kinds, available, history.lateness, where, looks, steps)

    def _reference(self, table: usecase.Table, columns: list[str], keys: fs.Keys, place: str) -> None:
        if sorted(theirs for theirs, _ in keys) != sorted(table.by):
            raise DeclarationError(f"{place}: {table.name} is looked up by {', '.join(table.by)}", "write by= with exactly these columns")
        known = self.references.get(table.name)
        types = {**(known.types if known else {}), **{column: dtype_text(table.types[column]) for column in (*table.by, *columns)}}
        self.references[table.name] = fs.Reference(table.by, dict(sorted(types.items())))

    def _keys(self, keys: fs.Keys, types: Mapping[str, pl.DataType], place: str) -> None:
        for theirs, ours in keys:
            if theirs not in types:
                raise self._unknown(theirs, place, types)
            if ours not in self.request.types:
                raise DeclarationError(
                    f"{place}: the request has no column {ours} to look {theirs} up by", f"it has: {', '.join(self.request.types)}"
                )
            if types[theirs] != (found := dtype_of(self.request.types[ours])):
                raise DeclarationError(
                    f"{place}: {theirs} is {types[theirs]} there and {ours} is {found} in the request", "make the types equal in schema.py"
                )

    def _parse(self, expression: pl.Expr, place: str) -> Node:
        try:
            return expressions.parse(expression)
        except DeclarationError as error:
            raise DeclarationError(f"{place}: {error.found}", error.remedy) from error

    def _type(self, node: Node, types: Mapping[str, pl.DataType], place: str) -> pl.DataType:
        """The type of `node` over columns of `types`, as Polars finds it without a row."""
        for column in sorted(expressions.columns(node)):
            if column not in types:
                raise self._unknown(column, place, types)
        try:
            found = pl.LazyFrame(schema=dict(types)).select(expressions.build(node).alias("x")).collect_schema()["x"]
            dtype_text(found)
            pl.DataFrame(schema=dict(types)).select(expressions.build(node).alias("x"))
        except (pl.exceptions.PolarsError, DeclarationError) as error:
            raise DeclarationError(f"{place}: {expressions.show(node)}: {error}", "make the types of both sides fit") from error
        for part in expressions.within(node):
            if part[:2] in (["op", "floor_divide"], ["op", "modulo"]) and any(
                self._type(side, types, place).is_float() for side in part[2:]
            ):
                raise DeclarationError(
                    f"{place}: {expressions.show(part)} on floats differs between one row and many",
                    "divide and take .floor(), or use whole numbers",
                )
        return found

    def _unknown(self, column: str, place: str, known: Any) -> DeclarationError:
        if self.schema.outcome is not None and column in self.schema.outcome.types:
            return DeclarationError(f"{place}: {column} is the outcome, which no feature may read", "leave it out")
        return DeclarationError(f"{place}: there is no column {column} here", f"there are: {', '.join(known)}")


KINDS: dict[str, Callable[[Collection, str, Declared, tuple[str, ...]], fs.AnyFeature]] = {
    "lookup": Collection._lookup,
    "latest": Collection._latest,
    "window": Collection._window,
    "on_demand": Collection._on_demand,
}
