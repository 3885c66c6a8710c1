"""What a feature is expected to be, held against what it is."""

import polars as pl

from interlock.errors import ContractError
from interlock.features.featureset import AnyFeature, FeatureSet


def outside(feature: AnyFeature) -> pl.Expr:
    """True where a value lies outside of what is expected; false where it is null or nothing is expected."""
    if feature.about.expect is None:
        return pl.lit(False)
    low, high = feature.about.expect
    return (~pl.col(feature.name).is_between(low, high)).fill_null(False)


def enforce(features: FeatureSet, values: pl.DataFrame) -> None:
    """Raise ContractError where a feature whose expectation has the severity `fail` breaks it; warnings go to the profile."""
    strict = [feature for feature in features.public if feature.about.severity == "fail" and feature.about.expect is not None]
    for feature in strict:
        if broken := int(values.select(outside(feature).sum()).item()):
            raise ContractError(
                f"{feature.name}: {broken} of {values.height} values lie outside of {list(feature.about.expect or ())}",
                "mend the declaration or its source, or lower the severity to warn",
            )
