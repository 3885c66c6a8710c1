"""The story of one feature: where it is declared and last changed, what it reads, who reads it, and which model uses it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from interlock.catalog import Catalog
from interlock.errors import ArtifactError
from interlock.features import expressions, featureset, places
from interlock.features.catalog import Entry, entries, find
from interlock.features.featureset import AnyFeature, FeatureSet, Lookup, OnDemand
from interlock.features.places import Change, Declarations
from interlock.files import read_json, sha256

IMPORTANCES = Path("reports/explain.json")
DECLARED = Path("data/features/featureset.json")
MODEL = Path("models/model/model.json")
BUNDLE = Path("models/bundle")


class Read(msgspec.Struct, frozen=True):
    """One thing that a feature reads: the request, a feature, a reference or a history, and which of its columns."""

    what: Literal["request", "feature", "reference", "history"]
    name: str
    columns: list[str]
    source: str = ""
    owner: str = ""
    declared: str = ""


class Use(msgspec.Struct, frozen=True):
    """What uses a feature; `rank` is its importance among `inputs`, `same` whether by this very declaration."""

    by: str
    same: bool
    inputs: int
    rank: int | None = None
    importance: float | None = None


class Story(msgspec.Struct, frozen=True):
    """Everything that is known of one feature."""

    feature: Entry
    code: str
    last_change: Change | None
    reads: list[Read]
    read_by: list[str]
    used: list[Use]


def story(name: str, declarations: Declarations, catalog: Catalog) -> Story:
    """The whole story of the feature `name`; raises DeclarationError, with the nearest name, where there is none."""
    declared = declarations.declared
    feature = find(name, declared)
    entry = next(entry for entry in entries(declarations, catalog) if entry.name == name)
    return Story(
        entry,
        places.code(entry.declared),
        places.last_change(entry.declared),
        list(_reads(feature, declarations, catalog)),
        [other.name for other in declared.features if name in declared.reads(other)],
        list(_used(name, declared)),
    )


def _reads(feature: AnyFeature, declarations: Declarations, catalog: Catalog) -> Iterator[Read]:
    declared = declarations.declared
    names = declared.reads(feature)
    asked = [name for name in declared.request.types if name in names]
    if not isinstance(feature, OnDemand | Lookup) and declared.request.as_of:
        asked = list(dict.fromkeys([declared.request.as_of, *asked]))
    if asked:
        yield Read("request", "request", asked)
    for name in declared.by_name:
        if name in names:
            yield Read("feature", name, [], declared=declarations.features[name])
    if isinstance(feature, Lookup):
        yield Read("reference", feature.reference, [feature.column], feature.reference, _owner(feature.reference, catalog))
    elif not isinstance(feature, OnDemand):
        source = declared.histories[feature.history].source
        place = declarations.histories[feature.history]
        yield Read("history", feature.history, _columns(feature), source, _owner(source, catalog), place)


def _owner(table: str, catalog: Catalog) -> str:
    return catalog.owner_of(table) if table in catalog.tables else catalog.owner


def _columns(feature: Any) -> list[str]:
    """The columns of its history that a window or a latest reads."""
    value = feature.measure if hasattr(feature, "measure") else feature.value
    read = (expressions.columns(node) for node in (value, feature.where) if node is not None)
    return sorted(set().union(*read, (theirs for theirs, _ in feature.keys)))


def _used(name: str, declared: FeatureSet) -> Iterator[Use]:
    now = declared.fingerprints[name]
    if MODEL.is_file() and name in (model := read_json(MODEL))["features"]:
        found = next((row for row in _importances() if row["feature"] == name), {})
        trained = _exported(DECLARED)
        same = trained is not None and trained.fingerprint == model["featureset"] and trained.fingerprints.get(name) == now
        yield Use("models/model", same, len(model["features"]), found.get("rank"), found.get("importance"))
    bundled = _exported(BUNDLE / "featureset.json")
    if bundled and name in bundled.by_name:
        version = sha256(BUNDLE / "manifest.json")[:12]
        yield Use(f"{BUNDLE} {version}", bundled.fingerprints[name] == now, len(bundled.public))


def _importances() -> list[dict[str, Any]]:
    return list(read_json(IMPORTANCES)["global"]) if IMPORTANCES.is_file() else []


def _exported(path: Path) -> FeatureSet | None:
    """Exported declarations; None where there are none, or of a version that this one cannot read."""
    try:
        return featureset.read(path)
    except ArtifactError:
        return None
