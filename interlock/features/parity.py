"""Parity: the values that the online path gives, against those of `featurize`, bit for bit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from interlock.features import counted
from interlock.features.bits import differing
from interlock.features.featureset import AnyFeature, FeatureSet, Latest, OnDemand, Window
from interlock.features.histories import history
from interlock.features.logic import words
from interlock.features.replay import Replay
from interlock.features.stores.store import Store

FIRST = 5
BATCH = 256


@dataclass
class Result:
    """How many rows were compared, the mismatches of each feature, and what is behind the first of them.

    `missing` are rows that `featurize` has and the online path did not give, `extra` those that it gave and `featurize` has not.
    """

    rows: int = 0
    missing: int = 0
    extra: int = 0
    mismatches: dict[str, int] = field(default_factory=dict)
    first: list[dict[str, Any]] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether something was compared, and nothing differed."""
        return self.differences == 0

    @property
    def differences(self) -> int | None:
        """Values that differ, and rows that only one side has; None where no row was compared, which shows nothing."""
        return sum(self.mismatches.values()) + self.missing + self.extra if self.rows else None

    def report(self, features: FeatureSet) -> dict[str, Any]:
        """The result as `reports/parity.json` holds it."""
        return {
            "equal": self.equal,
            "features": len(features.public),
            "rows": self.rows,
            "compared": self.rows * len(features.public),
            "mismatches": self.differences,
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
        for asked, made in Replay(self.features, self.store, self.tables, self.histories).run(requests, batch):
            wanted = offline.join(asked.select(key), on=key, how="semi")
            online = made.unique(key, keep="first", maintain_order=True).join(wanted, on=key, how="semi", maintain_order="left")
            result.missing += wanted.height - online.height
            result.extra += made.height - online.height
            result.rows += online.height
            self._compare(online, online.select(key).join(wanted.unique(key), on=key, how="left", maintain_order="left"), result)
            done(asked.height)

    def _compare(self, online: pl.DataFrame, offline: pl.DataFrame, result: Result) -> None:
        """Add the mismatches of rows that stand beside each other, and note the first of each feature."""
        for feature in self.features.public:
            different = differing(online[feature.name], offline[feature.name])
            if count := int(different.sum()):
                result.mismatches[feature.name] = result.mismatches.get(feature.name, 0) + count
                if len(result.first) < FIRST and all(noted["feature"] != feature.name for noted in result.first):
                    row = different.arg_true()[0]
                    result.first.append(self._noted(feature, online[row], offline[feature.name][row]))

    def _noted(self, feature: AnyFeature, online: pl.DataFrame, offline: Any) -> dict[str, Any]:
        """What there is to say of one mismatch; of what looks back also how many rows both sides counted, and which one alone."""
        request = online.select(*self.features.request.types)
        noted = {
            "feature": feature.name,
            "logic": words(feature),
            "request": {column: str(request[column][0]) for column in self.features.request.key},
            "online": _plain(online[feature.name][0]),
            "offline": _plain(offline),
        }
        behind = [
            ({"through": each.name} if each is not feature else {})
            | {"history": each.history}
            | counted.difference(self.features, self.store, each, self.histories[each.history], request)
            for each in self._behind(feature)
        ]
        return noted | next((found for found in behind if found["only_offline"] or found["only_online"]), behind[0] if behind else {})

    def _behind(self, feature: AnyFeature) -> Iterator[Latest | Window]:
        """What looks back among `feature` and all that it reads."""
        if isinstance(feature, Latest | Window):
            yield feature
        elif isinstance(feature, OnDemand):
            for name in sorted(self.features.reads(feature) & self.features.by_name.keys()):
                yield from self._behind(self.features.by_name[name])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else repr(value) if isinstance(value, float) else str(value)
