"""Parity: the values that the online path gives, against those of `featurize`, bit for bit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlock.features import counted
from interlock.features.featureset import FeatureSet, Latest, Window
from interlock.features.histories import history
from interlock.features.logic import words
from interlock.features.plan import Plan
from interlock.features.replay import Replay
from interlock.features.stores.store import Store

FIRST = 5
BATCH = 256


@dataclass
class Result:
    """How many rows were compared, the mismatches of each feature, and what is behind the first of them."""

    rows: int = 0
    missing: int = 0
    extra: int = 0
    mismatches: dict[str, int] = field(default_factory=dict)
    first: list[dict[str, Any]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not (self.mismatches or self.missing or self.extra)

    def report(self, features: FeatureSet) -> dict[str, Any]:
        """The result as `reports/parity.json` holds it."""
        return {
            "equal": self.equal,
            "features": len(features.public),
            "rows": self.rows,
            "values": self.rows * len(features.public),
            "mismatches": sum(self.mismatches.values()),
            "missing": self.missing,
            "extra": self.extra,
            "by_feature": self.mismatches,
            "first": self.first,
        }


@dataclass(frozen=True)
class Parity:
    """A comparison of what `store` gives with what was computed offline from `tables`."""

    features: FeatureSet
    store: Store
    tables: Mapping[str, pl.LazyFrame]

    @cached_property
    def histories(self) -> dict[str, pl.DataFrame]:
        return {name: history(self.features, name, self.tables) for name in self.features.histories}

    def check(
        self,
        requests: pl.DataFrame,
        offline: pl.DataFrame,
        result: Result,
        batch: int = BATCH,
        done: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Replay `requests`, sorted by time, and add to `result` how their values compare with the rows of `offline`."""
        key = self.features.request.key
        wanted = offline.join(requests.select(key), on=key, how="semi", maintain_order="left")
        result.missing += requests.height - wanted.height
        for asked, made in Replay(self.features, self.store, self.tables, self.histories).run(requests, batch):
            here = asked.select(key).join(wanted, on=key, how="left", maintain_order="left")
            result.rows += asked.height
            result.extra += made.height - asked.height
            for name in (feature.name for feature in self.features.public):
                different = differing(made[name], here[name])
                if count := int(different.sum()):
                    result.mismatches[name] = result.mismatches.get(name, 0) + count
                    self._explain(name, asked, made, here, different, result)
            done(asked.height)

    def _explain(
        self, name: str, asked: pl.DataFrame, made: pl.DataFrame, here: pl.DataFrame, different: pl.Series, result: Result
    ) -> None:
        """Note the first mismatch of a feature, with the history rows that only one side counted."""
        if len(result.first) >= FIRST or any(noted["feature"] == name for noted in result.first):
            return
        row = different.arg_true()[0]
        request = asked.row(row, named=True)
        noted = {
            "feature": name,
            "logic": words(self.features.by_name[name]),
            "request": {column: str(request[column]) for column in self.features.request.key},
            "online": _plain(made[name][row]),
            "offline": _plain(here[name][row]),
        }
        feature = self.features.by_name[name]
        if isinstance(feature, Latest | Window):
            rows = self.histories[feature.history]
            noted |= {"history": feature.history, **counted.difference(Plan(self.features), self.store, feature, rows, request)}
        result.first.append(noted)


def differing(left: pl.Series, right: pl.Series) -> pl.Series:
    """True where two values differ in a bit; nulls are equal to nulls alone, and zero has no sign."""
    if left.dtype != right.dtype:
        return pl.Series([True] * left.len(), dtype=pl.Boolean)
    if left.dtype.is_float():
        return (left.is_null() != right.is_null()) | pl.Series(_bits(left) != _bits(right))
    return left.ne_missing(right)


def _bits(values: pl.Series) -> NDArray[np.int64]:
    return (values.cast(pl.Float64).fill_null(0.0) + 0.0).to_numpy().view(np.int64)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else repr(value) if isinstance(value, float) else str(value)
