"""Scores of protected groups, stretched so that one threshold errs as often in each: what scoring does of it.

The thresholds are found by `interlock.modeling.odds`.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

import msgspec
import numpy as np
import polars as pl
import polars.selectors as cs

from interlock.errors import ContractError
from interlock.modeling.task import Scores

Values: TypeAlias = tuple[str | None, ...]


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
        values = [group.values for group in self.groups]
        if not self.attributes or any(len(said) > len(set(said)) for said in (self.attributes, values)):
            raise ValueError("there is an attribute that groups are told apart by, and none of them, and no group, stands twice")
        said = [self.threshold, self.others, *(group.threshold for group in self.groups)]
        if not all(0 < threshold < 1 for threshold in said) or any(len(each) != len(self.attributes) for each in values):
            raise ValueError("the thresholds of groups lie between 0 and 1, and a group has a value of each attribute")

    @cached_property
    def of(self) -> dict[Values, float]:
        return {group.values: group.threshold for group in self.groups}

    def apply(self, scores: Scores, features: pl.DataFrame) -> Scores:
        """The scores, (n,), stretched: within [0, 1], their order within a group kept.

        Raises ContractError where `features` lack an attribute.
        """
        if absent := [name for name in self.attributes if name not in features.columns]:
            raise ContractError(f"feature {absent[0]} is missing: scores of groups are told apart by it", "give the row that feature too")
        known, rows = self.of, members(features, self.attributes)
        return stretch(scores, np.fromiter((known.get(values, self.others) for values in rows), np.float64, len(rows)), self.threshold)


def members(features: pl.DataFrame, attributes: Sequence[str]) -> list[Values]:
    """For each row the texts of the `attributes`, times as microseconds, by which groups are told apart; None where there is no value."""
    physical = features.select(attributes).with_columns(cs.temporal().to_physical())
    return physical.select(pl.all().cast(pl.String)).rows()


def stretch(scores: Scores, own: Scores, threshold: float) -> Scores:
    """Scores by two lines that meet where each row's `own` threshold becomes `threshold`: it is reached by the same rows as before."""
    below = np.minimum(scores / own * threshold, np.nextafter(threshold, 0))
    above = np.minimum(threshold + (scores - own) / (1 - own) * (1 - threshold), 1.0)
    stretched: Scores = np.where(own == threshold, scores, np.where(scores < own, below, above))
    return stretched
