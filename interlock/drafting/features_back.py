"""Features that look back: over a history, and over what came of earlier rows."""

from interlock.drafting import code, names, periods
from interlock.drafting.columns import Column, range_of
from interlock.drafting.plan import Part, Plan
from interlock.drafting.written import Written, viewed

LEVELS, MEASURES, LATEST = 8, 3, 2
MOST = 4e9  # of a measure in its smallest unit, so that totals of 2^31 rows fit 64 bits
DAY = 86_400_000_000


def history(part: Part, plan: Plan, written: Written) -> None:
    """Counts and means over two windows, the last values, and the time since the last row."""
    table, (short, long) = part.given.name, plan.windows[part.given.name]
    view, both = written.name(table), f'("{short}", "{long}")'
    own = {*(theirs for theirs, _ in part.by), *part.id, part.time, part.available, *part.left}
    kept = [column for name, column in part.columns.items() if name not in own and column.usable and not column.moment]
    noun = table.replace("_", " ")
    written.lines += ["", f"# {noun.capitalize()}, looking back {short} and {long}.", f"{view} = view({viewed(part)})"]
    family = written.name(f"{table}_counts")
    written.lines.append(f'{family} = {{f"{table}_{{w}}": {view}.count(w, f"{noun.capitalize()} in {{w}}") for w in {both}}}')
    kinds = [column for column in kept if column.few and column.text and column.distinct <= LEVELS][:1]
    for column in kinds:
        _levels(part, column, both, written)
    measured = [column for column in kept if column.number and column.finite and not column.empty and not column.named_id][:MEASURES]
    for column in measured:
        _means(column, table, view, both, written)
    for column in [column for column in kept if (column.text and column.few) or column in measured][:LATEST]:
        name = written.name(f"last_{names.plain(column.name)}")
        written.lines += code.call(f"{name} = {view}.latest", [code.literal(column.name), code.text(f"Last {code.words(column.name)}")])
    if plan.as_of:
        _since(part, plan, view, noun, long, written)


def _levels(part: Part, column: Column, both: str, written: Written) -> None:
    """A count of the rows of each level of a column of few."""
    levels = column.levels()
    plural = f"{names.plain(column.name)}s"
    made = names.each_distinct(levels, lambda level: f"{names.plain(column.name)}_{names.plain(level, 'level')}")
    constant, family = written.constant(plural), written.name(plural if plural not in written.taken else f"kinds_of_{plural}")
    rows = viewed(part, where=f"col({code.literal(column.name)}) == level")
    head = f'view({rows}).count(w, f"{{level}} in {{w}}")'
    if all(made[level] == f"{names.plain(column.name)}_{level}" for level in levels):
        written.lines += code.assigned(constant, [code.literal(level) for level in levels])
        loop, name = f"for level in {constant} for w in {both}", f'f"{names.plain(column.name)}_{{level}}_{{w}}"'
    else:
        written.lines += code.assigned(constant, [f"{code.literal(made[level])}: {code.literal(level)}" for level in levels], "{", "}")
        loop, name = f"for name, level in {constant}.items() for w in {both}", 'f"{name}_{w}"'
    line = f"{family} = {{{name}: {head} {loop}}}"
    inner = f"    {name}: {head} {loop}"
    parts = [inner] if len(inner) <= code.WIDTH else [f"    {name}: {head}", *(f"    {each}" for each in _loops(loop))]
    written.lines += [line] if len(line) <= code.WIDTH else [f"{family} = {{", *parts, "}"]


def _loops(loop: str) -> list[str]:
    first, _, second = loop.partition(" for w in ")
    return [first, f"for w in {second}"]


def _means(column: Column, table: str, view: str, both: str, written: Written) -> None:
    told = _measure(column)
    if told is None:
        return
    measure, options = told
    stem = f"{names.plain(column.name)}_mean"
    stem = stem if stem not in written.taken else f"{table}_{stem}"
    family = written.name(f"{stem}s")
    description = code.template(f"Mean {code.words(column.name)} in", "w")
    line = f'{family} = {{f"{stem}_{{w}}": {view}.mean({measure}, w, {description}{options}) for w in {both}}}'
    if len(line) <= code.WIDTH:
        written.lines.append(line)
        return
    body = f'    f"{stem}_{{w}}": {view}.mean({measure}, w, {description}{options})'
    written.lines += [f"{family} = {{", body, f"    for w in {both}", "}"] if len(body) <= code.WIDTH else []


def _measure(column: Column) -> tuple[str, str] | None:
    """What is measured, and its options: rounded where its values have more decimals than can be summed exactly."""
    limits = range_of(column)
    most = max(map(abs, limits)) if limits else 0.0
    if not 0 < most < MOST:
        return None
    if column.whole:
        return code.literal(column.name), ""
    fit = max(places for places in range(5) if places == 0 or most * 10**places < MOST)
    if column.places is not None and column.places <= fit:
        return code.literal(column.name), f", places={column.places}"
    return f"col({code.literal(column.name)}).round({fit})", f", places={fit}, max_abs={code.literal(most)}"


def _since(part: Part, plan: Plan, view: str, noun: str, long: str, written: Written) -> None:
    private = names.distinct(f"_last_{part.given.name}", written.taken)
    written.taken.add(private)
    unit = "days" if periods.length(long) > 3 * DAY else "hours"
    written.lines.append(f"{private} = {view}.latest({code.literal(part.time)})")
    since = f"(col({code.literal(plan.as_of)}) - col({code.literal(private)})).dt.total_{unit}()"
    name = written.name(f"{unit}_since_{part.given.name}")
    written.lines += code.call(f"{name} = on_demand", [since, code.text(f"{unit.capitalize()} since the last of {noun}")])


def past(plan: Plan, written: Written) -> None:
    if plan.past is None:
        return
    short, long = plan.past.windows
    label = plan.label
    view, both, column = written.name("past"), f'("{short}", "{long}")', code.literal(label.column.name)
    written.lines += [
        "",
        f"# What came of earlier rows of the same {' and '.join(map(code.comment, plan.past.by))}.",
        f"{view} = view(Past)",
    ]
    if label.kind == "binary":
        told = (
            f"col({column})"
            if label.positive is True
            else f"~col({column})"
            if label.positive is False
            else f"col({column}) == {code.literal(label.positive)}"
        )
        family = written.name("past_shares")
        written.lines.append(
            f'{family} = {{f"past_share_{{w}}": {view}.share({told}, w, f"Share of yes in {{w}}", expect=(0, 1)) for w in {both}}}'
        )
    elif label.kind == "regression" and (told_measure := _measure(label.column)):
        measure, options = told_measure
        family = written.name("past_means")
        written.lines.append(
            f'{family} = {{f"past_mean_{{w}}": {view}.mean({measure}, w, f"Mean of earlier labels in {{w}}"{options}) for w in {both}}}'
        )
    written.lines += code.call(f"{written.name('past_last')} = {view}.latest", [column, '"Last label that was known"'])
