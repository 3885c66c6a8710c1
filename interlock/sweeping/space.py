"""The space of a search: which models it can try, and the features that it can leave out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice, product
from typing import Any, TypeAlias

import msgspec

from interlock.errors import ConfigError, listed
from interlock.evaluation.ablation import views
from interlock.features.featureset import FeatureSet
from interlock.modeling.spec import Model
from interlock.sweeping.declared import Entry, Features, Number, Range, Search, whole

GROUP = "features."
DIGITS, EXACT = 4, 12
Point: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Space:
    """The keys of the model that vary, with what they can be, and the groups of `inputs` that can be in or out."""

    base: Model
    entries: Mapping[str, Entry]
    groups: Mapping[str, Sequence[str]]
    inputs: Sequence[str]

    @classmethod
    def of(cls, search: Search, base: Model, inputs: Sequence[str], features: FeatureSet) -> "Space":
        """Raises ConfigError where nothing varies, or a group holds no feature."""
        groups = grouped(search.features, inputs, features)
        space = cls(base, search.entries, groups, inputs)
        if not space.names:
            raise ConfigError("the space of the sweep holds nothing that varies", "give a key of it a range in conf/sweep/")
        return space

    @property
    def names(self) -> list[str]:
        """What varies: keys of the model, and groups of features as `features.<group>`."""
        return [key for key, entry in self.entries.items() if isinstance(entry, Range | tuple)] + [f"{GROUP}{name}" for name in self.groups]

    def model(self, point: Mapping[str, Any]) -> Model:
        """The model at a point."""
        return msgspec.structs.replace(self.base, **self.said(point))

    def said(self, point: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of the model that a point says. A feature is out where one of its groups is; those of no group stay as configured."""
        fixed = {key: entry for key, entry in self.entries.items() if not isinstance(entry, Range | tuple)}
        chosen = {key: value for key, value in point.items() if not key.startswith(GROUP)}
        if not self.groups:
            return {**fixed, **chosen}
        grouped = {name for names in self.groups.values() for name in names}
        out = {name for group, names in self.groups.items() if not point.get(f"{GROUP}{group}", True) for name in names}
        others = [name for name in self.base.exclude if name not in grouped]
        return {**fixed, **chosen, "exclude": (*others, *(name for name in self.inputs if name in out))}

    def point(self) -> Point | None:
        """The current configuration as a point; None where it lies outside of the space."""
        found: Point = {}
        for name in self.names:
            if name.startswith(GROUP):
                found[name] = not set(self.groups[name.removeprefix(GROUP)]) & set(self.base.exclude)
            elif _holds(self.entries[name], value := getattr(self.base, name)):
                found[name] = value
            else:
                return None
        model = self.model(found)
        same = set(model.exclude) == set(self.base.exclude)
        return found if same and msgspec.structs.replace(model, exclude=self.base.exclude) == self.base else None

    def rounded(self, point: Mapping[str, Any]) -> Point:
        """The point with numbers that a person can read, within their ranges."""
        return {name: self._rounded(name, value) for name, value in point.items()}

    def grid(self, points: int, most: int | None = None) -> list[Point]:
        """Every combination of choices, and of `points` of each range; the first of them, where no more than `most` are wanted."""
        axes = [self._axis(name, points) for name in self.names]
        return [dict(zip(self.names, values, strict=True)) for values in islice(product(*axes), most)]

    def combinations(self, points: int) -> int:
        """How many a whole grid has."""
        return math.prod(len(self._axis(name, points)) for name in self.names)

    def _rounded(self, name: str, value: Any) -> Any:
        entry = self.entries.get(name)
        if not isinstance(entry, Range) or not isinstance(value, float):
            return value
        # NOTE: steps from a low end of many digits lie beside the numbers of four
        digits = DIGITS if entry.step is None else EXACT
        return min(max(float(f"{value:.{digits}g}"), float(entry.low)), float(entry.high))

    def _axis(self, name: str, points: int) -> Sequence[Any]:
        entry = self.entries.get(name)
        if entry is None:
            return (True, False)
        assert isinstance(entry, Range | tuple)
        if isinstance(entry, tuple):
            return entry
        found = [self._rounded(name, value) for value in _spread(entry, points)]
        return list(dict.fromkeys(round(value) if whole(name) else value for value in found))


def grouped(said: Features, inputs: Sequence[str], features: FeatureSet) -> dict[str, list[str]]:
    """The features of each group; raises ConfigError where a pattern finds none of the `inputs`."""
    if said is None:
        return {}
    if said == "feature":
        return {name: [name] for name in inputs}
    if said == "view":
        read = {name: views(features, name) for name in inputs}
        every = sorted({view for found in read.values() for view in found})
        return {view: [name for name in inputs if view in read[name]] for view in every}
    return {group: _matching(group, patterns, inputs) for group, patterns in said.items()}


def _matching(group: str, patterns: Sequence[str], inputs: Sequence[str]) -> list[str]:
    if empty := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in inputs)]:
        found = f"conf/sweep/: features.{listed([group])}: {empty[0]!r} is no feature that the model can read"
        raise ConfigError(found, f"known are: {', '.join(inputs)}")
    return [name for name in inputs if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _holds(entry: Entry, value: Number) -> bool:
    if isinstance(entry, tuple):
        return value in entry
    assert isinstance(entry, Range)
    inside = entry.low <= value <= entry.high
    return inside and (entry.step is None or math.isclose((value - entry.low) / entry.step, round((value - entry.low) / entry.step)))


def _spread(entry: Range, points: int) -> list[float]:
    """Values of a range from end to end: each step, or `points` of them, in equal factors where it is `log`."""
    if entry.step is not None:
        return [entry.low + entry.step * place for place in range(int((entry.high - entry.low) / entry.step + 1e-9) + 1)]
    parts = [place / (points - 1) for place in range(points)]
    if entry.log:
        return [entry.low * (entry.high / entry.low) ** part for part in parts]
    return [entry.low + (entry.high - entry.low) * part for part in parts]
