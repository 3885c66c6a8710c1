"""The profile of each feature: what it is, and how its values are distributed. No float is summed up here."""

from typing import Any

import polars as pl

from interlock.features import logic
from interlock.features.featureset import AnyFeature, FeatureSet

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
COMMON = 5


def profile(features: FeatureSet, values: pl.DataFrame) -> dict[str, Any]:
    """The profile of every public feature over `values`, in declared order."""
    fingerprints = features.fingerprints
    return {
        feature.name: {
            "kind": feature.__struct_config__.tag,
            "dtype": feature.dtype,
            "description": feature.about.description,
            **({"unit": feature.about.unit} if feature.about.unit else {}),
            "logic": logic.words(feature),
            "fingerprint": fingerprints[feature.name],
            **distribution(feature, values[feature.name]),
        }
        for feature in features.public
    }


def distribution(feature: AnyFeature, values: pl.Series) -> dict[str, Any]:
    """Nulls, and quantiles of numbers, the share of true, or the most frequent texts; the share outside of what was expected."""
    rows = max(values.len(), 1)
    found: dict[str, Any] = {"rows": values.len(), "null_share": values.null_count() / rows, "distinct": values.drop_nulls().n_unique()}
    if values.dtype == pl.Boolean:
        found["true_share"] = int(values.sum() or 0) / max(values.len() - values.null_count(), 1)
    elif values.dtype.is_numeric() and values.drop_nulls().len():
        ordered = values.cast(pl.Float64)
        found |= {"min": ordered.min(), "max": ordered.max()}
        found["quantiles"] = {f"{share:g}": ordered.quantile(share, "nearest") for share in QUANTILES}
    elif values.dtype == pl.String:
        counted = values.drop_nulls().value_counts().sort(["count", values.name], descending=[True, False]).head(COMMON)
        found["common"] = {text: count / rows for text, count in counted.iter_rows()}
    if feature.about.expect is not None:
        low, high = feature.about.expect
        found |= {"expect": [low, high], "outside_share": int((~values.drop_nulls().is_between(low, high)).sum()) / rows}
    return found
