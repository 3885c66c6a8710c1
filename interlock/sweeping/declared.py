"""What a search is asked to do: conf/sweep/<name>.yaml, read by the command alone and checked against the model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from interlock import params
from interlock.errors import ConfigError, listed
from interlock.modeling.spec import Model
from interlock.params import CONF, Section

FOLDER = CONF / "sweep"
STEPS = 100_000
KEPT_OUT = {
    "threads": "it can change a tree, and belongs to the machine",
    "seed": "a lucky seed is no better model",
    "exclude": "say under features: what may be left out",
    "mitigation": "it stays as conf/model/ says",
}
Number: TypeAlias = int | float
Count: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
Features: TypeAlias = Literal["view", "feature"] | dict[str, tuple[str, ...]] | None


class Range(Section, frozen=True):
    """From `low` to `high`, both included; in equal factors where `log`, in multiples of `step` from `low` where there is one."""

    low: Number
    high: Number
    log: bool = False
    step: Number | None = None


Entry: TypeAlias = Range | tuple[Number, ...] | Number


class Pruner(Section, frozen=True):
    """Which trials end early: none among the first `startup`, or before `warmup` rounds; asked `every` so many rounds."""

    kind: Literal["median", "halving"]
    startup: Count = 8
    warmup: Count = 50
    every: Count = 10


class Search(Section, frozen=True):
    """A search; `space` holds ranges, choices or single values by key of the model."""

    space: dict[str, Any]
    trials: Annotated[int, Meta(ge=2, le=100_000)] = 40
    batch: Annotated[int, Meta(ge=1, le=1000)] = 4
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 7
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    points: Annotated[int, Meta(ge=2, le=1000)] = 3
    pruner: Pruner | None = None
    folds: Annotated[int, Meta(ge=1, le=100)] = 1
    features: Features = None

    @property
    def entries(self) -> dict[str, Entry]:
        return {key: msgspec.convert(value, Entry) for key, value in self.space.items()}


def load(name: str, said: Mapping[str, Any]) -> Search:
    """The search that conf/sweep/<name>.yaml declares, where `said` does not say otherwise, checked.

    Raises ConfigError that names the file and the key.
    """
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in FOLDER.glob("*.yaml"))) or "none"
        raise ConfigError(f"{path} does not exist", f"write it, or name another; there are: {there}")
    found = params.read_yaml(path)
    if not isinstance(found, dict):
        raise ConfigError(f"{path} holds no mapping", f"mend {path}")
    search: Search = _converted({**found, **said}, Search, "", path)
    for key, value in search.space.items():
        _check(key, value, path)
    return search


def narrowed(search: Search, only: tuple[str, ...], name: str) -> Search:
    """The search over these keys of its space alone; raises ConfigError where one is none of them."""
    if unknown := [key for key in only if key not in search.space]:
        known = ", ".join(map(str, search.space))
        raise ConfigError(f"{FOLDER / f'{name}.yaml'}: space has no {listed(unknown[:1])}", f"it has: {known}")
    return msgspec.structs.replace(search, space={key: entry for key, entry in search.space.items() if key in only}) if only else search


def _check(key: Any, value: Any, path: Path) -> None:
    """Refuse an entry of the space that is no range, choices or value of its key of the model."""
    kinds = {field.name: field.type for field in msgspec.structs.fields(Model)}
    if key in KEPT_OUT:
        raise ConfigError(f"{path}: space.{key} is not searched: {KEPT_OUT[key]}", f"take it out of {path}")
    if key not in kinds:
        searched = ", ".join(name for name in kinds if name not in KEPT_OUT)
        raise ConfigError(f"{path}: space.{key} is no key of conf/model", f"known are: {searched}; mend {path}")
    entry: Entry = _converted(value, Range if isinstance(value, dict) else Entry, f"space.{key}", path)
    for part, number in _parts(entry).items():
        place = f"space.{key}{part}"
        if whole(key) and (isinstance(number, bool) or not isinstance(number, int)):
            raise ConfigError(f"{path}: {place}: Expected `int`, found {number!r}", f"mend {path}")
        _converted(number, kinds[key], place, path)
    wrong = _range(entry, whole=whole(key)) if isinstance(entry, Range) else _choices(entry) if isinstance(entry, tuple) else None
    if wrong:
        raise ConfigError(f"{path}: space.{key} {wrong}", f"mend {path}")


def whole(key: str) -> bool:
    """Whether the values of a key of the model are integers."""
    (kind,) = (field.type for field in msgspec.structs.fields(Model) if field.name == key)
    return isinstance(msgspec.inspect.type_info(kind), msgspec.inspect.IntType)


def _parts(entry: Entry) -> dict[str, Number]:
    if isinstance(entry, Range):
        return {".low": entry.low, ".high": entry.high}
    return {f"[{place}]": value for place, value in enumerate(entry)} if isinstance(entry, tuple) else {"": entry}


def _range(entry: Range, *, whole: bool) -> str | None:
    """What is wrong with a range."""
    if not entry.low < entry.high:
        return f"is empty: low is {entry.low}, high is {entry.high}"
    if entry.log and entry.low <= 0:
        return f"is in equal factors (log), which cannot begin at {entry.low}"
    return _step(entry, entry.step, whole=whole) if entry.step is not None else None


def _step(entry: Range, step: Number, *, whole: bool) -> str | None:
    """What is wrong with the step of a range."""
    if entry.log:
        return "has both log and step"
    if not 0 < step <= entry.high - entry.low or (whole and not isinstance(step, int)):
        return f"has a step of {step}, which does not part it"
    if (entry.high - entry.low) / step > STEPS:
        return f"has a step of {step}, which parts it into more than {STEPS:,}: leave it out, and every value is tried"
    return None


def _choices(entry: tuple[Number, ...]) -> str | None:
    if not entry:
        return "has no choices"
    return f"names a choice twice: {entry}" if len(set(entry)) < len(entry) else None


def _converted(found: Any, kind: Any, section: str, path: Path) -> Any:
    """`found` as a `kind`; the next step that it names is to mend this file."""
    try:
        return params.convert(found, kind, section or "sweep", path)
    except ConfigError as error:
        raise ConfigError(error.found.replace(": sweep.", ": ", 1), f"mend {path}") from None
