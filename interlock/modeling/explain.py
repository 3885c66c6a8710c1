"""Why the model scores as it does: exact TreeSHAP contributions, summed in a fixed order."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from interlock.modeling.attributed import Attributed
from interlock.modeling.booster import GAIN, SPLITS
from interlock.modeling.groups import POOLED, crossed, grouped
from interlock.modeling.score import Scorer

EXAMPLES = 3
TOP = 8
SLICED = 10
Record: TypeAlias = dict[str, Any]


def explain(scorer: Scorer, key: pl.DataFrame, features: pl.DataFrame, slices: Sequence[Record] = ()) -> Record:
    """What drives the scores of these rows: over all of them, by class and by slice, and for those that score highest and lowest.

    Of several classes a row's score is that of its likeliest one. `slices` is what `by_slice` gives. Raises ArtifactError
    where a row's contributions do not add up to its raw scores.
    """
    found = Attributed.of(scorer, features)
    likeliest = found.likeliest()
    scores = found.scored.select(scorer.model.task.final).to_numpy()[np.arange(features.height), likeliest]
    raw = found.scored.select(scorer.model.task.raw).to_numpy()[np.arange(features.height), likeliest]
    ranked = np.lexsort((raw, scores)).tolist()
    local = {"highest": ranked[::-1][:EXAMPLES], "lowest": ranked[:EXAMPLES]}
    classes = list(_classes(found))
    every = _shares(found.importance())
    sliced = [_slice(found, every, one) for one in slices]
    return {
        "rows": features.height,
        "expected_raw_score": None if classes else float(found.parts[0, 0, -1]),
        "global": _overall(found),
        "classes": classes,
        "slices": sliced,
        "different": _different(sliced),
        **{name: [_one(found, key, row, int(likeliest[row])) for row in rows] for name, rows in local.items()},
    }


def by_slice(columns: pl.DataFrame, alone: Sequence[str], crossings: Sequence[Sequence[str]], minimum: int) -> list[Record]:
    """The rows of each value of a column, and of a crossing of several; small ones are pooled."""
    return [
        {
            "slice": f"{column.name} = {name}",
            "column": column.name,
            "value": name,
            "pooled": name == POOLED,
            "rows": column.is_in(members).arg_true().to_numpy().astype(np.int64),
        }
        for column in crossed(columns, alone, crossings)
        for name, members in grouped(column, minimum)
    ]


def plain(value: Any) -> Any:
    """A value of a key as JSON says it."""
    return value.isoformat() if isinstance(value, date) else value


def _ranked(importance: Mapping[str, float]) -> Iterator[tuple[int, str, float]]:
    ordered = sorted(importance.items(), key=lambda feature: (-feature[1], feature[0]))
    yield from ((rank, name, mean) for rank, (name, mean) in enumerate(ordered, 1))


def _overall(found: Attributed) -> list[Record]:
    """Each feature's mean absolute contribution, highest first, with the gain and number of its splits."""
    booster = found.scorer.booster
    gains, splits = (dict(zip(found.names, booster.importance(kind), strict=True)) for kind in (GAIN, SPLITS))
    return [
        {"rank": rank, "feature": name, "importance": mean, "gain": gains[name], "splits": int(splits[name])}
        for rank, name, mean in _ranked(found.importance())
    ]


def _classes(found: Attributed) -> Iterator[Record]:
    """The same by class; nothing where a row has one score."""
    names = getattr(found.scorer.model.task, "classes", ())
    for place, name in enumerate(names):
        ranked = _ranked(dict(zip(found.names, found.means(place), strict=True)))
        features = [{"rank": rank, "feature": feature, "importance": mean} for rank, feature, mean in ranked]
        yield {"class": name, "expected_raw_score": float(found.parts[0, place, -1]), "features": features}


def _slice(found: Attributed, there: Mapping[str, float], one: Record) -> Record:
    """What drives the scores of a slice, and how far that is from all rows: half the sum of what the shares differ by, 0 to 1."""
    importance = found.importance(one["rows"])
    here = _shares(importance)
    apart = {name: here[name] - there[name] for name in here}
    more = min(apart, key=lambda name: (-apart[name], name))
    return {
        **{name: one[name] for name in ("slice", "column", "value", "pooled")},
        "rows": len(one["rows"]),
        "distance": math.fsum(map(abs, apart.values())) / 2,
        "more": {"feature": more, "share": here[more], "share_of_all": there[more]},
        "features": [{"rank": rank, "feature": name, "importance": mean} for rank, name, mean in _ranked(importance)][:SLICED],
    }


def _different(slices: Sequence[Record]) -> list[Record]:
    """The slices that stand alone whose drivers are furthest from those of all rows."""
    alone = sorted((one for one in slices if not one["pooled"]), key=lambda one: (-one["distance"], one["slice"]))
    return [{name: one[name] for name in ("slice", "rows", "distance", "more")} for one in alone[:EXAMPLES]]


def _shares(importance: Mapping[str, float]) -> dict[str, float]:
    total = math.fsum(importance.values())
    return {name: mean / total if total else 0.0 for name, mean in importance.items()}


def _one(found: Attributed, key: pl.DataFrame, row: int, place: int) -> Record:
    """One row's key and scores, and the features that contribute most to the one at `place`."""
    said = {name: plain(value) for frame in (key, found.scored) for name, value in frame.row(row, named=True).items()}
    classes, values = getattr(found.scorer.model.task, "classes", ()), found.features.row(row, named=True)
    told = {**said, **({"class": classes[place]} if classes else {}), "expected_raw_score": float(found.parts[row, place, -1])}
    most = found.contributions(row, place)[:TOP]
    return {**told, "contributions": [{"feature": name, "value": values[name], "contribution": part} for name, part in most]}
