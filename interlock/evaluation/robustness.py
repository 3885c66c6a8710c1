"""Troubles that features meet in production, as changes of their values, and the cases that always run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.datatypes.classes import NumericType

from interlock.errors import DeclarationError
from interlock.evaluation.stale import stale
from interlock.evaluation.stress import Against, Case, Trouble, Value
from interlock.features.expressions import digest
from interlock.features.featureset import FeatureSet, Latest, Window
from interlock.frames import stable_hash

UNSEEN = "\N{REPLACEMENT CHARACTER} unseen"
FEW = 250
LOW, HIGH = 5, 95
# What a sane model meets: of real ones the mean move under this noise is near 0.01, and that without one feature near 0.02.
NOISY: Mapping[str, Any] = {"by": 0.1, "tolerated": 0.05, "on_average": 0.05}
ON_ONE = 0.3
BORNE: Mapping[str, tuple[Against, str]] = {
    "missing": ("missing", "Missing values leave the score valid"),
    "unseen": ("unseen", "Categories never seen leave the score valid"),
    "extreme": ("extremes", "The least and greatest values leave the score valid"),
}
Altered: TypeAlias = Mapping[str, "Value | Noise"]


@dataclass(frozen=True)
class Noise:
    """A value moved by at most `share` of the feature's spread and of its own size, by a hash of the row's key: the same in every run.

    Of a skewed feature a part of the spread would be most of a small value; the size of the value is what an error of it goes by.
    Each feature has noise of its own by its `place` among those that the model reads: what it is called changes nothing.
    """

    share: float
    place: int

    def of(self, values: pl.Series, keys: pl.Series) -> pl.Series:
        """`values` with noise; whole numbers stay whole, and what is missing or infinite stays as it is."""
        numbers = values.cast(pl.Float64)
        step = numbers.abs().clip(upper_bound=spread(numbers.to_numpy())) * self.share
        moved = numbers + (stable_hash(keys, digest(["noise", str(self.place)])[:32]).cast(pl.Float64) / 2.0**63 - 1) * step
        if values.dtype.is_integer():
            moved = moved.round(0)
        noisy = moved.cast(values.dtype, strict=False)
        return (
            pl.select(pl.when(noisy.is_not_null() & numbers.is_finite() & moved.is_finite()).then(noisy).otherwise(values))
            .to_series()
            .alias(values.name)
        )


@dataclass(frozen=True)
class Known:
    """The types of the features that a model reads, and how all features are made."""

    types: Mapping[str, pl.DataType]
    features: FeatureSet

    @property
    def histories(self) -> list[str]:
        """The histories that any feature stands on."""
        return list(dict.fromkeys(feature.history for feature in self.features.features if isinstance(feature, Latest | Window)))


def changes(trouble: Trouble, known: Known, place: str) -> list[Altered]:
    """The changes of features that `trouble` makes; raises DeclarationError on a name that is not there."""
    there = known.histories if trouble.against == "stale" else list(known.types)
    if unknown := [name for name in trouble.names if name not in there]:
        what = "history" if trouble.against == "stale" else "feature"
        raise DeclarationError(f"{place}: no {what} is called {unknown[0]!r}", f"known are: {', '.join(there) or 'none'}")
    made = TROUBLES[trouble.against](known, trouble.names or there, trouble)
    return [{name: value} for change in made for name, value in change.items()] if trouble.one_by_one else [each for each in made if each]


def spread(values: NDArray[np.float64]) -> float:
    """From the fifth to the 95th percentile of what is finite; of all of it where that is nothing, 0 where nothing varies."""
    ordered = np.sort(values[np.isfinite(values)])
    if not len(ordered):
        return 0.0
    low, high = (float(ordered[(len(ordered) - 1) * part // 100]) for part in (LOW, HIGH))
    return high - low or float(ordered[-1]) - float(ordered[0])


def always(known: Known) -> dict[str, Case]:
    """What every model must bear: scores that stay scores, and noise of a hundredth of each number that hardly moves them."""
    said = {
        f"{name}_{part}": _default(f"{claim}, {how}", against, one_by_one=part == "one")
        for name, (against, claim) in BORNE.items()
        for part, how in (("one", "one feature at a time"), ("all", "all features at once"))
    }
    claim = "Noise of a hundredth of each number, and of its spread, hardly moves the score"
    noise = Case("robustness", claim, "unchanged", Trouble("noise"), place="", **NOISY)
    dead: dict[str, tuple[str, tuple[str, ...]]] = {
        f"stale_{name}": (f"Without news of {name} the score stays valid", (name,)) for name in known.histories
    }
    if len(dead) > 1:
        dead["stale_all"] = ("Without news of any history the score stays valid", ())
    return {"noise": noise} | said | {name: _default(claim, "stale", names) for name, (claim, names) in dead.items()}


def _default(claim: str, against: Against, names: tuple[str, ...] = (), *, one_by_one: bool = False) -> Case:
    trouble = Trouble(against, names, one_by_one=one_by_one)
    hinges = ON_ONE if one_by_one and against != "extremes" else None
    return Case("robustness", claim, "valid", trouble, on_average=hinges, most=FEW if one_by_one else None, place="")


def _noise(known: Known, names: Sequence[str], trouble: Trouble) -> Iterable[Altered]:
    places = {name: place for place, name in enumerate(known.types)}
    return [{name: Noise(trouble.share, places[name]) for name in _numbers(known, names)}]


def _missing(_: Known, names: Sequence[str], __: Trouble) -> Iterable[Altered]:
    return [dict.fromkeys(names)]


def _unseen(known: Known, names: Sequence[str], _: Trouble) -> Iterable[Altered]:
    return [dict.fromkeys((name for name in names if known.types[name] == pl.String), UNSEEN)]


def _extremes(known: Known, names: Sequence[str], _: Trouble) -> Iterable[Altered]:
    numbers = _numbers(known, names)
    return [{name: dtype.min() for name, dtype in numbers.items()}, {name: dtype.max() for name, dtype in numbers.items()}]


def _numbers(known: Known, names: Sequence[str]) -> dict[str, NumericType]:
    """The numbers among the features, less decimals, whose type has no least and no greatest value."""
    types = {name: known.types[name] for name in names}
    return {name: dtype for name, dtype in types.items() if isinstance(dtype, NumericType) and (dtype.is_integer() or dtype.is_float())}


def _stale(known: Known, names: Sequence[str], _: Trouble) -> Iterable[Altered]:
    return [{name: value for name, value in stale(known.features, names).items() if name in known.types}]


TROUBLES: Mapping[str, Callable[[Known, Sequence[str], Trouble], Iterable[Altered]]] = {
    "noise": _noise,
    "missing": _missing,
    "unseen": _unseen,
    "extremes": _extremes,
    "stale": _stale,
}
