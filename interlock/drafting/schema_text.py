"""`schema.py`: what each table holds and the part it plays, as the tables are now with some room."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from interlock.drafting import code, names
from interlock.drafting.columns import Column, range_of
from interlock.drafting.plan import Part, Plan

DOMAIN = 12
TYPES: dict[type[pl.DataType], str] = {pl.Int64: "int", pl.Float64: "float", pl.String: "str", pl.Boolean: "bool", pl.Datetime: "Utc"}
HEAD = "import pandera.polars as pa\n"


def schema(plan: Plan) -> str:
    """The whole file."""
    body = [*_asked(plan), *_own(plan), *_request(plan), *_outcome(plan)]
    for part in plan.parts:
        body += [*_part(part)]
    body += _past(plan)
    used = "\n".join(body)
    terms = [name for name in ("outside", "rows", "severity") if f"{name}(" in used]
    vocabulary = [name for name in ("Utc", "col", "history", "outcome", "reference", "request", "source") if _uses(name, used)]
    imports = [HEAD.rstrip(), *(["import polars as pl"] if "pl." in used else []), ""]
    imports += [f"from interlock.terms import {', '.join(terms)}"] if terms else []
    imports += [f"from interlock.usecase import {', '.join(vocabulary)}"]
    docs = f"The tables of {plan.name}: what each holds and the part it plays. Ranges are those of the data, with room."
    return "\n".join([f'"""{docs}"""', "", *imports, *body]) + "\n"


def _uses(name: str, text: str) -> bool:
    return (
        any(f"{before}{name}{after}" in text for before in ("@", " ", "(", "\n") for after in ("(", "\n", " ", ")")) or f": {name}" in text
    )


def _asked(plan: Plan) -> Iterator[str]:
    if not plan.shares_columns:
        return
    yield from (
        "",
        "",
        "class Asked(pa.DataFrameModel):",
        f'    """What is known of a row of {plan.given.name} when it is asked about."""',
        "",
    )
    yield from fields(plan.columns, plan.known, plan.key)


def _own(plan: Plan) -> Iterator[str]:
    label = plan.label
    extra = [name for name in (label.column.name, plan.label_time) if name]
    key = [f"key={code.one_of(plan.key)}"] if plan.key else []
    rules = [*_domains(plan.columns, [name for name in plan.known if name not in plan.key]), f"rows({_least(plan.given.frame.height)})"]
    yield from ("", "", *_decorator("source", key, rules), f"class {names.model(plan.given.name)}({_base(plan)}):")
    yield from [] if plan.shares_columns else fields(plan.columns, plan.known, plan.key)
    levels = (
        label.kind != "regression" and label.column.distinct <= DOMAIN and label.column.values.dtype != pl.Boolean and not plan.label_nan
    )
    taken = names.each_distinct(plan.known, names.attribute)
    called = names.each_distinct(extra, names.attribute, taken.values())
    columns = {**plan.columns, label.column.name: Column(label.column.name, plan.given.frame[label.column.name])}  # as it is, NaN too
    for line in _field_lines(columns, extra, {}, called, [label.column.name] if levels else []):
        yield line + (_label_of(plan) if line.startswith(f"    {called[label.column.name]}: ") else "")


def _base(plan: Plan) -> str:
    return "Asked" if plan.shares_columns else "pa.DataFrameModel"


def _label_of(plan: Plan) -> str:
    return "  # the label" if not plan.label.column.nullable else "  # the label; partly missing"


def _request(plan: Plan) -> Iterator[str]:
    moment = [] if plan.as_of == "as_of" else [f"as_of={code.literal(plan.as_of)}"]
    yield from ("", "", f"@request({', '.join([f'by={code.one_of(plan.by)}', *moment])})", f"class Request({_base(plan)}):")
    yield from [] if plan.shares_columns else fields(plan.columns, plan.known, plan.key)
    more = [
        *([f"    {plan.as_of}: Utc"] if plan.moment else []),
        *([f"    {plan.row}: int  # its number in {plan.given.name}: give each request its own"] if not _own_key(plan) else []),
    ]
    yield from more or (['    """A row to score."""'] if plan.shares_columns else [])


def _own_key(plan: Plan) -> bool:
    return plan.by != (plan.row,)


def _outcome(plan: Plan) -> Iterator[str]:
    label = plan.label
    said = ""
    if plan.time:
        said = f"label_time={code.literal(plan.label_time)}" if plan.label_time else f'horizon="{plan.horizon}"'
    hint = "  # unsure: how long after a request is its outcome known?" if plan.horizon and plan.time else ""
    kind = {"binary": "bool", "multiclass": "str", "regression": TYPES[type(label.column.values.dtype)]}[label.kind]
    isin = f" = pa.Field(isin=[{code.items([str(each) for each in label.classes])}])" if label.classes else ""
    yield from ("", "", f"@outcome({said}){hint}", "class Outcome(pa.DataFrameModel):", f"    {label.name}: {kind}{isin}")


def _part(part: Part) -> Iterator[str]:
    keyed = [theirs for theirs, _ in part.by]
    if part.role == "reference":
        arguments = [f"by={code.one_of(keyed)}", f"fixed=[{code.items(part.fixed)}]"]
        kept, note = [*keyed, *part.fixed], "  # unsure: does one of these change? Then it is not fixed" if part.fixed else ""
    else:
        arguments = [f"by={code.one_of(keyed) if keyed else '()'}", f"id={identity(part)}", f"time={code.literal(part.time)}"]
        arguments += [f"available={code.literal(part.available)}", f'lateness="{part.lateness}"'] if part.available else []
        note = "" if part.available else "  # unsure: is a row known at once? Else: available=, lateness="
        kept = [name for name in part.columns if name in {*keyed, *part.id, part.time, part.available} or (name not in part.left)]
    rules = [*_domains(part.columns, [name for name in kept if name not in keyed]), f"rows({_least(part.given.frame.height)})"]
    yield from ("", "", *_decorator(part.role, arguments, rules, note), f"class {names.model(part.given.name)}(pa.DataFrameModel):")
    yield from fields(part.columns, kept, [*keyed, *part.id])
    yield from _left(part)


def identity(part: Part) -> str:
    """What tells a row of a history: a column, or several as one text."""
    if len(part.id) == 1:
        return code.literal(part.id[0])
    texts = [f"col({code.literal(name)}){_timestamp(part.columns[name])}" for name in part.id]
    return _joined(texts)


def _joined(texts: Sequence[str]) -> str:
    return "pl.concat_str([" + ", ".join(texts) + '], separator="/")'


def _timestamp(column: Column) -> str:
    text = '.dt.timestamp("us")' if column.moment else ""
    return text + ('.fill_null("")' if column.text and column.nullable else "")


def _past(plan: Plan) -> Iterator[str]:
    if plan.past is None:
        return
    name, time = plan.label.column.name, code.literal(plan.label_time or plan.time)
    key = [f"col({code.literal(each)}){_timestamp(plan.columns[each])}" for each in plan.key]
    row = code.literal(plan.key[0]) if len(plan.key) == 1 else _joined(key)
    arguments = [f"of={names.model(plan.given.name)}", f"by={code.one_of(plan.past.by)}", f"id={row}", f"time={time}"]
    if plan.horizon and not plan.label_time:
        arguments += [f"available=col({time}) + pl.duration({_duration(plan.horizon)})", f'lateness="{plan.horizon}"']
    known = f" & ~col({code.literal(name)}).is_in([{code.items(plan.label.rare)}])" if plan.label.rare else ""
    there = f"col({code.literal(name)}){'.fill_nan(None)' if plan.label_nan else ''}.is_not_null()"
    arguments += [f"where={there}{known}", f"columns=[{code.literal(name)}]"]
    yield from ("", "", "# What came of earlier rows, from when it was known.", *code.call("Past = history", arguments))


def _duration(text: str) -> str:
    units = {"us": "microseconds", "ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    digits = "".join(sign for sign in text if sign.isdigit())
    return f"{units[text[len(digits) :]]}={int(digits)}"


def _left(part: Part) -> Iterator[str]:
    named = [f"{name} ({why})" for name, why in part.left.items()]
    if named:
        yield f"    # left out: {code.comment('; '.join(named))}"


def _decorator(name: str, arguments: Sequence[str], rules: Sequence[str], note: str = "") -> list[str]:
    """`@name(arguments, rules=[…])`, on as many lines as it takes."""
    flat = f"rules=[{', '.join(rules)}]"
    line = f"@{name}({', '.join([*arguments, flat])})"
    if len(line + note) <= code.WIDTH:
        return [line + note]
    head = f"    {', '.join(arguments)},{note}" if arguments else ""
    if len(head) > code.WIDTH:
        hint = [f"    {note.strip()}"] if note else []
        head = "\n".join([*(f"    {each}," for each in arguments[:-1]), *hint, *_wrapped(arguments[-1])])
    inner = [f"    {flat},"] if len(flat) + 5 <= code.WIDTH else ["    rules=[", *code.filled(rules, "        "), "    ],"]
    return [f"@{name}(", *([head] if head else []), *inner, ")  # fmt: skip"]


def _wrapped(argument: str) -> list[str]:
    """An argument on one line, or a list on as many as it takes."""
    name, is_list, inside = argument.partition("=[")
    if len(argument) + 5 <= code.WIDTH or not is_list:
        return [f"    {argument},"]
    import ast

    values = ast.literal_eval(f"[{inside}")
    return [f"    {name}=[", *code.filled(map(code.literal, values), "        "), "    ],"]


def _domains(columns: Mapping[str, Column], kept: Sequence[str]) -> list[str]:
    """A warning where more than one in a hundred rows of a column of few words have another."""
    few = [columns[name] for name in kept if columns[name].text and columns[name].few and columns[name].distinct <= DOMAIN]
    return [f'outside({code.literal(column.name)}, isin=[{code.items(column.levels())}], at_most=0.01, severity="warn")' for column in few]


def _least(rows: int) -> str:
    return code.literal(max(1, rows // 2))


def fields(columns: Mapping[str, Column], kept: Sequence[str], key: Sequence[str]) -> Iterator[str]:
    """A line for each column: its type, its range, whether it may be null."""
    yield from _field_lines(columns, kept, key, names.each_distinct(kept, names.attribute))


def _field_lines(
    columns: Mapping[str, Column],
    kept: Sequence[str],
    key: Sequence[str] | Mapping[str, str],
    called: Mapping[str, str],
    levels: Sequence[str] = (),
) -> Iterator[str]:
    for name in kept:
        column, alias = columns[name], [f"alias={code.literal(name)}"] if called[name] != name else []
        options = [
            *alias,
            *_bounds(column, name in key, name in levels),
            *(["nullable=True"] if column.nullable and name not in key else []),
        ]
        field = f" = pa.Field({', '.join(options)})" if options else ""
        yield f"    {called[name]}: {TYPES[type(column.values.dtype)]}{field}"


def _bounds(column: Column, keyed: bool, levels: bool) -> list[str]:
    if levels:
        return [f"isin=[{', '.join(map(repr, column.levels())) if column.number else code.items(column.levels())}]"]
    limits = None if keyed else range_of(column)
    return [] if limits is None else [f"ge={code.literal(limits[0])}", f"le={code.literal(limits[1])}"]
