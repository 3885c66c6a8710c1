"""Why the model scores as it does: exact TreeSHAP contributions, summed in a fixed order."""

import math
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.errors import ArtifactError
from interlock.modeling.booster import GAIN, SPLITS
from interlock.modeling.score import Scorer

EXAMPLES = 3
TOP = 8
EXACT = 1e-9
Record: TypeAlias = dict[str, Any]


def explain(scorer: Scorer, key: pl.DataFrame, features: pl.DataFrame) -> Record:
    """What drives the scores of these rows: over all of them, and for those that score highest and lowest.

    Raises ArtifactError where a row's contributions do not add up to its raw score.
    """
    scored = key.with_columns(*scorer.score(features))
    parts = scorer.contributions(features)
    check(parts, scored["raw_score"].to_list())
    ranked = np.argsort(scored["raw_score"].to_numpy(), kind="stable").tolist()
    local = {"highest": ranked[::-1][:EXAMPLES], "lowest": ranked[:EXAMPLES]}
    return {
        "rows": len(parts),
        "expected_raw_score": float(parts[0, -1]),
        "global": overall(scorer, parts),
        **{name: [one(scorer, scored, features, parts, row) for row in rows] for name, rows in local.items()},
    }


def check(parts: NDArray[np.float64], raw: list[float]) -> None:
    """Raise ArtifactError where the contributions of a row do not add up to its raw score."""
    for row, (found, expected) in enumerate(zip(map(math.fsum, parts.tolist()), raw, strict=True)):
        if not abs(found - expected) <= EXACT * max(1.0, math.fsum(map(abs, parts[row].tolist()))):
            raise ArtifactError(f"row {row}: contributions add up to {found}, the raw score is {expected}", "train again")


def overall(scorer: Scorer, parts: NDArray[np.float64]) -> list[Record]:
    """Each feature's mean absolute contribution, highest first, with the gain and number of its splits."""
    names = scorer.model.features
    means = [math.fsum(np.abs(parts[:, column]).tolist()) / len(parts) for column in range(len(names))]
    gains, splits = scorer.booster.importance(GAIN), scorer.booster.importance(SPLITS)
    found = sorted(zip(names, means, gains, splits, strict=True), key=lambda feature: (-feature[1], feature[0]))
    return [
        {"rank": rank, "feature": name, "importance": mean, "gain": gain, "splits": int(count)}
        for rank, (name, mean, gain, count) in enumerate(found, 1)
    ]


def one(scorer: Scorer, scored: pl.DataFrame, features: pl.DataFrame, parts: NDArray[np.float64], row: int) -> Record:
    """One row's scores, and the features that contribute most to them."""
    found = {name: plain(value) for name, value in scored.row(row, named=True).items()}
    values = features.row(row, named=True)
    pairs = zip(scorer.model.features, parts[row, :-1].tolist(), strict=True)
    most = sorted(pairs, key=lambda pair: (-abs(pair[1]), pair[0]))[:TOP]
    return {**found, "contributions": [{"feature": name, "value": values[name], "contribution": part} for name, part in most]}


def plain(value: Any) -> Any:
    """A value of a key as JSON says it."""
    return value.isoformat() if isinstance(value, date) else value
