"""What is kept of a table: the columns that a feature may read; each other is left out, for a reason that is said."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from interlock.drafting import foreign, leaks
from interlock.drafting.columns import Column
from interlock.drafting.plan import Choices, Label, Part
from interlock.errors import ConfigError, listed

SHOWN = 3
DOUBTFUL = ("tells", "change", "later", "weight", "too many", "text")
CONVERT = "convert the file, as by: pl.read_csv('in.csv', separator=';', decimal_comma=True).write_parquet('out.parquet')"
Columns = Mapping[str, Column]


def without_leaks(part: Part, label: Label, own: Columns, time: str | None, choices: Choices) -> Part:
    """A part without the columns that had better not be read; a reference with those that seem not to change."""
    keyed = {theirs for theirs, _ in part.by}
    left = {name: why for name, column in part.columns.items() if name not in keyed and (why := leaks.useless(column))}
    if part.role == "history":
        left = {name: why for name, why in left.items() if name not in part.id and name not in (part.time, part.available)}
        left |= {name: "is the label" for name in part.columns if name == label.column.name}
        return replace(part, left=left)
    left |= {
        name: "may change, so it could leak the future"
        for name, column in part.columns.items()
        if column.changing and name not in keyed and name not in left
    }
    fit = [name for name in part.columns if name not in keyed and name not in left]
    left |= _told_there(part, fit, label, own, time)
    fixed = tuple(name for name in fit if name not in left)
    if fixed:
        choices.note(f"{part.given.name}: taken to be fixed: {', '.join(fixed)}", sure=False)
    note(part.given.name, left, choices)
    return replace(part, fixed=fixed, left=left)


def note(table: str, left: Mapping[str, str], choices: Choices) -> None:
    """A line for each reason, and the columns that it is the reason for."""
    reasons: dict[str, list[str]] = {}
    for column, why in left.items():
        reasons.setdefault(why, []).append(column)
    for why, names in reasons.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        many = f"{table}: {', '.join(names[:SHOWN])}{more} are left out, each {why}"
        choices.note(
            many if len(names) > 1 else f"{table}.{names[0]} is left out: it {why}", sure=not any(word in why for word in DOUBTFUL)
        )


def readable(table: str, left: Mapping[str, str], columns: Columns) -> None:
    """Raise ConfigError where columns are left out for their notation, and nothing else is there to learn from."""
    if odd := [name for name in left if foreign.why(columns[name])]:
        raise ConfigError(f"of {table} nothing is left to learn from: {listed(odd)}: each {left[odd[0]]}", CONVERT)


def _told_there(part: Part, fit: Sequence[str], label: Label, own: Columns, time: str | None) -> dict[str, str]:
    """The columns of a reference that give the label away, looked up for each row of its table."""
    on = [ours for _, ours in part.by]
    theirs = part.given.frame.select(
        **{ours: pl.col(name) for name, ours in part.by}, **{f"\x1e{name}": pl.col(name) for name in fit}
    ).unique(on, keep="first", maintain_order=True)
    rows = pl.DataFrame([own[name].values for name in dict.fromkeys([*on, *([time] if time else [])])])
    joined = rows.join(theirs, on=on, how="left", maintain_order="left")
    looked = {name: Column(name, joined[f"\x1e{name}"].alias(name)) for name in fit} | ({time: own[time]} if time else {})
    return leaks.told(label, looked, fit, time).left
