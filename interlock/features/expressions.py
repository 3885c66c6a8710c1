"""The one walker over an expression: it checks, prints, exports, rebuilds and fingerprints.

A node is plain data (nested lists of JSON values), in a normal form of our own: Polars' serialised form belongs to
its version, and reading one back can run code. Only row-wise operations whose bits are the same on every processor
are in the table of `operations`; anything else is refused by name.
"""

import hashlib
import io
import json
import math
import reprlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import polars as pl

from interlock.dtypes import dtype_of, dtype_text, serialised_text
from interlock.errors import DeclarationError
from interlock.features.operations import BINARY, BY_POLARS, FAMILIES, FUNCTIONS, TRANSCENDENTAL

Node: TypeAlias = list[Any]
BY_SIGN = {operation.polars: name for name, operation in BINARY.items()}
ELSEWHERE = {
    "Agg",
    "Quantile",
    "Over",
    "Filter",
    "Sort",
    "SortBy",
    "Gather",
    "Shift",
    "Diff",
    "Explode",
    "Slice",
    "Len",
    "Rank",
    "Reverse",
    "Unique",
}
DEEPEST = 400
LITERALS: dict[str, type] = {"int": int, "float": float, "null": type(None), "String": str, "Boolean": bool}
SCALARS = {"String", "Boolean", "Float32", "Float64", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"}


def parse(expression: pl.Expr) -> Node:
    """The normal form of a row-wise `expression`; raises DeclarationError that names what cannot be in one."""
    try:
        node = _node(json.loads(_serialised(expression)))
    except RecursionError as error:
        raise _too_deep() from error
    verify(node)
    return node


def verify(node: Node) -> None:
    """Raise DeclarationError where `node` is no expression, or is nested too deeply."""
    if _depth(node) > DEEPEST:
        raise _too_deep()
    build(node)


def build(node: Node) -> pl.Expr:
    """The Polars expression that `node` stands for; raises DeclarationError on data that is no node. Runs no code from it."""
    try:
        return _built(node)
    except RecursionError as error:
        raise _too_deep() from error
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise _unknown(node) from error


def _depth(node: Any) -> int:
    """How many lists deep `node` is."""
    level, found = [node], 0
    while level := [part for item in level if isinstance(item, list) for part in item]:
        found += 1
    return found


def _built(node: Any) -> pl.Expr:
    match node:
        case ["col", str(name)] if name != "*" and not name.startswith("^"):
            return pl.col(name)
        case ["lit", str(kind), value]:
            return _literal(kind, value)
        case ["when", condition, then, otherwise]:
            return pl.when(_built(condition)).then(_built(then)).otherwise(_built(otherwise))
        case ["cast", inner, str(dtype), bool(strict)]:
            return _built(inner).cast(dtype_of(dtype), strict=strict)
        case ["op", str(name), left, right] if name in BINARY:
            return BINARY[name].build(_built(left), _built(right))
        case ["fn", str(name), list(inputs), dict(options)] if name in FUNCTIONS:
            return FUNCTIONS[name].build(*map(_built, inputs), **options)
    raise _unknown(node)


def columns(node: Node) -> set[str]:
    """The names of the columns that `node` reads."""
    return {part[1] for part in within(node) if part[0] == "col"}


def within(node: Node) -> Iterator[Node]:
    """`node` and every node inside it."""
    yield node
    match node:
        case ["fn", _, inputs, _]:
            parts = inputs
        case ["op", _, *parts] | ["when", *parts]:
            pass
        case ["cast", inner, *_]:
            parts = [inner]
        case _:
            parts = []
    for part in parts:
        yield from within(part)


def substitute(node: Node, names: Mapping[str, Any]) -> Node:
    """`node` with each column in `names` replaced: by another name, or by a whole node."""

    def swap(leaf: Node) -> Node:
        if leaf[0] != "col" or leaf[1] not in names:
            return leaf
        new = names[leaf[1]]
        return ["col", new] if isinstance(new, str) else list(new)

    return _map_leaves(node, swap)


def show(node: Node) -> str:
    """The expression as a person would write it."""
    match node:
        case ["col", name]:
            return str(name)
        case ["lit", kind, value]:
            return _show_literal(kind, value)
        case ["when", condition, then, otherwise]:
            return f"when({show(condition)}).then({show(then)}).otherwise({show(otherwise)})"
        case ["cast", inner, dtype, _]:
            return f"{_tight(inner)}.cast({dtype})"
        case ["op", name, left, right]:
            return f"{_tight(left)} {BINARY[name].sign} {_tight(right)}"
        case ["fn", name, inputs, options]:
            return _show_call(name, inputs, [f"{key}={value!r}" for key, value in options.items()])
    raise AssertionError(node)


def digest(value: Any) -> str:
    """The fingerprint of a normal form: SHA-256 over its canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _serialised(expression: pl.Expr) -> str:
    try:
        return expression.meta.serialize(format="json")
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise DeclarationError(f"an expression cannot be read: {error}", "use Polars operations only, no Python function") from error


def _node(tree: Any) -> Node:
    kind, inner = _named(tree)
    if kind not in READERS:
        raise _refused(kind)
    return READERS[kind](inner)


def _binary(inner: Any) -> Node:
    if inner["op"] not in BY_SIGN:
        raise _refused(inner["op"])
    return ["op", BY_SIGN[inner["op"]], _node(inner["left"]), _node(inner["right"])]


def _function(inner: Any) -> Node:
    name, options = _named(inner["function"])
    if name in FAMILIES:
        part, options = _named(options)
        name = f"{name}.{part}"
    if name not in BY_POLARS:
        raise _refused(name)
    ours, inputs = BY_POLARS[name], [_node(item) for item in inner["input"]]
    if ours == "is_in" and not str(inputs[1][1]).startswith("list["):
        raise DeclarationError("is_in looks through a whole column", "list the values: .is_in([…])")
    return ["fn", ours, inputs, FUNCTIONS[ours].read(options)]


def _cast(inner: Any) -> Node:
    if inner["options"] not in {"Strict", "NonStrict"}:
        raise DeclarationError(
            f"a cast that is {inner['options'].lower()} wraps numbers silently", "cast to a wider type, or strict=False for null"
        )
    return ["cast", _node(inner["expr"]), serialised_text(inner["dtype"]), inner["options"] == "Strict"]


def _named(said: Any) -> tuple[str, Any]:
    return (said, None) if isinstance(said, str) else next(iter(said.items()))


def _read_literal(inner: Any) -> Node:
    kind, value = _named(inner)
    if kind == "Dyn":
        kind, value = _named(value)
        if value is None:
            raise DeclarationError("a literal is not a finite number", "write null (None) for what is unknown")
        return ["lit", kind.lower(), value]
    kind, value = _named(value) if kind == "Scalar" else (kind, value)
    match kind:
        case "Null":
            return ["lit", "null", None] if value == "Null" else ["cast", ["lit", "null", None], serialised_text(value), True]
        case "Date":
            return ["lit", "Date", value]
        case "Datetime" | "Duration":
            return ["lit", serialised_text({kind: value[1:] if kind == "Datetime" else value[1]}), value[0]]
        case "List":
            items = pl.read_ipc_stream(io.BytesIO(bytes(value))).to_series()
            items = items.explode() if isinstance(items.dtype, pl.List) else items
            if items.dtype.is_float() and not items.drop_nulls().is_finite().all():
                raise DeclarationError("a literal is not a finite number", "write null (None) for what is unknown")
            return ["lit", f"list[{dtype_text(items.dtype)}]", items.to_physical().to_list()]
    if kind in SCALARS and value is not None:
        return ["lit", kind, value]
    raise _refused(f"literal {kind}")


def _literal(kind: str, value: Any) -> pl.Expr:
    if kind.startswith("list[") and isinstance(value, list):
        _check(kind[5:-1], [item for item in value if item is not None])
        dtype = dtype_of(kind[5:-1])
        items = pl.Series(value, dtype=pl.Int64() if dtype.is_temporal() else dtype).cast(dtype)
        return pl.lit(items.to_list(), pl.List(dtype))
    _check(kind, [value])
    if kind in {"int", "float", "null", "String", "Boolean"}:
        return pl.lit(value)
    dtype = dtype_of(kind)
    return pl.lit(pl.Series([value]).cast(dtype).item(), dtype)


def _check(kind: str, values: list[Any]) -> None:
    """Raise TypeError where a value is not what JSON holds of a literal of that kind."""
    expected = LITERALS.get(kind, float if kind.startswith("Float") else int)
    if any(type(value) is not expected or (isinstance(value, float) and not math.isfinite(value)) for value in values):
        raise TypeError(kind)


READERS: dict[str, Callable[[Any], Node]] = {
    "Column": lambda inner: ["col", inner],
    "Literal": _read_literal,
    "BinaryExpr": _binary,
    "Function": _function,
    "Ternary": lambda inner: ["when", *(_node(inner[key]) for key in ("predicate", "truthy", "falsy"))],
    "Cast": _cast,
    "Alias": lambda inner: _node(inner[0]),
}


def _refused(name: str) -> DeclarationError:
    family, _, plain = name.rpartition(".")
    if plain in TRANSCENDENTAL or family == "Trigonometry":
        return DeclarationError(f"{plain} has other last bits on other processors", "leave it out: trees need no power, logarithm or sine")
    if plain in ELSEWHERE or plain.startswith(("Cum", "Rolling", "FillNullWith", "Ewm")) or family == "RollingExpr":
        return DeclarationError(f"{plain} is not row-wise", "for what looks at other rows write view(…).count, sum, mean, latest, …")
    if plain == "AnonymousFunction":
        return DeclarationError("a Python function cannot be part of a declaration", "write it with Polars expressions")
    return DeclarationError(f"{plain} is not among the row-wise operations", "the guide to features lists those that are")


def _unknown(node: Any) -> DeclarationError:
    return DeclarationError(f"{reprlib.repr(node)} is not an expression that interlock knows", "use the version that exported it")


def _too_deep() -> DeclarationError:
    return DeclarationError("an expression is nested too deeply", "name its parts: a feature may read other features")


def _map_leaves(node: Node, swap: Callable[[Node], Node]) -> Node:
    match node:
        case ["fn", name, inputs, options]:
            return ["fn", name, [_map_leaves(item, swap) for item in inputs], options]
        case ["op", name, left, right]:
            return ["op", name, _map_leaves(left, swap), _map_leaves(right, swap)]
        case ["when", *parts]:
            return ["when", *(_map_leaves(item, swap) for item in parts)]
        case ["cast", inner, *rest]:
            return ["cast", _map_leaves(inner, swap), *rest]
    return swap(node)


def _show_literal(kind: str, value: Any) -> str:
    if kind.startswith(("Datetime", "Duration", "Date")):
        return str(pl.Series([value]).cast(dtype_of(kind)).item())
    return "null" if kind == "null" else json.dumps(value, ensure_ascii=False)


def _show_call(name: str, inputs: list[Node], said: list[str]) -> str:
    if inputs and FUNCTIONS[name].method:
        return f"{_tight(inputs[0])}.{name}({', '.join([*map(show, inputs[1:]), *said])})"
    return f"{name}({', '.join([*map(show, inputs), *said])})"


def _tight(node: Node) -> str:
    return f"({show(node)})" if node[0] == "op" else show(node)
