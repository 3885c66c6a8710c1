"""What another version would have said of the predictions in a window of the log: decisions that flip, scores that move."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlock import bundle
from interlock.errors import InterlockError
from interlock.files import read_json
from interlock.lineage import rescored
from interlock.lineage.ground import Asked, Ground, Opened, Source, batched
from interlock.lineage.ground import grouped as sources
from interlock.modeling.groups import crossed, grouped
from interlock.modeling.task import Multiclass, Task
from interlock.past import Past
from interlock.releases.bundles import Resolved
from interlock.serving.predictions import Logged

METRICS = "reports/metrics.json"
SMALL, DECIDED, THEN, NOW = 10, "decision", "__then", "__now"


@dataclass(frozen=True)
class Version:
    """A version: its task, its threshold (None where it decides nothing), and its name."""

    name: str
    task: Task
    threshold: float | None

    def decided(self, scores: pl.DataFrame) -> pl.Series:
        """What is decided of each row, as text; null where nothing is."""
        if isinstance(self.task, Multiclass):
            likeliest = np.argmax(self.task.scores(scores), axis=1)
            return pl.Series([self.task.classes[place] for place in likeliest], dtype=pl.String)
        if self.threshold is None:
            return pl.Series([None] * scores.height, dtype=pl.String)
        return pl.Series(np.where(self.task.scores(scores) >= self.threshold, "selected", "not selected"), dtype=pl.String)


def threshold(resolved: Resolved) -> float | None:
    """The threshold of a version: what its evaluation chose, or conf states; None where it has none."""
    told = Past(resolved.release.commit).text(METRICS)
    chosen = (json.loads(told).get(DECIDED) or {}).get("threshold") if told else None
    usecase = read_json(resolved.folder / bundle.PROVENANCE)["configuration"].get("usecase") or {}
    found = chosen if chosen is not None else (usecase.get(DECIDED) or {}).get("threshold")
    return float(found) if isinstance(found, int | float) else None


@dataclass(frozen=True)
class Columns:
    """What rows are sliced by."""

    alone: Sequence[str]
    crossings: Sequence[Sequence[str]]


def flips(
    logged: Iterable[Logged], other: str, columns: Columns, ground: Ground, done: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    """For each other version in the window what `other` would have said otherwise: in all, and by slice, most flips first.

    What keeps rows from being scored by it is told beside: `unscored`, with the reasons.
    """
    name = ground.version(other).resolved.release.tag
    rows: dict[str, list[pl.DataFrame]] = {}
    lost: dict[str, dict[str, int]] = {}
    parts = (group for part in batched(logged) for group in sources(part).items())
    for source, asked in parts:
        done(len(asked))
        if source.version == name:
            continue
        try:
            made = _both(source, asked, other, columns, ground)
            rows.setdefault(source.version, []).append(made)
        except InterlockError as error:
            reasons = lost.setdefault(source.version, {})
            reasons[str(error)] = reasons.get(str(error), 0) + len(asked)
    return [
        {"from": version, "to": name}
        | _told(pl.concat(rows[version], how="vertical_relaxed") if version in rows else None, columns)
        | {"unscored": [{"rows": count, "why": why} for why, count in lost.get(version, {}).items()]}
        for version in dict.fromkeys([*rows, *lost])
    ]


def _version(name: str, opened: Opened) -> Version:
    """A version by its name."""
    return Version(name, opened.model.scorer.model.task, threshold(opened.resolved))


def _both(source: Source, asked: Asked, other: str, columns: Columns, ground: Ground) -> pl.DataFrame:
    """A row a prediction: the scores and decisions of both, and what it is sliced by."""
    made = [each for _, each in asked]
    old, new = ground.version(source.version), ground.version(other)
    known = rescored.known_of(new.model, source, made, ground.events)
    now, then = rescored.rescored(new.model, known, made).scores, pl.DataFrame([each.scores for each in made])
    before, after = _version(source.version, old), _version(other, new)
    there = rescored.requests(old.model.features, made).hstack(rescored.recorded(old.model.features, made))
    sliced = there.select(name for name in _read(columns) if name in there.columns)
    return sliced.with_columns(
        before.decided(then).alias("then"),
        after.decided(now).alias("now"),
        _moved(before, then).alias(THEN),
        _moved(after, now).alias(NOW),
    )


def _moved(of: Version, scores: pl.DataFrame) -> pl.Series:
    """The number whose move is told: the score, or that of the likeliest class."""
    found = of.task.scores(scores)
    return pl.Series(found if found.ndim == 1 else found.max(axis=1))


def _read(columns: Columns) -> list[str]:
    return list(dict.fromkeys([*columns.alone, *(name for crossing in columns.crossings for name in crossing)]))


def _told(rows: pl.DataFrame | None, columns: Columns) -> dict[str, Any]:
    if rows is None:
        return {"rows": 0, "slices": []}
    alone = [name for name in columns.alone if name in rows.columns]
    crossings = [crossing for crossing in columns.crossings if set(crossing) <= set(rows.columns)]
    slices = list(_slices(rows, alone, crossings))
    return {**figures(rows), "slices": sorted(slices, key=lambda each: (-(each["flips"] or 0), -each["mean_absolute_move"]))}


def _slices(rows: pl.DataFrame, alone: Sequence[str], crossings: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
    for column in crossed(rows.select(_read(Columns(alone, crossings))), alone, crossings):
        for name, members in grouped(column, SMALL):
            yield {"slice": f"{column.name} = {name}"} | figures(rows.filter(column.is_in(members)))


def figures(rows: pl.DataFrame) -> dict[str, Any]:
    """How many decisions flip, and from what to what; how far scores move. Flips are null where nothing is decided."""
    moves = (rows[NOW] - rows[THEN]).to_list()
    decided = rows.filter(pl.col("then").is_not_null() & pl.col("now").is_not_null())
    turned = decided.filter(pl.col("then") != pl.col("now"))
    ways: Mapping[tuple[str, str], int] = {
        (then, now): count for then, now, count in turned.group_by("then", "now").len().sort("then", "now").rows()
    }
    return {
        "rows": rows.height,
        "flips": turned.height if decided.height else None,
        "flipped": [{"from": then, "to": now, "rows": count} for (then, now), count in ways.items()],
        "moved": sum(move != 0 for move in moves),
        "mean_move": math.fsum(moves) / len(moves),
        "mean_absolute_move": math.fsum(map(abs, moves)) / len(moves),
        "largest_move": max(moves, key=abs),
    }
