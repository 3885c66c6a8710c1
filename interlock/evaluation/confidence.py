"""How sure a metric is. The area under the ROC curve has an exact standard error without resampling.

DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating characteristic
curves", Biometrics 44 (1988), equations 5 to 8; by ranks as in Sun and Xu, "Fast implementation of DeLong's algorithm",
IEEE Signal Processing Letters 21 (2014), equations 10 to 13.
"""

import math
from fractions import Fraction

from interlock.evaluation.ranks import Integers, Labels, Scores, doubled, squares, total

NORMAL_95 = 1.959963984540054


def auc_error(labels: Labels, scores: Scores) -> float | None:
    """The standard error of the AUC; None with fewer than two rows of either class."""
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if positives < 2 or negatives < 2:
        return None
    among_all = doubled(scores)
    above = among_all[labels] - doubled(scores[labels])
    below = among_all[~labels] - doubled(scores[~labels])
    of_positives = _variance(above) / (2 * negatives) ** 2 / positives
    of_negatives = _variance(below) / (2 * positives) ** 2 / negatives
    return math.sqrt(of_positives + of_negatives)


def interval(value: float | None, error: float | None) -> tuple[float | None, float | None]:
    """The 95 % interval of a share whose errors are normal, cut to [0, 1]."""
    if value is None or error is None:
        return None, None
    return max(0.0, value - NORMAL_95 * error), min(1.0, value + NORMAL_95 * error)


def _variance(values: Integers) -> Fraction:
    n = len(values)
    return Fraction(n * squares(values) - total(values) ** 2, n * (n - 1))
