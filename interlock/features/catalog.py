"""The catalog of features: what each is, and how it was distributed when it was last computed."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from interlock.catalog import Catalog
from interlock.errors import DeclarationError
from interlock.features import logic
from interlock.features.featureset import AnyFeature, FeatureSet
from interlock.features.places import Declarations
from interlock.files import by_name, read_json

PROFILES = Path("reports/features.json")
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


def entries(declarations: Declarations, catalog: Catalog) -> list[Entry]:
    """Every feature, private ones too, in declared order."""
    declared, profiles = declarations.declared, _profiles()
    prints = declared.fingerprints
    return [
        _entry(feature, prints[feature.name], declarations.features[feature.name], catalog.owner, profiles.get(feature.name))
        for feature in declared.features
    ]


def find(name: str, declared: FeatureSet) -> AnyFeature:
    """The feature `name`; raises DeclarationError, with the nearest name, where there is none."""
    if name not in declared.by_name:
        close = difflib.get_close_matches(name, declared.by_name, n=1, cutoff=0.4)
        meant = f"did you mean {close[0]}? " if close else ""
        raise DeclarationError(f"there is no feature {name}", f"{meant}interlock features --private lists them all")
    return declared.by_name[name]


def _profiles() -> Mapping[str, Any]:
    return by_name(read_json(PROFILES)) if PROFILES.is_file() else {}


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
