"""Exported contracts written by hand, and drawn ones with a revision of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from polars import Expr, col

from interlock.contracts.keywords import OWN
from interlock.contracts.kinds import kind
from interlock.features import expressions

Schema = dict[str, Any]
MOMENT = "Datetime[us,UTC]"


def field(dtype: str, *, null: bool = False, own: Mapping[str, Any] | None = None, **said: Any) -> Schema:
    """A field of a contract; `not_` stands for the keyword `not`."""
    alone = kind(dtype).keywords
    named = {key.rstrip("_"): value for key, value in said.items()}
    return {**alone, **named, "type": [alone["type"], "null"] if null else alone["type"], OWN: {"type": dtype, **(own or {})}}


def contract(*, closed: bool = False, optional: tuple[str, ...] = (), stated: Sequence[Expr] = (), **fields: Schema) -> Schema:
    """A contract of `fields`, with `stated` as rules across them: what must hold."""
    required = [name for name in fields if name not in optional]
    return {
        "title": "requests", "properties": fields, "required": required, "additionalProperties": not closed,
        OWN: {"rows": [rule(holds) for holds in stated]},
    }  # fmt: skip


def rule(holds: Expr) -> Schema:
    """A rule across fields, as contracts state it."""
    breaks = expressions.parse(~holds)
    return {
        "rule": "stated",
        "field": ", ".join(sorted(holds.meta.root_names())),
        "expected": expressions.show(expressions.parse(holds)),
        "breaks": breaks,
    }


SAID: dict[str, st.SearchStrategy[Schema]] = {
    "Int64": st.fixed_dictionaries({}, optional={
        "minimum": st.integers(-3, 0), "exclusiveMinimum": st.integers(-3, 0), "maximum": st.integers(1, 3),
        "enum": st.lists(st.integers(-1, 2), min_size=1, max_size=3), "not": st.builds(dict, enum=st.lists(st.integers(-1, 2), max_size=2)),
    }),
    "Float64": st.fixed_dictionaries({}, optional={"exclusiveMaximum": st.sampled_from([1, 1.5, 2])}),
    "String": st.fixed_dictionaries({}, optional={
        "minLength": st.integers(0, 1), "maxLength": st.integers(1, 3), "enum": st.lists(st.sampled_from(["a", "ab", ""]), min_size=1),
        "allOf": st.lists(st.sampled_from([{"pattern": "^a"}, {"pattern": "b$"}]), max_size=2),
    }),
    "Boolean": st.just({}), "Date": st.just({}), MOMENT: st.just({}), "Int8": st.just({}),
}  # fmt: skip
NUMBERS = {"Int64", "Int8", "Float64"}
STATED = [col("x") < col("y"), col("x") <= col("y"), col("x") != 1, col("y") > 0, col("x") + col("y") != 2]
OWNS = st.fixed_dictionaries({}, optional={"minimum": st.sampled_from(["2012-12-31T23:59:59Z", "2013-01-01T00:00:00Z"])})


@st.composite
def fields(draw: st.DrawFn, dtypes: tuple[str, ...] = (*SAID, "Int64", "String")) -> Schema:
    dtype = draw(st.sampled_from(dtypes))
    own = draw(OWNS) if dtype == MOMENT else {}
    return _nullable({**field(dtype, null=draw(st.booleans()), own=own), **draw(SAID[dtype])})


@st.composite
def contracts(draw: st.DrawFn) -> Schema:
    some = draw(st.dictionaries(st.sampled_from("xy"), fields(), min_size=1, max_size=2))
    return contract(closed=draw(st.booleans()), optional=tuple(draw(st.sets(st.sampled_from("xy")))), stated=draw(rules(some)), **some)


def rules(some: Mapping[str, Schema]) -> st.SearchStrategy[list[Expr]]:
    """Rules over those of the fields that are numbers."""
    numbers = {name for name, said in some.items() if said[OWN]["type"] in NUMBERS}
    fit = [holds for holds in STATED if numbers.issuperset(holds.meta.root_names())]
    return st.lists(st.sampled_from(fit), max_size=2, unique_by=str) if fit else st.just([])


def _nullable(said: Schema) -> Schema:
    return {**said, "enum": [*said["enum"], None]} if "enum" in said and "null" in said["type"] else said


@st.composite
def resaid(draw: st.DrawFn, old: Schema) -> Schema:
    """A field with one keyword said anew, or left out."""
    fresh = draw(fields((old[OWN]["type"],)))
    key = draw(st.sampled_from(sorted({*fresh, *old} - {"pattern", "format"})))
    kept = {name: value for name, value in old.items() if name != key}
    return _nullable({**kept, key: fresh[key]} if key in fresh else kept)


@st.composite
def revisions(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """A contract, and one in which a field is said anew, mostly of the same type, or a field, a need or the rest is changed."""
    old = draw(contracts())
    said, optional, closed = dict(old["properties"]), set(old["properties"]) - set(old["required"]), not old["additionalProperties"]
    name = draw(st.sampled_from(sorted(said)))
    stated = [*old[OWN]["rows"]]
    match draw(st.sampled_from(["field", "field", "field", "type", "other", "need", "closed", "rules"])):
        case "field":
            said[name] = draw(resaid(said[name]))
        case "type":
            said[name] = draw(fields())
        case "other":
            said |= {"z": draw(fields())}
            optional |= {"z"} if draw(st.booleans()) else set()
        case "need":
            optional ^= {name}
        case "closed":
            closed = not closed
        case "rules":
            stated = list(map(rule, draw(rules(said))))
    new = contract(closed=closed, optional=tuple(optional), **said)
    fit = [each for each in stated if all(said[name][OWN]["type"] in NUMBERS for name in each["field"].split(", "))]
    return old, {**new, OWN: {"rows": fit}}


@st.composite
def listed(draw: st.DrawFn) -> tuple[Schema, Schema]:
    """Two contracts over whole numbers that differ in one thing: a list, what is not allowed, or a rule."""
    values = st.lists(st.integers(-1, 3), min_size=1, max_size=4, unique=True)
    some = st.lists(st.sampled_from(STATED), max_size=2, unique_by=str)
    said: Schema = {"enum": draw(values), "not": {"enum": draw(values)}}
    again: Schema = {"enum": draw(values), "not": {"enum": draw(values)}}
    kept, changed = draw(st.sampled_from([(), ("enum",), ("not",), ("enum", "not")])), draw(st.sampled_from(["enum", "not", "rules"]))
    before = {name: said[name] for name in {*kept, changed} & said.keys()}
    after = {**before, changed: again[changed]} if changed in again else before
    stated, y = draw(some), field("Int64", null=True)
    later = draw(some) if changed == "rules" else stated
    return contract(x={**field("Int64"), **before}, y=y, stated=stated), contract(x={**field("Int64"), **after}, y=y, stated=later)
