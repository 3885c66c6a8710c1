"""The catalog of features: what each is, how it was distributed when it was last computed, and who uses it."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from interlock.catalog import Catalog
from interlock.errors import ArtifactError, DeclarationError
from interlock.features import expressions, featureset, logic, places
from interlock.features.featureset import AnyFeature, FeatureSet, Lookup, OnDemand
from interlock.features.places import Change, Declarations
from interlock.files import read_json, sha256

PROFILES = Path("reports/features.json")
IMPORTANCES = Path("reports/explain.json")
DECLARED = Path("data/features/featureset.json")
MODEL = Path("models/model/model.json")
BUNDLE = Path("models/bundle")
State = Literal["computed", "changed", "new", "private"]


class Entry(msgspec.Struct, frozen=True):
    """A feature as declared now; `measured` is its distribution where the last run computed it from this declaration.

    `state` says why there is none: it `changed` since, it is `new`, or it is `private` and no run keeps its values.
    """

    name: str
    kind: str
    dtype: str
    unit: str
    description: str
    logic: str
    owner: str
    fingerprint: str
    expect: tuple[float, float] | None
    severity: str
    deprecated: str
    declared: str
    state: State
    measured: dict[str, Any] | None

    @property
    def public(self) -> bool:
        return not self.name.startswith("_")


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


def entries(declarations: Declarations, catalog: Catalog) -> list[Entry]:
    """Every feature, private ones too, in declared order."""
    declared, profiles = declarations.declared, _profiles()
    prints = declared.fingerprints
    return [
        _entry(feature, prints[feature.name], declarations.features[feature.name], catalog.owner, profiles.get(feature.name))
        for feature in declared.features
    ]


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


def find(name: str, declared: FeatureSet) -> AnyFeature:
    """The feature `name`; raises DeclarationError, with the nearest name, where there is none."""
    if name not in declared.by_name:
        close = difflib.get_close_matches(name, declared.by_name, n=1, cutoff=0.4)
        meant = f"did you mean {close[0]}? " if close else ""
        raise DeclarationError(f"there is no feature {name}", f"{meant}interlock features --private lists them all")
    return declared.by_name[name]


def _profiles() -> Mapping[str, Any]:
    profiles: dict[str, Any] = read_json(PROFILES) if PROFILES.is_file() else {}
    return profiles


def _entry(feature: AnyFeature, fingerprint: str, place: str, owner: str, profile: Mapping[str, Any] | None) -> Entry:
    about = feature.about
    known = profile is not None and profile["fingerprint"] == fingerprint
    state: State = "private" if not feature.public else "computed" if known else "changed" if profile else "new"
    said = {"kind", "dtype", "description", "unit", "logic", "fingerprint", "expect"}
    measured = {key: value for key, value in profile.items() if key not in said} if profile and known else None
    return Entry(
        feature.name, str(feature.__struct_config__.tag), feature.dtype, about.unit, about.description, logic.words(feature), owner,
        fingerprint, about.expect, about.severity, about.deprecated, place, state, measured,
    )  # fmt: skip


def _reads(feature: AnyFeature, declarations: Declarations, catalog: Catalog) -> Iterable[Read]:
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


def _used(name: str, declared: FeatureSet) -> Iterable[Use]:
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
