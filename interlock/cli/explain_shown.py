"""What `interlock explain` prints: the waterfall of each row, and one sentence that says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import click
import msgspec
import polars as pl
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.sketch import number
from interlock.contracts.evidence import text
from interlock.errors import printable
from interlock.features.featureset import FeatureSet
from interlock.modeling.attributed import Attributed
from interlock.modeling.explain import plain
from interlock.modeling.reasons import figure, reasons, signed, words
from interlock.modeling.task import Regression, Task

BAR, LEAST = 30, 10
NAME, VALUE, TEXT = 30, 16, 12
UP, DOWN = "red", "blue"
Line: TypeAlias = tuple[str, str, str, Text, str]


@dataclass(frozen=True)
class Among:
    """The rows of a split as they were scored, which a row is compared with, how features are made, and how many are shown."""

    split: str
    scored: pl.DataFrame
    features: FeatureSet
    top: int


def show(found: Attributed, keys: pl.DataFrame, places: Sequence[int], among: Among, *, as_json: bool) -> None:
    """Print why each row scores as it does; `places` are those of the scores to explain."""
    task, every = found.scorer.model.task, []
    for row, place in enumerate(places):
        told = reasons(found, row, place, among.features, among.top)
        score, rows = pl.col(task.final[place]), among.scored.height
        lower, higher = (among.scored.filter(side).height / rows for side in (score < told["score"], score > told["score"]))
        values = {step["feature"]: _value(step) for step in told["steps"]}
        key = keys.row(row, named=True)
        sentence = printable(words(told, task, (lower, higher), among.split, values))
        said = {name: plain(value) for name, value in key.items()} | {"split": among.split, "lower": lower, "higher": higher}
        every.append({**said, **told, "words": sentence})
        if not as_json:
            _print(Console(highlight=False, markup=False), every[-1], key, values, task)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(every), indent=2).decode())


def _print(console: Console, told: Mapping[str, Any], key: Mapping[str, Any], values: Mapping[str, str], task: Task) -> None:
    label = key["label"]
    console.print(Text(" · ".join(f"{name} {text(value)}" for name, value in key.items() if name != "label"), style="bold"))
    console.print(Text.assemble((f"{_score(told['score'], task)}", "bold"), f", {told['words']}. The outcome: {_outcome(label, task)}\n"))
    console.print(_waterfall(told, values, task, console.width))
    console.print()


def _waterfall(told: Mapping[str, Any], values: Mapping[str, str], task: Task, width: int) -> Table:
    """From the expected raw score, part by part, to the raw score, and from there to the score."""
    steps, others = told["steps"], told["others"]
    ends = [told["expected_raw_score"], *(step["total"] for step in steps), told["raw_score"]]
    low, high = min(ends), max(ends)
    bar = max(LEAST, min(BAR, width // 4))
    lines: list[Line] = [("expected raw score", "", figure(ends[0]), Text(), "")]
    for step, start in zip(steps, ends, strict=False):
        drawn = _bar(start, step["total"], low, high, bar)
        lines.append(
            (printable(step["feature"]), values[step["feature"]], signed(step["contribution"]), drawn, printable(step["description"]))
        )
    if others["features"]:
        lines.append((f"{others['features']} others", "", signed(others["contribution"]), _bar(ends[-2], ends[-1], low, high, bar), ""))
    lines += [("raw score", "", figure(told["raw_score"]), Text(), ""), ("score", "", _score(told["score"], task), Text(), "")]
    return _table(lines, bar, width)


def _table(lines: Sequence[Line], bar: int, width: int) -> Table:
    """The lines in columns, the descriptions where there is room for them."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for cells, most in zip(zip(*(line[:3] for line in lines), strict=True), (NAME, VALUE, width), strict=True):
        wide = min(max(map(cell_len, cells)), most)
        table.add_column(
            justify="right" if len(table.columns) else "left", no_wrap=True, overflow="ellipsis", min_width=wide, max_width=most
        )
    table.add_column(no_wrap=True, min_width=bar)
    used = sum(column.min_width or 0 for column in table.columns) + 2 * len(table.columns)
    if room := width - used if width - used >= TEXT else 0:
        table.add_column(style="dim", no_wrap=True, overflow="ellipsis", max_width=room)
    for *plain_cells, drawn, description in lines:
        table.add_row(*map(Text, plain_cells), drawn, *([Text(description)] if room else []))
    return table


def _bar(start: float, end: float, low: float, high: float, width: int) -> Text:
    """A part as a bar between the totals before and after it, one character at least."""
    scale = width / (high - low) if high > low else 0.0
    first, last = sorted((round((start - low) * scale), round((end - low) * scale)))
    first = min(first, width - 1)
    return Text(" " * first + "█" * max(1, last - first), style=UP if end > start else DOWN)


def _value(step: Mapping[str, Any]) -> str:
    value, unit = step["value"], printable(step["unit"])
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    said = number(value).replace("-", "−", value < 0) if numeric else "missing" if value is None else text(value)
    return f"{said} {unit}" if unit and value is not None else said


def _outcome(label: Any, task: Task) -> str:
    return _score(label, task) if isinstance(task, Regression) and label is not None else text(label)


def _score(score: float, task: Task) -> str:
    whole = isinstance(task, Regression) and float(score).is_integer()
    return f"{figure(score, 0 if whole else 3)} {printable(task.unit)}" if isinstance(task, Regression) else figure(score)
