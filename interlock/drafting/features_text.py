"""`features.py`: a handful of features that read nothing which came after a request."""

import re
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from interlock.drafting import code, features_back, names
from interlock.drafting.columns import Column, range_of
from interlock.drafting.plan import Part, Plan
from interlock.drafting.written import Written, viewed

ENTITIES, LINES = 50, 3
YEAR, DATES = 400 * 86_400_000_000, 60


def features(plan: Plan) -> tuple[str, dict[str, str]]:
    """The whole file, and the feature that says each sliced or protected column."""
    written = Written({*plan.known, *names.USED, plan.row, *([plan.as_of] if plan.as_of else [])})
    _calendar(plan, written)
    _given(plan, written)
    for part in plan.parts:
        _looked_up(part, plan, written) if part.role == "reference" else features_back.history(part, plan, written)
    features_back.past(plan, written)
    if not written.of and not any(" = " in line for line in written.lines):
        _number(plan, written)
    body = "\n".join(written.lines)
    declared = [name for name in ("on_demand", "view") if f"{name}(" in body]
    models = sorted({names.model(part.given.name) for part in plan.parts} | ({"Past"} if plan.past else set()))
    read = [name for name in models if re.search(rf"\b{name}\b", body)]
    imports = ["import polars as pl", ""] if "pl." in body else []
    imports += [f"from interlock.features.declare import {', '.join(declared)}"]
    imports += ["from interlock.usecase import col"] if "col(" in body else []
    imports += [f"from usecases.{plan.name}.schema import {', '.join(read)}"] if read else []
    return "\n".join(
        [f'"""What is known when a row of {plan.given.name} is asked about."""', "", *imports, *written.lines]
    ) + "\n", written.of


def _calendar(plan: Plan, written: Written) -> None:
    if plan.time is None:
        return
    column, at = plan.columns[plan.time], f"col({code.literal(plan.time)}).dt"
    ends = column.there.to_physical()
    span, lines = int(ends.max()) - int(ends.min()), []  # type: ignore[arg-type]
    month, weekday, hour = (getattr(column.values.dt, name)() for name in ("month", "weekday", "hour"))
    if span > YEAR and not _said(plan, month):
        lines.append(f'{written.name("month")} = on_demand({at}.month(), "Month", expect=(1, 12))')
    if column.there.dt.date().n_unique() > DATES and weekday.n_unique() > 1 and not _said(plan, weekday):
        lines.append(f'{written.name("weekday")} = on_demand({at}.weekday(), "Day of the week, 1 = Monday", expect=(1, 7))')
    if hour.n_unique() > 1 and not _said(plan, hour):
        lines.append(f'{written.name("hour")} = on_demand({at}.hour(), "Hour of the day, UTC", expect=(0, 23))')
    written.lines += ["", "# The calendar.", *lines] if lines else []


def _said(plan: Plan, values: pl.Series) -> bool:
    """Whether a column that is read anyway has one value for each of these, and another for every other."""
    few = [plan.columns[name] for name in plan.asked if plan.columns[name].distinct == values.n_unique()]
    pairs = (pl.DataFrame([values.alias("ours"), column.values.alias("theirs")]) for column in few if not column.nullable)
    return any(pair.n_unique() == values.n_unique() for pair in pairs)


def _given(plan: Plan, written: Written) -> None:
    """The request's own columns, one by one where they are few."""
    plain = [name for name in plan.asked if not plan.columns[name].moment]
    moments = [name for name in plan.asked if plan.columns[name].moment]
    entities = [name for name in plan.by if name in plan.columns and plan.past and plan.columns[name].distinct <= ENTITIES]
    lines = [*_family(plan.columns, plain, written)]
    for name in entities:
        feature = written.of[name] = written.name(f"{names.plain(name)}_id")
        lines += code.call(f"{feature} = on_demand", [f"col({code.literal(name)}).cast(pl.String)", code.text(f"Which {code.words(name)}")])
    for name in moments if plan.as_of else []:
        feature = written.name(f"days_since_{names.plain(name)}")
        since = f"(col({code.literal(plan.as_of)}) - col({code.literal(name)})).dt.total_days()"
        lines += code.call(f"{feature} = on_demand", [since, code.text(f"Days since {code.words(name)}")])
    written.lines += ["", "# What the request says.", *lines] if lines else []


def _family(columns: Mapping[str, Column], asked: Sequence[str], written: Written) -> Iterator[str]:
    suffixed = names.each_distinct(asked, lambda name: f"{names.plain(name)}_given", written.taken)
    written.taken |= set(suffixed.values())
    written.of |= suffixed
    if len(asked) <= LINES:
        for name in asked:
            yield from code.call(
                f"{suffixed[name]} = on_demand", [f"col({code.literal(name)})", code.text(_titled(name)), *_expect(columns[name])]
            )
        return
    if all(suffixed[name] == f"{name}_given" for name in asked):
        yield from code.assigned("GIVEN", [code.literal(name) for name in asked])
        yield 'given = {f"{name}_given": on_demand(col(name), f"{name}, as the request gives it") for name in GIVEN}'
        return
    pairs = [f"{code.literal(suffixed[name].removesuffix('_given'))}: {code.literal(name)}" for name in asked]
    if any(not value.endswith("_given") for value in suffixed.values()):
        pairs = [f"{code.literal(suffixed[name])}: {code.literal(name)}" for name in asked]
        yield from code.assigned("GIVEN", pairs, "{", "}")
        yield 'given = {name: on_demand(col(column), f"{column}, as the request gives it") for name, column in GIVEN.items()}'
        return
    yield from code.assigned("GIVEN", pairs, "{", "}")
    yield 'given = {f"{name}_given": on_demand(col(column), f"{column}, as the request gives it") for name, column in GIVEN.items()}'


def _expect(column: Column) -> list[str]:
    limits = range_of(column)
    return [f"expect=({code.literal(limits[0])}, {code.literal(limits[1])})"] if limits else []


def _looked_up(part: Part, plan: Plan, written: Written) -> None:
    """The fixed columns of a reference; of a moment the time that has passed since."""
    if not part.fixed:
        return
    table = part.given.name
    one = _singular(table)
    view = written.name(one)
    written.lines += ["", f"# The {one.replace('_', ' ')}.", f"{view} = view({viewed(part)})"]
    plain = [name for name in part.fixed if not part.columns[name].moment]
    made = names.each_distinct(plain, lambda name: names.variable(name if one in name else f"{one}_{name}"), written.taken)
    written.taken |= set(made.values())
    written.of |= {f"{table}.{name}": feature for name, feature in made.items()}
    if len(plain) > 2 * LINES:
        pairs = [f"{code.literal(made[name])}: {code.literal(name)}" for name in plain]
        constant, family, said = written.constant(f"{one}_columns"), written.name(f"{one}_says"), one.replace("_", " ")
        written.lines += code.assigned(constant, pairs, "{", "}")
        written.lines.append(
            f'{family} = {{name: {view}.lookup(column, f"{{column}} of the {said}") for name, column in {constant}.items()}}'
        )
    else:
        for name in plain:
            arguments = [code.literal(name), code.text(f"{_titled(name)} of the {one.replace('_', ' ')}"), *_expect(part.columns[name])]
            written.lines += code.call(f"{made[name]} = {view}.lookup", arguments)
    for name in [each for each in part.fixed if part.columns[each].moment and plan.as_of]:
        private = names.distinct(f"_{names.plain(name)}", written.taken)
        written.taken.add(private)
        since = f"(col({code.literal(plan.as_of)}) - col({code.literal(private)})).dt.total_days()"
        written.lines.append(f"{private} = {view}.lookup({code.literal(name)})")
        feature = written.name(f"days_since_{names.plain(name)}")
        written.lines += code.call(f"{feature} = on_demand", [since, code.text(f"Days since {code.words(name)}")])


def _number(plan: Plan, written: Written) -> None:
    """Where nothing else is left: whatever the key says."""
    name = plan.by[0]
    written.lines += ["", "# unsure: nothing but the key is left to read", f'key_given = on_demand(col({code.literal(name)}), "The key")']


def _singular(table: str) -> str:
    for end, instead in (("ies", "y"), ("ses", "s"), ("s", "")):
        if table.endswith(end) and len(table) > len(end) + 2 and not table.endswith("ss"):
            return table[: -len(end)] + instead
    return table


def _titled(name: str) -> str:
    said = code.words(name)
    return said[:1].upper() + said[1:]
