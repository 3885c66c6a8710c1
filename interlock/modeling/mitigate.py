"""Scores of protected groups, stretched so that one threshold errs as often in each: what scoring does of it.

The thresholds are found by `interlock.modeling.odds`.
"""

from functools import cached_property

import msgspec
import numpy as np
import polars as pl

from interlock.errors import ContractError
from interlock.modeling.split import SEPARATOR, key_text
from interlock.modeling.task import Scores


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rows that have these `values` of the attributes, as texts, and the score from which one of them is selected."""

    values: tuple[str, ...]
    threshold: float


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Scores are stretched so that the threshold of a row's group becomes the `threshold` of the decision.

    Groups that are not listed, new ones and rows without a value have the threshold `others`.
    """

    attributes: tuple[str, ...]
    threshold: float
    groups: tuple[Group, ...]
    others: float

    def __post_init__(self) -> None:
        said = [self.threshold, self.others, *(group.threshold for group in self.groups)]
        if not all(0 < threshold < 1 for threshold in said) or any(len(group.values) != len(self.attributes) for group in self.groups):
            raise ValueError("the thresholds of groups lie between 0 and 1, and a group has a value of each attribute")

    @cached_property
    def of(self) -> dict[str | None, float]:
        return {SEPARATOR.join(group.values): group.threshold for group in self.groups}

    def apply(self, scores: Scores, features: pl.DataFrame) -> Scores:
        """The scores, (n,), stretched: within [0, 1], their order within a group kept.

        Raises ContractError where `features` lack an attribute.
        """
        if absent := [name for name in self.attributes if name not in features.columns]:
            raise ContractError(f"feature {absent[0]} is missing: scores of groups are told apart by it", "give the row that feature too")
        texts, known = key_text(features, self.attributes), self.of
        return stretch(scores, np.fromiter((known.get(text, self.others) for text in texts), np.float64, len(texts)), self.threshold)


def stretch(scores: Scores, own: Scores, threshold: float) -> Scores:
    """Scores by two lines that meet where each row's `own` threshold becomes `threshold`: it is reached by the same rows as before."""
    below = np.minimum(scores / own * threshold, np.nextafter(threshold, 0))
    above = np.minimum(threshold + (scores - own) / (1 - own) * (1 - threshold), 1.0)
    stretched: Scores = np.where(own == threshold, scores, np.where(scores < own, below, above))
    return stretched
