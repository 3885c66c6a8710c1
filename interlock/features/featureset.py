"""What a use case's features are as data: exported with the model, executed offline and online, fingerprinted.

Executors work from these declarations alone; expressions in them are nodes of `interlock.features.expressions`.
Times are microseconds.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from interlock.dtypes import dtype_of
from interlock.errors import ArtifactError, DeclarationError
from interlock.features import expressions
from interlock.features.expressions import Node
from interlock.files import write_text

Keys: TypeAlias = tuple[tuple[str, str], ...]
Statistic: TypeAlias = Literal["count", "sum", "mean", "std", "share", "min", "max"]


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of what is exported: frozen, and closed to unknown fields."""


class Request(Declaration, frozen=True):
    """The row to score: its key, the column that holds the moment of prediction, each column's type, and which may be null."""

    by: tuple[str, ...]
    as_of: str | None
    types: dict[str, str]
    nullable: tuple[str, ...] = ()

    @property
    def key(self) -> list[str]:
        """The columns that identify a request, in the order in which rows are sorted."""
        return [*([self.as_of] if self.as_of else []), *self.by]


class Reference(Declaration, frozen=True):
    """A table looked up by key: the key columns and the fixed columns that anything reads, with their types."""

    by: tuple[str, ...]
    types: dict[str, str]


class Look(Declaration, frozen=True):
    """One fixed column of a reference; `keys` are pairs (column of the reference, column that holds its value)."""

    reference: str
    column: str
    keys: Keys


class History(Declaration, frozen=True):
    """How a history comes from one row of the table `source`: `reads` are the source columns with their types.

    Lookups come first, then the filter, then the steps of `let` in order; every other expression may read them.
    """

    source: str
    reads: dict[str, str]
    id: Node
    time: Node
    columns: dict[str, Node]
    types: dict[str, str]
    available: Node | None = None
    lateness: int = 0
    where: Node | None = None
    lookups: dict[str, Look] = {}
    let: dict[str, Node] = {}


class About(Declaration, frozen=True):
    """What people need to know of a feature; nothing of it changes a value."""

    description: str = ""
    unit: str = ""
    expect: tuple[float, float] | None = None
    severity: Literal["warn", "fail"] = "warn"
    deprecated: str = ""


class Feature(Declaration, frozen=True, tag_field="kind"):
    """What all kinds of feature have; a leading underscore keeps one out of the model."""

    name: str
    dtype: str
    about: About

    @property
    def public(self) -> bool:
        return not self.name.startswith("_")


class Lookup(Feature, frozen=True, tag="lookup"):
    reference: str
    column: str
    keys: Keys


class OnDemand(Feature, frozen=True, tag="on_demand"):
    expression: Node


class Latest(Feature, frozen=True, tag="latest"):
    history: str
    keys: Keys
    value: Node
    where: Node | None = None
    max_age: int | None = None
    ago: int = 0


class Window(Feature, frozen=True, tag="window"):
    history: str
    keys: Keys
    statistic: Statistic
    width: int
    measure: Node | None = None
    where: Node | None = None
    places: int = 0
    max_abs: float = 1.0
    ago: int = 0


AnyFeature: TypeAlias = Lookup | OnDemand | Latest | Window


class FeatureSet(Declaration, frozen=True, dict=True):
    """Everything needed to compute features from requests, references and histories, with no Python of the use case.

    `contracts` are the JSON Schemas of a request and of a row of each table that is read; they change no feature's value.
    """

    request: Request
    references: dict[str, Reference]
    histories: dict[str, History]
    features: tuple[AnyFeature, ...]
    contracts: dict[str, dict[str, Any]] = {}

    @cached_property
    def by_name(self) -> dict[str, AnyFeature]:
        return {feature.name: feature for feature in self.features}

    @property
    def public(self) -> list[AnyFeature]:
        return [feature for feature in self.features if feature.public]

    @property
    def tables(self) -> list[str]:
        """The sources and references that features are computed from."""
        return sorted({*self.references, *(history.source for history in self.histories.values())})

    def reads_of(self, table: str, histories: Sequence[str] | None = None) -> dict[str, str]:
        """The columns of a table, with their types, that lookups and its histories read, or those of them alone that are named."""
        types = dict(self.references[table].types) if table in self.references else {}
        for name, history in self.histories.items():
            if history.source == table and (histories is None or name in histories):
                types |= history.reads
        return types

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each feature: of everything that decides its values, whatever private features are called."""
        found: dict[str, str] = {}
        for feature in self.ordered():
            found[feature.name] = expressions.digest(self._essence(feature, found))
        return found

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the set: public names in order with what decides their values, and the request."""
        named = [[feature.name, self.fingerprints[feature.name]] for feature in self.public]
        return expressions.digest([named, msgspec.to_builtins(self.request)])

    def ordered(self) -> Iterator[AnyFeature]:
        """The features in an order in which each comes after those that it reads."""
        done: set[str] = set()
        waiting = list(self.features)
        while waiting:
            ready = [feature for feature in waiting if not (self.reads(feature) & self.by_name.keys()) - done]
            if not ready:
                raise ArtifactError(
                    f"features read each other in a circle: {', '.join(f.name for f in waiting)}", "export the declarations again"
                )
            yield from ready
            done |= {feature.name for feature in ready}
            waiting = [feature for feature in waiting if feature.name not in done]

    @staticmethod
    def reads(feature: AnyFeature) -> set[str]:
        """The columns of the request and the features that `feature` is computed from."""
        if isinstance(feature, OnDemand):
            return expressions.columns(feature.expression)
        return {ours for _, ours in feature.keys}

    def _essence(self, feature: AnyFeature, known: dict[str, str]) -> object:
        essence = msgspec.to_builtins(feature)
        for silent in ("name", "about"):
            del essence[silent]
        essence["types"] = {name: self.request.types[name] for name in sorted(self.reads(feature) - known.keys())}
        if isinstance(feature, OnDemand):
            essence["expression"] = expressions.substitute(
                feature.expression, {name: ["feature", known[name]] for name in self.reads(feature) & known.keys()}
            )
        elif isinstance(feature, Lookup):
            essence["reference"] = self._looked_up(feature)
        else:
            history = self.histories[feature.history]
            essence["history"] = msgspec.to_builtins(history)
            essence["lookups"] = {name: self._looked_up(look) for name, look in history.lookups.items()}
            essence["as_of"] = self.request.as_of
        return essence

    def _looked_up(self, look: Look | Lookup) -> object:
        reference = self.references[look.reference]
        return [look.reference, reference.by, {name: reference.types[name] for name in (*reference.by, look.column)}]


def export(features: FeatureSet, path: Path) -> None:
    """Write the declarations as JSON."""
    write_text(path, msgspec.json.encode(features).decode() + "\n")


def read(path: Path) -> FeatureSet:
    """Read exported declarations; raises ArtifactError where they are damaged. Runs no code from them."""
    try:
        features = msgspec.json.decode(path.read_bytes(), type=FeatureSet)
        _verify(features)
    except FileNotFoundError as error:
        raise ArtifactError(f"{path} does not exist", "run: make") from error
    except (msgspec.DecodeError, DeclarationError, RecursionError) as error:
        said = error.found if isinstance(error, DeclarationError) else str(error)
        raise ArtifactError(f"{path} holds no feature declarations: {said}", "restore it with: dvc checkout") from error
    except KeyError as error:
        raise ArtifactError(f"{path} reads {error}, which it does not declare", "restore it with: dvc checkout") from error
    return features


def _verify(features: FeatureSet) -> None:
    """Raise DeclarationError, or KeyError, where declarations hold what is no type or expression, or read what is not there."""
    typed: list[Request | Reference | History] = [features.request, *features.references.values(), *features.histories.values()]
    for text in [*(text for table in typed for text in table.types.values()), *(feature.dtype for feature in features.features)]:
        dtype_of(text)
    for schema in features.contracts.values():
        _verify_contract(schema)
    for node in _nodes(features):
        expressions.verify(node)
    if len(features.by_name) < len(features.features):
        raise DeclarationError("two features share one name")
    assert features.fingerprint


def _verify_contract(schema: dict[str, Any]) -> None:
    try:
        for field in schema["properties"].values():
            dtype_of(field["x-interlock"]["type"])
        for rule in schema["x-interlock"].get("rows", []):
            expressions.verify(rule["breaks"])
    except (TypeError, AttributeError) as error:
        raise DeclarationError("a contract in it is damaged") from error


def _nodes(features: FeatureSet) -> Iterator[Node]:
    for declared in (*features.histories.values(), *features.features):
        for field in ("id", "time", "available", "where", "expression", "value", "measure"):
            if (node := getattr(declared, field, None)) is not None:
                yield node
        if isinstance(declared, History):
            yield from (*declared.let.values(), *declared.columns.values())
