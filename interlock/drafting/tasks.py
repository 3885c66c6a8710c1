"""What kind of task a label makes: two outcomes, several classes, or a number; and which of its values are no outcome."""

import re
from collections.abc import Sequence
from typing import Any

from interlock.drafting import names
from interlock.drafting.columns import Column
from interlock.drafting.plan import Choices, Kind, Label
from interlock.errors import ConfigError, listed

YES = re.compile(r"yes|y|true|t|1|positive|pos|bad|default|churned|fraud|failed|won|ja|oui|si|sí|sì|sim|tak")
UNKNOWN = re.compile(r"|\?|n/?a|not available|unknown|unk|nan|null|missing|undefined|pending|unbekannt|inconnu|desconocido")
LEVELS, RARE = 20, 30
FORMS: tuple[Kind, ...] = ("binary", "multiclass", "regression")


def made(table: str, column: Column, choices: Choices) -> Label:
    """The label of a column: its task is told, seen or asked for; raises ConfigError where the column is none of it."""
    common = _common(column)
    guess = _kind(column)
    guess = "binary" if guess == "multiclass" and len(common) == 2 else guess
    sure = not (guess == "multiclass" and column.number)
    kind = choices.choose("task", f"{table}.{column.name} has {column.distinct} values: which task?", guess, FORMS, sure=sure)
    name = names.variable(column.name)
    if kind == "regression":
        if not column.number:
            raise ConfigError(f"{table}.{column.name} is {column.values.dtype}, which no regression predicts", "leave --task out")
        choices.note(f"task: regression of {column.name}", sure=sure)
        return Label(table, column, "regression", name)
    levels = column.levels() if column.distinct <= 1000 else []
    if kind == "binary":
        return _binary(table, column, name, common, choices)
    classes = tuple(common)
    rare = tuple(level for level in levels if level not in common)
    if len(classes) < 3:
        raise ConfigError(
            f"{table}.{column.name} has {len(classes)} classes of {RARE} rows or more, and a multiclass task has at least three",
            "bring more rows, pool its classes, or name another column by --label",
        )
    choices.note(
        f"task: multiclass, {len(classes)} classes of {column.name}" + ("" if sure else "; a number: --task regression"), sure=sure
    )
    _note_rare(column, rare, choices)
    return Label(table, column, "multiclass", name, classes=classes, rare=rare)


def _common(column: Column) -> list[Any]:
    """The values that an outcome can be: not the rare ones, nor words for what nobody knows; of two values both."""
    if column.distinct > 1000:
        return []
    counts = {level: int((column.there == level).sum()) for level in column.levels()}
    if len(counts) == 2:
        return list(counts)
    return [level for level, rows in counts.items() if rows >= RARE and not UNKNOWN.fullmatch(str(level).strip().lower())]


def _note_rare(column: Column, rare: Sequence[Any], choices: Choices) -> None:
    if rare:
        rows = int(column.there.is_in(list(rare)).sum())
        choices.note(f"{rows:,} rows have no outcome, where {column.name} is {listed(map(str, rare))}", sure=False)


def _binary(table: str, column: Column, name: str, levels: Sequence[Any], choices: Choices) -> Label:
    if len(levels) != 2:
        raise ConfigError(f"{table}.{column.name} has {column.distinct} values, and a binary task has two", "leave --task out")
    known = [level for level in levels if YES.fullmatch(str(level).lower()) or level is True]
    rarer = min(levels, key=lambda level: int((column.there == level).sum()))
    positive = known[0] if len(known) == 1 else rarer
    sure = len(known) == 1
    rare = tuple(level for level in column.levels() if level not in levels)
    share = float((column.there.filter(~column.there.is_in(list(rare))) == positive).mean() or 0)
    choices.note(f"task: binary, {column.name} = {positive!r} is a yes ({share:.1%} of the rows)", sure=sure)
    _note_rare(column, rare, choices)
    return Label(table, column, "binary", name, positive=positive, rare=rare)


def _kind(column: Column) -> Kind:
    if column.distinct == 2 and (not column.number or (column.there == column.there.round(0)).all()):
        return "binary"
    if column.text or (column.whole and column.distinct <= LEVELS and len(column.there) >= 10 * column.distinct):
        return "multiclass"
    return "regression"
