"""Two models on the same rows: metrics with the interval of their difference, slices that got worse, and decisions that flip."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlock.evaluation import champion
from interlock.evaluation.bootstrap import RESAMPLED, Evaluation, Scorings, replicates
from interlock.evaluation.gates import Gates
from interlock.evaluation.metrics import measure
from interlock.evaluation.predictions import Predictions, sliced
from interlock.lineage.flips import Version
from interlock.modeling.groups import Slices, crossed, grouped
from interlock.reporting.side import Side

ROUNDS = 200
SLICED = "data/features"


@dataclass(frozen=True)
class Pair:
    """The test rows that both sides scored, aligned; `only` counts those that one of them has alone, `relabelled` those of other labels."""

    base: Side
    head: Side
    before: Predictions
    after: Predictions
    only: Mapping[str, int]
    relabelled: int

    @property
    def rows(self) -> int:
        return self.after.key.height

    @property
    def how(self) -> Evaluation:
        return self.head.load("usecase.evaluation", Evaluation, Evaluation())

    @property
    def decided(self) -> tuple[pl.Series, pl.Series]:
        """What each side decides of every row, as text; null where nothing is."""
        sides = ((self.base, self.before), (self.head, self.after))
        before, after = (Version(side.name, side.task, side.threshold).decided(of.scored) for side, of in sides)
        return before, after


def pair(base: Side, head: Side) -> Pair | None:
    """The rows that both scored with one label; None where predictions are not here, or there are no such rows."""
    if base.task != head.task:
        head.lack("a task that both have: their scores say different things")
        return None
    before, after = base.predictions, head.predictions
    if before is None or after is None:
        return None
    if before.key.schema != after.key.schema:
        head.lack("rows with one key: that of the predictions changed")
        return None
    return _aligned(base, head, before, after)


def _aligned(base: Side, head: Side, before: Predictions, after: Predictions) -> Pair | None:
    if before.key.equals(after.key):
        place, other = np.arange(after.key.height), np.arange(after.key.height)
    else:
        by = after.key.columns
        found = after.key.with_row_index("\0after").join(before.key.with_row_index("\0before"), on=by, maintain_order="left")
        place, other = found["\0after"].to_numpy(), found["\0before"].to_numpy()
    same = after.labels[place] == before.labels[other]
    only = {"base": before.key.height - len(place), "head": after.key.height - len(place)}
    kept = _at(before, other[same]), _at(after, place[same])
    if not same.any():
        head.lack("test rows that both scored")
        return None
    return Pair(base, head, *kept, only, int((~same).sum()))


def _at(of: Predictions, rows: Any) -> Predictions:
    return Predictions(of.key[rows], of.scored[rows], of.task)


def compared(of: Pair) -> dict[str, Any]:
    """What the head gains over the base, metric by metric, and what the gates against a champion would say of the base as one."""
    gates: Gates = of.head.load("gates", Gates)
    return champion.compare(of.after, of.before, gates, of.how)


def slices(of: Pair) -> dict[str, Any] | None:
    """Slices whose headline metric fell, those first whose whole interval lies below zero; None where rows cannot be sliced here.

    Resampled in fewer rounds than the metrics are; small values are pooled, as in the report of slices.
    """
    said = of.head.load("usecase.slices", Slices)
    folder = of.head.folder(SLICED) if said.read else None
    if folder is None:
        return None if said.read else {"of": 0, "better": 0, "fell": []}
    rows = _grouped(sliced(of.after.key, folder, said.read), said)
    metric, kind, labels = of.head.task.headline, of.head.task.kind, of.after.labels
    exact = {
        (name, side): measure(kind, labels[at], scores.scores[at])
        for name, at in rows.items()
        for side, scores in (("base", of.before), ("head", of.after))
    }
    fell = {name: at for name, at in rows.items() if _less(exact[name, "head"][metric], exact[name, "base"][metric])}
    found = [_gained(of, name, at, metric) for name, at in fell.items()]
    rose = sum(_less(exact[name, "base"][metric], exact[name, "head"][metric]) for name in rows)
    return {"of": len(rows), "better": rose, "fell": sorted(found, key=lambda one: (not one["below"], one["gain"]))}


def _less(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and one < other


def _grouped(columns: pl.DataFrame, said: Slices) -> dict[str, Any]:
    """The positions of the rows of each slice, by its title; of several with the same rows the first, and none that holds all of them."""
    every = {
        f"{column.name} = {name}": column.is_in(members).arg_true().to_numpy().astype("int64")
        for column in crossed(columns, said.columns, said.crossings)
        for name, members in grouped(column, said.minimum)
    }
    first = {at.tobytes(): title for title, at in reversed(every.items()) if len(at) < columns.height}
    return {title: every[title] for title in every if title in set(first.values())}


def _gained(of: Pair, name: str, at: Any, metric: str) -> dict[str, Any]:
    kind, how = of.head.task.kind, Evaluation(min(of.how.rounds, ROUNDS), of.how.seed)
    labels, scores = of.after.labels[at], {"base": of.before.scores[at], "head": of.after.scores[at]}
    ranked = {side: RESAMPLED[kind](labels, values, None) for side, values in scores.items()}
    exact = {side: measure(kind, labels, values) for side, values in scores.items()}
    gain = Scorings(exact, replicates(ranked, len(labels), how)).gains("head", "base")[metric]
    told = {"slice": name, "rows": len(at), "base": exact["base"][metric], "head": exact["head"][metric]}
    below = gain["gain_high"] is not None and gain["gain_high"] < 0
    return {**told, **gain, "below": below, "outcome": champion.word(gain)}
