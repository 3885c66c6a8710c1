"""The part that each table beside the label's plays: a history, a reference, or none."""

import re
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from interlock.drafting.columns import AVAILABLE, Column
from interlock.drafting.given import Given
from interlock.drafting.keys import ASKED, BORN, NEARLY, NOT_ASKED
from interlock.drafting.plan import Choices, Label, Part
from interlock.durations import UNITS

OVERLAP = 0.2
LATENESS = ("1m", "5m", "15m", "1h", "3h", "6h", "12h", "1d", "2d", "3d", "7d", "14d", "30d", "90d")
COPIES = 0.02
BEFORE = 0.05
Columns = Mapping[str, Column]


def links(columns: Columns, asked: Columns, table: str, label: Label) -> list[tuple[str, str]]:
    """Pairs (column of a table, column of the label's table) that a row may be joined by, the likeliest first."""
    pairs = [(name, name) for name in columns if name in asked and name != label.column.name]
    short = re.sub(r"(ies|es|s)$", "", table)
    pairs += [(theirs, ours) for theirs in columns for ours in asked if theirs != ours and _stem(columns[theirs]) == _stem(asked[ours])]
    pairs += [
        (theirs, ours)
        for theirs in columns
        for ours in asked
        if theirs != ours and columns[theirs].words in ("id", "code", "key", "name", "nr") and asked[ours].words.startswith(short)
    ]
    fit = [(theirs, ours) for theirs, ours in dict.fromkeys(pairs) if _joinable(columns[theirs], asked[ours])]
    return sorted(fit, key=lambda pair: (not columns[pair[0]].named_id, -columns[pair[0]].distinct))


def _stem(column: Column) -> str:
    """What a column is the number of: user for user, user_id, userId and user no."""
    return re.sub(r"_?(id|key|code|nr|no|number|uuid)$", "", column.words) or column.words


def _joinable(theirs: Column, ours: Column) -> bool:
    if theirs.values.dtype != ours.values.dtype or not (theirs.text or theirs.whole) or min(theirs.distinct, ours.distinct) < 2:
        return False
    shared = ours.there.unique().is_in(theirs.there.unique().implode()).mean()
    id_like = theirs.named_id or ours.named_id or theirs.text or theirs.unique
    return id_like and shared is not None and float(shared) >= OVERLAP  # type: ignore[arg-type]


def part(given: Given, columns: Columns, asked: Columns, label: Label, timed: bool, choices: Choices) -> Part:
    """What the table `given` is to requests; `timed` where these have a moment to look back from."""
    pairs = [pair for pair in links(columns, asked, given.name, label) if not columns[pair[0]].values.null_count() > len(given.frame) / 2]
    single = next((pair for pair in pairs if columns[pair[0]].distinct >= NEARLY * len(given.frame)), None)
    if single:
        choices.note(f"{given.name}: a reference, one row for each {single[0]}")
        return Part(given, columns, "reference", (single,))
    time = happens(columns)
    if time and timed:
        return _history(given, columns, tuple(pairs[:1]), time, choices)
    ids = tuple(pair for pair in pairs if columns[pair[0]].named_id or len(pairs) <= 2)
    if len(ids) > 1 and given.frame.select(pl.struct([theirs for theirs, _ in ids]).n_unique()).item() >= NEARLY * len(given.frame):
        choices.note(f"{given.name}: a reference, one row for each {', '.join(theirs for theirs, _ in ids)}", sure=False)
        return Part(given, columns, "reference", ids)
    why = _unused(pairs, time)
    choices.note(f"{given.name}: not used, {why}", sure=False)
    return Part(given, columns, "unused", left={"": why})


def _unused(pairs: Sequence[tuple[str, str]], time: str | None) -> str:
    if not pairs and not time:
        return "no column in common with the label's table"
    return "requests have no time to look back from" if time else "many rows for a key, and no time"


def happens(columns: Columns) -> str | None:
    """The column of the moment at which a row of a table happened."""
    fit = [
        column
        for column in columns.values()
        if column.moment and column.values.null_count() <= 0.5 * len(column.values) and column.distinct > 1
    ]
    odd = [column for column in fit if any(form.search(column.words) for form in (BORN, NOT_ASKED, AVAILABLE))]
    ranked = sorted(
        [column for column in fit if column not in odd] or [column for column in odd if not BORN.search(column.words)],
        key=lambda column: (
            next((n for n, form in enumerate(ASKED) if re.search(form, column.words)), len(ASKED)),
            column.values.null_count(),
        ),
    )
    return ranked[0].name if ranked else None


def _history(given: Given, columns: Columns, by: tuple[tuple[str, str], ...], time: str, choices: Choices) -> Part:
    entity = [theirs for theirs, _ in by]
    identity = next((names for names in _identities(columns, entity, time) if _tells(given.frame, names)), None)
    if identity is None:
        choices.note(f"{given.name}: not used, too many of its rows are copies of others", sure=False)
        return Part(given, columns, "unused", left={"": "too many of its rows are copies of others"})
    available, lateness = _availability(columns, time)
    of = f"of each {entity[0]}" if entity else "of everybody"
    at = f", known at {available} (up to {lateness} later)" if available else ""
    choices.note(f"{given.name}: a history {of}, which happens at {time}{at}", sure=bool(entity))
    if not available:
        choices.note(f"{given.name}: its rows are taken to be known as soon as they happen", sure=False)
    return Part(given, columns, "history", by, time=time, available=available, lateness=lateness, id=identity)


def nothing_before(part: Part, asked: Columns, time: pl.Series) -> bool:
    """Whether hardly any request, asked at `time`, has a row of a history before it."""
    by = {f"k{number}": pair for number, pair in enumerate(part.by)}
    first = pl.DataFrame({**{name: part.columns[theirs].values for name, (theirs, _) in by.items()}, "at": part.columns[part.time].values})
    requests = pl.DataFrame({**{name: asked[ours].values for name, (_, ours) in by.items()}, "asked": time})
    if by:
        requests = requests.join(first.group_by(*by).agg(pl.col("at").min()), on=list(by), how="left")
    else:
        requests = requests.with_columns(at=pl.lit(first["at"].min()))
    return float((requests["at"] < requests["asked"]).sum()) < BEFORE * len(requests)


def _identities(columns: Columns, entity: list[str], time: str) -> Iterator[tuple[str, ...]]:
    """What may tell each row of a history: an id, or the entity and the time with more and more columns."""
    whole = [column for column in columns.values() if (column.text or column.whole) and not column.nullable and column.name not in entity]
    yield from ((column.name,) for column in sorted(whole, key=lambda column: not column.named_id) if column.named_id or column.text)
    start = (*entity, time)
    yield start
    yield from ((*start, column.name) for column in whole)
    others = [column.name for column in columns.values() if column.usable and column.name not in start]
    yield from (start + tuple(others[: number + 1]) for number in range(len(others)))


def _tells(frame: pl.DataFrame, names: tuple[str, ...]) -> bool:
    return int(frame.select(pl.struct(names).n_unique()).item()) >= (1 - COPIES) * len(frame)


def _availability(columns: Columns, time: str) -> tuple[str, str]:
    """The column of when a row became known, and the longest that it took."""
    for column in columns.values():
        if column.moment and column.name != time and AVAILABLE.search(column.words):
            waited = (column.values - columns[time].values).drop_nulls().dt.total_microseconds()
            if len(waited) and (waited >= 0).all():
                longest = int(waited.max() or 0)  # type: ignore[arg-type]
                if (late := next((text for text in LATENESS if _length(text) >= longest), None)) is not None:
                    return column.name, late
    return "", "0s"


def _length(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]
