"""From tables to a plan: every guess of a draft, in the order in which each needs those before it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from interlock.drafting import keys, labels, leaks, parts, periods
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
    own = found[given.name]
    label = replace(label, column=own[label.column.name])
    if len(label.column.there) < SMALL:
        choices.note(f"{len(label.column.there)} rows with a label are few: what is measured on a fifth of them is wide", sure=False)
    time = keys.time(label, own, choices)
    moment = None if time else _after_all([found[table.name] for table in others])
    if moment:
        choices.note(
            f"time: {given.name} is not dated; asked at {moment:%Y-%m-%d}, after the last event: did labels come later?", sure=False
        )
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
    kept = {*asking.key, *asking.joins, label.column.name, *([time] if time else []), *([asking.label_time] if asking.label_time else [])}
    left = {column: why for column in own if column not in kept and (why := leaks.useless(own[column]))}
    asked = [column for column in own if column not in kept and column not in left]
    left |= leaks.told(label, own, asked, time)
    asked = [column for column in asked if column not in left]
    for column, why in left.items():
        choices.note(f"{label.table}.{column} is left out: it {why}", sure=not _doubtful(why))
    left |= {asking.label_time: "is when the outcome is known"} if asking.label_time else {}
    used = [_without_leaks(part, asking, choices) for part in used]
    split = _split(name, asking, choices)
    past = _past(asking, split)
    span = _span(own[time]) if time else 0
    windows = {part.given.name: _windows(part, span, once=asking.moment is not None) for part in used if part.role == "history"}
    protected = tuple(column for column in asked if own[column].protected)
    if protected:
        choices.note(f"{', '.join(protected)} may be protected: see fairness in conf/usecase/{name}.yaml", sure=False)
    tested = len(label.column.there) // 5
    return Plan(
        name=name, given=given, columns=own, label=label, key=asking.key, time=time, moment=asking.moment, horizon=asking.horizon,
        label_time=asking.label_time, asked=tuple(asked), joins=asking.joins, left=left, parts=tuple(used), past=past, windows=windows,
        split=split, slices=_slices(own, asked, used), minimum=max(20, min(500, tested // 10)), protected=protected, small=_small(given),
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
    """Midnight after the last event of the tables that have many rows for a key; None where there is no such table."""
    named = [(found, name) for found in others if (name := parts.happens(found)) and _repeats(found)]
    return periods.after([found[name].there for found, name in named]) if named else None


def _repeats(found: Columns) -> bool:
    return any(column.named_id and column.distinct < len(column.values) for column in found.values())


def _without_leaks(part: Part, asking: Asking, choices: Choices) -> Part:
    """A part without the columns that had better not be read; a reference with those that seem not to change."""
    keyed = {theirs for theirs, _ in part.by}
    left = {name: why for name, column in part.columns.items() if name not in keyed and (why := leaks.useless(column))}
    if part.role == "history":
        left = {name: why for name, why in left.items() if name not in part.id and name not in (part.time, part.available)}
        left |= {name: "is the label" for name in part.columns if name == asking.label.column.name}
        return replace(part, left=left)
    left |= {
        name: "may change, so it could leak the future"
        for name, column in part.columns.items()
        if column.changing and name not in keyed and name not in left
    }
    fit = [name for name in part.columns if name not in keyed and name not in left]
    left |= _told_there(part, fit, asking)
    fixed = tuple(name for name in fit if name not in left)
    if fixed:
        choices.note(f"{part.given.name}: taken to be fixed: {', '.join(fixed)}", sure=False)
    for name, why in left.items():
        choices.note(f"{part.given.name}.{name} is left out: it {why}", sure=not _doubtful(why))
    return replace(part, fixed=fixed, left=left)


def _told_there(part: Part, fit: Sequence[str], asking: Asking) -> dict[str, str]:
    """The columns of a reference that give the label away, looked up for each row of its table."""
    own, time = asking.own, asking.time
    on = [ours for _, ours in part.by]
    theirs = part.given.frame.select(
        **{ours: pl.col(name) for name, ours in part.by}, **{f"\x1e{name}": pl.col(name) for name in fit}
    ).unique(on, keep="first", maintain_order=True)
    rows = pl.DataFrame([own[name].values for name in dict.fromkeys([*on, *([time] if time else [])])])
    joined = rows.join(theirs, on=on, how="left", maintain_order="left")
    looked = {name: Column(name, joined[f"\x1e{name}"].alias(name)) for name in fit} | ({time: own[time]} if time else {})
    return leaks.told(asking.label, looked, fit, time)


def _doubtful(why: str) -> bool:
    return any(word in why for word in ("tells", "change", "later", "weight", "too many", "text"))


def _split(name: str, asking: Asking, choices: Choices) -> str:
    own, time, horizon = asking.own, asking.time, asking.horizon
    if time:
        asked = own[time].values
        known = own[asking.label_time].values if asking.label_time else asked.dt.offset_by(horizon or "0d")
        if found := periods.by_time(asked, known, asking.label.column.values, choices):
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
