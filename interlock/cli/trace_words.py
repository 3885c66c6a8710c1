"""What a trace says in words, alike in the terminal and on the page. Nothing here is escaped yet."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from interlock.contracts.evidence import text
from interlock.lineage.tree import Feature, Model, Row, Rows, Table, Trace
from interlock.releases.words import against

SHORT = 12
LONG = 1000
SHOWN = ("rows", "auc", "average_precision", "log_loss", "brier", "ece", "accuracy", "macro_f1", "r2", "rmse", "mae", "bias")


def pairs(values: Mapping[str, Any]) -> str:
    """Names and values in one line."""
    return ", ".join(f"{name}={text(value)}" for name, value in values.items())


def many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def value(feature: Feature) -> str:
    return f"{text(feature.value)}{f' {feature.unit}' if feature.unit and feature.value is not None else ''}"


def place(table: str, row: Row) -> str:
    """Where a row lies: `flights:4711`, or its position in the event log."""
    return f"{table}:{row.row}" if row.row is not None else f"event {row.position} ({table})"


def counted(rows: Rows) -> str:
    """How many rows of what, and whether they alone give the value."""
    of = f"{rows.history}, from {rows.table}" if rows.history else rows.table
    through = f" with {', '.join(rows.through)} looked up" if rows.through else ""
    proof = {True: "; they alone give this value ✓", False: "; they give ANOTHER value ✗", None: ""}[rows.agree]
    return f"{many(rows.count, 'row')} of {of}{through}{proof}"


def line(table: str, row: Row) -> str:
    when = f" {row.time}" if row.time else ""
    seen = f" (seen {row.seen})" if row.seen != row.time else ""
    return f"{place(table, row)}{when}{seen}: {pairs(row.values)}" if row.values else f"{place(table, row)}{when}{seen}"


def more(rows: Rows) -> str:
    left = rows.count - len(rows.shown)
    return f"and {left:,} more: --all" if left else ""


def code(feature: Feature) -> str:
    """Where a feature is declared, and who changed that last."""
    lines = feature.code
    if lines is None:
        return "declared by lines that could not be found"
    return f"{lines.place}" + (f", {lines.author}, {lines.date}, {lines.commit[:SHORT]}" if lines.commit else "")


def metrics(model: Model) -> str:
    found = {name: model.metrics[name] for name in SHOWN if isinstance(model.metrics.get(name), int | float)}
    told = ", ".join(f"{name} {number:,}" if isinstance(number, int) else f"{name} {number:.4g}" for name, number in found.items())
    return f"on {model.metrics['of']}: {told}" if told else "no report of its commit has any"


def verdict(model: Model) -> str:
    passed = sum(gate["verdict"] == "pass" for gate in model.gates)
    return f"{model.verdict or 'not reached'}: {passed} of {len(model.gates)} gates pass"


def waiver(waived: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {text(each, LONG)}" for name, each in waived.items())


def compared(model: Model) -> str:
    """How the release did against what it replaced, on the same rows."""
    try:
        return against(model.champion, model.comparison)
    except (KeyError, TypeError):  # a tag of another version says it in another form
        return f"Against {model.champion}: told in a form that this version does not know; git show {model.tag}"


def source(table: Table) -> str:
    """Where a table came from, as its pin has it."""
    pin = {name: each for name, each in table.pin.items() if isinstance(each, str | int)}
    hashes = [
        f"{file.get('name', '')} {str(file.get('sha256') or file.get('md5') or file.get('etag') or '')[:SHORT]}" for file in _files(table)
    ]
    return ", ".join([*(f"{name} {text(each, LONG)}" for name, each in (pin or table.source).items()), *hashes])


def agreement(trace: Trace) -> str:
    """Whether the recorded features are those that the rows give."""
    public = many(sum(feature.public for feature in trace.features), "feature")
    if any(missing.what in {"the rows of the sources", "the features, computed again"} for missing in trace.unreached):
        return f"{public}, as recorded; their rows are not here"
    if trace.differ:
        return f"{public}; recorded otherwise than the rows give ✗: {', '.join(trace.differ)}"
    return f"{public}, each recorded as the rows give it ✓"


def made_from(trace: Trace) -> Iterator[tuple[str, str]]:
    """What the model was made from: the kind and its hashes."""
    for kind, files in trace.data.items():
        yield kind, ", ".join(f"{name} {found[:SHORT]}" for name, found in _named(files))


def _named(files: Any) -> Iterable[tuple[str, str]]:
    return ((str(name), str(found)) for name, found in files.items()) if isinstance(files, dict) else [("", str(files))]


def _files(table: Table) -> list[dict[str, Any]]:
    found = table.pin.get("files")
    return [file for file in found if isinstance(file, dict)] if isinstance(found, list) else []
