"""From tables to a plan: every guess of a draft, in the order in which each needs those before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from interlock.drafting import kept, keys, labels, leaks, parts, periods
from interlock.drafting.columns import Column, columns
from interlock.drafting.given import Given
from interlock.drafting.plan import Choices, Label, Part, Past, Plan

SMALL, RARE, LITTLE = 1_000, 20, 5_000
Columns = Mapping[str, Column]


@dataclass(frozen=True)
class Asking:
    """How the rows of the label's table are asked about, as far as it was guessed."""

    label: Label
    own: Columns
    key: tuple[str, ...]
    time: str | None
    moment: datetime | None
    joins: tuple[str, ...]
    horizon: str | None = None
    label_time: str | None = None

    @property
    def rows(self) -> int:
        return len(self.label.column.values)


def draw(name: str, tables: Sequence[Given], choices: Choices) -> Plan:
    """The plan of a use case on `tables`; raises ConfigError where nothing can be learned from them."""
    found = {table.name: columns(table.frame) for table in tables}
    for table in tables:
        choices.note(f"{table.name}: {table.frame.height:,} rows, {table.frame.width} columns")
        for said in table.notes:
            choices.note(f"{table.name}: {said}", sure="zone" not in said)
    label = labels.find(tables, found, choices)
    given, others, found = _alike(tables, label.table)
    label = replace(label, column=found[given.name][label.column.name].without_nan)
    own = {**found[given.name], label.column.name: label.column}
    if (labelled := label.values.count()) < SMALL:
        choices.note(f"{labelled} rows with a label are few: what is measured on a fifth of them is wide", sure=False)
    time = keys.time(label, own, choices)
    linked = {table.name: parts.links(found[table.name], own, table.name, label) for table in others}
    moment = None if time else _after_all([found[name] for name, pairs in linked.items() if _repeats(found[name], pairs)])
    if moment:
        why = "time plays no part" if choices.told.get("time") == "none" else f"{given.name} is not dated"
        choices.note(f"time: {why}; asked at {moment:%Y-%m-%d}, after the last event: did labels come later?", sure=False)
    timed = bool(time or moment)
    used = [part for table in others if (part := parts.part(table, found[table.name], own, label, timed, choices)).role != "unused"]
    joins = tuple(dict.fromkeys(ours for part in used for _, ours in part.by))
    asking = Asking(label, own, keys.key(label, own, time, joins, choices), time, moment, joins)
    if time:
        horizon, label_time = keys.known(label, own, time, asking.key, choices)
        asking = replace(asking, horizon=horizon, label_time=label_time)
    return _drawn(name, given, asking, used, choices)


def _drawn(name: str, given: Given, asking: Asking, used: Sequence[Part], choices: Choices) -> Plan:
    label, own, time = asking.label, asking.own, asking.time
    roles = {*asking.key, *asking.joins, label.column.name, *([time] if time else []), *([asking.label_time] if asking.label_time else [])}
    left = {column: why for column in own if column not in roles and (why := leaks.useless(own[column]))}
    asked = [column for column in own if column not in roles and column not in left]
    told = leaks.told(label, own, asked, time)
    left |= told.left
    asked = [column for column in asked if column not in left]
    kept.note(label.table, left, choices)
    if not asked and not used:
        kept.readable(label.table, left, own)
    for column, why in told.doubted.items():
        choices.note(f"{label.table}.{column} {why}", sure=False)
    left |= {asking.label_time: "is when the outcome is known"} if asking.label_time else {}
    used = [kept.without_leaks(part, label, own, time, choices) for part in used]
    for part in (each for each in used if time and each.role == "history" and parts.nothing_before(each, own, own[time].values)):
        said = f"hardly a row lies before the {time} of its request: is it asked about later? Else its features are empty"
        choices.note(f"{part.given.name}: {said}", sure=False)
    split = _split(name, asking, choices)
    past = _past(asking, split)
    span = _span(own[time]) if time else 0
    windows = {part.given.name: _windows(part, span, once=asking.moment is not None) for part in used if part.role == "history"}
    protected = tuple(column for column in asked if own[column].protected)
    if protected:
        choices.note(f"{', '.join(protected)} may be protected: see fairness in conf/usecase/{name}.yaml", sure=False)
    tested = label.values.count() // 5
    return Plan(
        name=name, given=given, columns=own, label=label, key=asking.key, time=time, moment=asking.moment, horizon=asking.horizon,
        label_time=asking.label_time, asked=tuple(asked), joins=asking.joins, left=left, parts=tuple(used), past=past, windows=windows,
        split=split, slices=_slices(own, asked, used), minimum=max(20, min(500, tested // 10)), protected=protected, small=_small(given),
        doubted=told.doubted,
    )  # fmt: skip


def _alike(tables: Sequence[Given], first: str) -> tuple[Given, list[Given], dict[str, dict[str, Column]]]:
    """The tables with columns of one name in one type: a key that is numbers here and texts there would never meet."""
    made = {table.name: table for table in tables}
    kinds: dict[str, set[str]] = {}
    for table in tables:
        for name, dtype in table.frame.schema.items():
            kinds.setdefault(name, set()).add(str(dtype))
    for name in [name for name, kind in kinds.items() if kind == {"Int64", "String"}]:
        for table in [each for each in made.values() if each.frame.schema.get(name) == pl.Int64]:
            spec = {**table.spec, "types": {**table.spec.get("types", {}), name: "String"}}
            made[table.name] = replace(table, spec=spec, frame=table.frame.with_columns(pl.col(name).cast(pl.String)))
    others = [table for name, table in made.items() if name != first]
    return made[first], others, {name: columns(table.frame) for name, table in made.items()}


def _after_all(others: Sequence[Columns]) -> datetime | None:
    """Midnight after the last event of `others`; None where none of them tells when its rows happened."""
    named = [(found, name) for found in others if (name := parts.happens(found))]
    return periods.after([found[name].there for found, name in named]) if named else None


def _repeats(found: Columns, pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether a table has many rows for a key."""
    keys = {theirs for theirs, _ in pairs} | {column.name for column in found.values() if column.named_id}
    return any(found[name].distinct < len(found[name].values) for name in keys)


def _split(name: str, asking: Asking, choices: Choices) -> str:
    own, time, horizon = asking.own, asking.time, asking.horizon
    if time:
        asked = own[time].values
        known = own[asking.label_time].values if asking.label_time else asked.dt.offset_by(horizon or "0d")
        if found := periods.by_time(asked, known, asking.label.values, choices):
            return found
        choices.note("split: not by time: too few rows are asked about and known within a period", sure=False)
    repeated = [own[column] for column in dict.fromkeys([*asking.joins, *own]) if column not in asking.key]
    fit = (column for column in repeated if (column.named_id or column.name in asking.joins) and _groups(column, asking.rows))
    return periods.by_hash(next(fit, None), name, choices)


def _groups(column: Column, rows: int) -> bool:
    return not column.nullable and 30 <= column.distinct < rows and (column.text or column.whole)


def _past(asking: Asking, split: str) -> Past | None:
    """Earlier labels as a history, where rows of an entity follow each other and rows are split by time."""
    time, own, label = asking.time, asking.own, asking.label
    if not time or not asking.key or "by: time" not in split:
        return None
    names = dict.fromkeys([*(name for name in asking.key if name != time), *asking.joins])
    entity = [name for name in names if 1 < own[name].distinct <= asking.rows // 3]
    if not entity or (label.kind == "binary" and not _comes_again(own, label, entity, time)):
        return None
    by = tuple(entity[:2] if set(entity[:2]) <= set(asking.key) else entity[:1])
    gaps = keys.gaps_of(own[time].values, [own[name].values for name in by])
    return Past(by, periods.windows(gaps, _span(own[time]), asking.horizon or "0s"))


def _comes_again(own: Columns, label: Label, entity: Sequence[str], time: str) -> bool:
    """Whether an entity is asked about again after a yes: where it never is, all earlier labels are a no."""
    frame = pl.DataFrame([own[name].values for name in entity[:1]]).with_columns(
        __t=own[time].values, __yes=own[label.column.name].values == label.positive
    )
    later = pl.col("__t") < pl.col("__t").max().over(entity[0])
    return int(frame.select((pl.col("__yes") & later).sum()).item()) > RARE


def _windows(part: Part, span: int, *, once: bool) -> tuple[str, str]:
    times = part.columns[part.time]
    if once:  # all is asked about at the end: the long window holds everything
        return periods.all_of(_span(times))
    gaps = keys.gaps_of(times.values, [part.columns[theirs].values for theirs, _ in part.by])
    return periods.windows(gaps, max(_span(times), span), part.lateness)


def _span(column: Column) -> int:
    ends = column.there.to_physical()
    return int(ends.max()) - int(ends.min())  # type: ignore[arg-type]


def _slices(own: Columns, asked: Sequence[str], used: Sequence[Part]) -> tuple[str, ...]:
    """Up to three columns of few values, of the request first."""
    few = [name for name in asked if own[name].few and own[name].distinct <= 12]
    few.sort(key=lambda name: (not own[name].text, own[name].distinct))
    looked = [
        f"{part.given.name}.{name}"
        for part in used
        if part.role == "reference"
        for name in part.fixed
        if part.columns[name].few and part.columns[name].distinct <= 30
    ]
    return tuple([*few, *looked][:3])


def _small(given: Given) -> dict[str, float]:
    """The share of the label's table that the small world keeps."""
    return {given.name: round(max(LITTLE / given.frame.height, 0.001), 3)} if given.frame.height > 4 * LITTLE else {}
