"""What a choice among trials is worth on rows that had no part in it.

The best of many trials on some rows looks better on these than it is. So each resample of the validation rows chooses anew, and what it
chose is judged by the rows that it did not draw (Tsamardinos, Greasidou and Borboudakis, "Bootstrapping the out-of-sample predictions
for efficient and accurate cross-validation", Machine Learning 107, 2018).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from interlock.evaluation import resample
from interlock.evaluation.bootstrap import RESAMPLED, Evaluation, ends
from interlock.evaluation.ranks import Labels, Scores

MOST = 200


def gain(kind: str, metric: str, labels: Labels, scores: Mapping[int, Scores], how: Evaluation) -> dict[str, float | None]:
    """What choosing the best by `metric`, the greater the better, gains over number 0: the mean, and the ends of its interval."""
    ranked = {number: RESAMPLED[kind](labels, values, None) for number, values in scores.items()}
    numbers, rounds = list(scores), min(how.rounds, MOST)

    def both(counts: Any) -> tuple[Any, Any]:
        left = (counts == 0).astype(counts.dtype)
        return tuple(np.stack([ranked[number].measure(drawn)[metric] for number in numbers]) for drawn in (counts, left))  # type: ignore[return-value]

    found = resample.each(len(labels), rounds, how.seed, both)
    inside, outside = (np.concatenate([chunk[side] for chunk in found], axis=1) for side in (0, 1))
    if not np.isfinite(inside).all() or not np.isfinite(outside).all():
        return {"gain": None, "gain_low": None, "gain_high": None}
    chosen = outside[inside.argmax(axis=0), np.arange(rounds)] - outside[numbers.index(0)]
    low, high = ends(chosen)
    return {"gain": float(np.sum(chosen) / rounds), "gain_low": low, "gain_high": high}
