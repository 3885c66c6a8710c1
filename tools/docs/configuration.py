"""docs/reference/configuration.md: every key of params.yaml, from the objects that check it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import msgspec
from msgspec import inspect

from interlock.params import SECTIONS, Section
from tools.docs.blocks import Block, annotated

HEAD = ["key", "type", "default", "meaning"]
# What a file of conf/ may hold that is no part of params.yaml.
BESIDE = ("interlock.sweeping.declared:Search", "interlock.sweeping.declared:Range")


def blocks() -> Mapping[str, Block]:
    return {"sections": _sections} | {struct.__name__: _struct(struct) for struct in structs()}


def declared(section: str) -> Any:
    """The type of a section of params.yaml."""
    return _named(SECTIONS[section])


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def structs() -> list[type[Section]]:
    """Every object that a section or a file is made of, each after the one whose keys it shares."""
    said = [*map(declared, SECTIONS), *map(_named, BESIDE)]
    found = [struct for kind in said for struct in _within(inspect.type_info(kind))]
    return list(dict.fromkeys(base for struct in found for base in [*_shared(struct), struct]))


def own(struct: type[Section]) -> list[inspect.Field]:
    """The keys of a struct, less those of the struct it shares them with."""
    inherited = {name for base in _shared(struct) for name in base.__struct_fields__}
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return [field for field in info.fields if field.encode_name not in inherited]


def _shared(struct: type[Section]) -> list[type[Section]]:
    return [base for base in reversed(struct.__mro__[1:]) if issubclass(base, Section) and base.__struct_fields__]


def _within(kind: inspect.Type) -> Iterator[type[Section]]:
    if isinstance(kind, inspect.StructType):
        assert issubclass(kind.cls, Section)
        yield kind.cls
        inner: Sequence[inspect.Type] = [field.type for field in kind.fields]
    elif isinstance(kind, inspect.UnionType):
        inner = kind.types
    else:
        inner = [getattr(kind, name) for name in ("value_type", "item_type") if hasattr(kind, name)]
    for part in inner:
        yield from _within(part)


def _sections(there: str) -> str:
    rows = [(f"`{section}`", words(inspect.type_info(declared(section)))) for section in SECTIONS]
    return annotated(["section", "type", "meaning"], rows, there)


def _struct(struct: type[Section]) -> Block:
    tag = struct.__struct_config__
    tagged = [(f"`{tag.tag_field}`", f"`{tag.tag}`", "required")] if tag.tag not in {None, struct.__name__} else []
    rows = [*tagged, *((f"`{field.encode_name}`", words(field.type), _default(field)) for field in own(struct))]
    return lambda there: annotated(HEAD, rows, there)


def _default(field: inspect.Field) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"`{json.dumps(msgspec.to_builtins(value))}`"


def words(kind: inspect.Type) -> str:
    """A type and its bounds as a person says them."""
    return SPOKEN[type(kind)](kind)


def _text(kind: inspect.StrType) -> str:
    at_most = f", at most {kind.max_length} characters" if kind.max_length else ""
    return f"text{', not empty' if kind.min_length else ''}{at_most}"


def _choice(kind: inspect.LiteralType) -> str:
    values = ", ".join(f"`{value}`" for value in kind.values)
    return f"one of {values}" if len(kind.values) > 1 else values


def _number(kind: inspect.IntType | inspect.FloatType) -> str:
    bounds = [f"{said} {_bound(bound)}" for name, said in BOUNDS.items() if (bound := getattr(kind, name)) is not None]
    return ", ".join(["whole number" if isinstance(kind, inspect.IntType) else "number", *bounds])


def _bound(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else str(value)


BOUNDS = {"gt": "over", "ge": "at least", "lt": "below", "le": "at most"}
SPOKEN: dict[type[inspect.Type], Callable[[Any], str]] = {
    inspect.Metadata: lambda kind: words(kind.type),
    inspect.StructType: lambda kind: f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})",
    inspect.UnionType: lambda kind: ", or ".join(map(words, kind.types)),
    inspect.DictType: lambda kind: f"mapping of names to {words(kind.value_type)}",
    inspect.ListType: lambda kind: f"list of {words(kind.item_type)}",
    inspect.VarTupleType: lambda kind: f"list of {words(kind.item_type)}",
    inspect.LiteralType: _choice,
    inspect.StrType: _text,
    inspect.IntType: _number,
    inspect.FloatType: _number,
    inspect.AnyType: lambda _: "a value",
    inspect.BoolType: lambda _: "true or false",
    inspect.NoneType: lambda _: "null",
    inspect.DateTimeType: lambda _: "moment with its offset",
}
