"""The profile of each feature: what it is, and how its values are distributed. No float is summed up here."""

import math
from itertools import pairwise
from typing import Any

import polars as pl

from interlock.features import logic
from interlock.features.expectations import outside
from interlock.features.featureset import AnyFeature, FeatureSet

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TAILS = (0.01, 0.99)
BINS = 12
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
    rows, known = max(values.len(), 1), values.drop_nulls()
    found: dict[str, Any] = {"rows": values.len(), "null_share": values.null_count() / rows, "distinct": known.n_unique()}
    if values.dtype == pl.Boolean:
        found["true_share"] = int(values.sum() or 0) / max(known.len(), 1)
    elif values.dtype.is_numeric():
        found |= numbers(known.cast(pl.Float64), whole=values.dtype.is_integer())
    elif values.dtype == pl.String:
        counted = known.value_counts().sort(["count", values.name], descending=[True, False]).head(COMMON)
        found["common"] = {text: count / rows for text, count in counted.iter_rows()}
    if feature.about.expect is not None:
        broken = values.to_frame(feature.name).select(outside(feature).sum()).item()
        found |= {"expect": list(feature.about.expect), "outside_share": int(broken) / rows}
    return found


def numbers(known: pl.Series, *, whole: bool) -> dict[str, Any]:
    """Least and greatest, quantiles and a histogram of the finite among `known` floats; `whole` where they are integers."""
    ordered = known.filter(known.is_finite()).sort()
    said = {"not_finite": known.len() - ordered.len()} if known.len() > ordered.len() else {}
    if not ordered.len():
        return said
    return said | {
        "min": ordered[0],
        "max": ordered[-1],
        "quantiles": {f"{share:g}": nearest(ordered, share) for share in QUANTILES},
        "histogram": histogram(ordered, whole=whole),
    }


def nearest(ordered: pl.Series, share: float) -> float:
    """The value below which `share` of the values lie, always one of them."""
    return float(ordered[int(share * (ordered.len() - 1) + 0.5)])


def histogram(ordered: pl.Series, *, whole: bool) -> dict[str, Any]:
    """How many values fall into each of at most `BINS` equal bins `from` the first percentile to the last.

    The outer bins also count what lies beyond; the bins of integers hold equally many of them each.
    """
    low, high = (nearest(ordered, share) for share in TAILS)
    width = float(math.ceil((high - low + 1) / BINS)) if whole else (high - low) / BINS
    bins = math.ceil((high - low + 1) / width) if whole else BINS if width else 1
    edges = [low + width * number for number in range(1, bins)]
    below = [0, *(int(ordered.search_sorted(edge, side="left")) for edge in edges), ordered.len()]
    return {"from": low, "width": width, "counts": [after - before for before, after in pairwise(below)]}
