"""Columns that a feature had better not read, and why: they tell the label, came after it, or tell nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from interlock.drafting import foreign
from interlock.drafting.columns import Column
from interlock.drafting.plan import Label
from interlock.evaluation.leakage import alone
from interlock.modeling.dataset import Rows
from interlock.modeling.task import Binary, Multiclass, Regression, Task

TELLS: Mapping[str, float] = {"binary": 0.93, "multiclass": 0.93, "regression": 0.9}
DOUBTED: Mapping[str, float] = {"binary": 0.85, "multiclass": 0.88, "regression": 0.75}
SAMPLE, ADDENDS = 20_000, 24
USELESS: Mapping[str, Callable[[Column], bool]] = {
    "has no value at all": lambda column: column.empty,
    "is {dtype}": lambda column: not column.usable,
    "is the same in every row": lambda column: column.constant and not column.nullable,
    "tells a person from others": lambda column: column.personal,
    "numbers the rows": lambda column: column.counting or (column.named_id and column.distinct > len(column.there) // 2),
    "is free text, or nearly one of a kind": lambda column: column.free,
    "has {distinct:,} values, too many to learn each of": lambda column: column.many,
    "is a weight: rows count alike here": lambda column: column.weight,
}


@dataclass(frozen=True)
class Told:
    """Columns and why: those that are `left` out, and those that are read although they tell much."""

    left: dict[str, str]
    doubted: dict[str, str]


def useless(column: Column) -> str:
    """Why no feature can be made of a column, whatever the label; empty where one can."""
    if odd := foreign.why(column):
        return odd
    return next((why for why, found in USELESS.items() if found(column)), "").format(dtype=column.values.dtype, distinct=column.distinct)


def told(label: Label, columns: Mapping[str, Column], names: Sequence[str], asked: str | None) -> Told:
    """Of `names`, the columns that give the label away, or are of a time after the row was asked about."""
    values = label.values
    known = values.is_not_null()
    place = pl.Series(np.random.default_rng(7).permutation(len(values))).rank("ordinal") <= SAMPLE if len(values) > SAMPLE else None
    chosen = known if place is None else known & place
    frame = pl.DataFrame([columns[name].values.filter(chosen) for name in names])
    labels = _numbers(label, values.filter(chosen))
    found = _later(columns, names, asked)
    found |= {name: why for name, why in _sums(label, frame, labels).items() if name not in found}
    strong = {name: told for name, told in _strong(label, frame, labels).items() if name not in found}
    found |= {name: f"{said}: known before it?" for name, (score, said) in strong.items() if score >= TELLS[label.kind]}
    return Told(found, {name: f"{said}: known before it? Else leave it out" for name, (_, said) in strong.items() if name not in found})


def _later(columns: Mapping[str, Column], names: Sequence[str], asked: str | None) -> dict[str, str]:
    late = {}
    for name in names:
        if asked and columns[name].moment and (columns[name].values > columns[asked].values).any():
            late[name] = f"is later than {asked} in some rows"
    return late


def _strong(label: Label, frame: pl.DataFrame, labels: pl.Series) -> dict[str, tuple[float, str]]:
    """The columns of which one alone tells much of the label on rows that it was not learned from, by value or by being there."""
    shown = frame.with_columns(pl.col(pl.Datetime).to_physical())
    absent = frame.select(pl.all().is_null().name.suffix("\x1f"))
    task, half = _task(label), np.random.default_rng(7).random(len(frame)) < 0.5
    features = shown.hstack([column for column in absent if column.any() and not column.all()])
    if not features.width:
        return {}
    one, two = (
        Rows(name, frame, features.filter(chosen), labels.filter(chosen)) for name, chosen in (("train", half), ("validation", ~half))
    )
    if min(one.label.n_unique(), two.label.n_unique()) < (2 if label.kind == "regression" else labels.n_unique()):
        return {}
    found: dict[str, tuple[float, str]] = {}
    there_and_back = [*alone(task, one, two)["features"], *alone(task, two, one)["features"]]  # a half of a few hundred rows is luck
    for each in sorted(there_and_back, key=lambda each: -float(each[task.headline])):
        column, by_absence = str(each["name"]).removesuffix("\x1f"), str(each["name"]).endswith("\x1f")
        if (worth := float(each[task.headline])) >= DOUBTED[label.kind]:
            score = "R²" if task.headline == "r2" else "AUC"
            what = "tells by being there or not" if by_absence else "alone tells"
            found.setdefault(column, (worth, f"{what} {label.column.name} ({score} {worth:.2f})"))
    return found


def _sums(label: Label, frame: pl.DataFrame, labels: pl.Series) -> dict[str, str]:
    """Two numbers of which the label is the sum."""
    if label.kind != "regression":
        return {}
    numbers = [name for name, dtype in frame.schema.items() if dtype.is_numeric()][:ADDENDS]
    whole = labels.to_numpy()
    for one, two in combinations(numbers, 2):
        summed = (
            frame[one].cast(pl.Float64).fill_null(float("nan")).to_numpy() + frame[two].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        )
        if np.allclose(summed, whole, rtol=1e-6, atol=1e-9):
            return dict.fromkeys((one, two), f"adds up to {label.column.name}: {one} and {two}")
    return {}


def _numbers(label: Label, values: pl.Series) -> pl.Series:
    if label.kind == "binary":
        return pl.select(values == label.positive).to_series()
    return values.cast(pl.String) if label.kind == "multiclass" else values.cast(pl.Float64)


def _task(label: Label) -> Task:
    if label.kind == "binary":
        return Binary(positive=label.column.name)
    return Multiclass(classes=tuple(map(str, label.classes))) if label.kind == "multiclass" else Regression(unit=label.column.name)
