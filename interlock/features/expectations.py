"""What a feature is expected to be, held against what it is: whole frames offline, micro-batches online."""

from collections import Counter

import polars as pl

from interlock.errors import ContractError
from interlock.features.featureset import AnyFeature, FeatureSet

NONE_BROKEN = pl.DataFrame(schema={"row": pl.UInt32, "feature": pl.String, "value": pl.Float64})


def outside(feature: AnyFeature) -> pl.Expr:
    """True where a value lies outside of what is expected; false where it is null or nothing is expected."""
    if feature.about.expect is None:
        return pl.lit(False)
    low, high = feature.about.expect
    return (~pl.col(feature.name).cast(pl.Float64).is_between(low, high)).fill_null(False)


def enforce(features: FeatureSet, values: pl.DataFrame) -> None:
    """Raise ContractError where a feature whose expectation has the severity `fail` breaks it; warnings go to the profile."""
    strict = [feature for feature in features.public if feature.about.severity == "fail" and feature.about.expect is not None]
    for feature in strict:
        if broken := int(values.select(outside(feature).sum()).item()):
            raise ContractError(
                f"{feature.name}: {broken} of {values.height} values lie outside of {list(feature.about.expect or ())}",
                "mend the declaration or its source, or lower the severity to warn",
            )


def broken(features: FeatureSet, frame: pl.DataFrame) -> pl.DataFrame:
    """Every value of a micro-batch that `outside` is true of: its row (UInt32), feature (String) and value (Float64).

    A loop over Python's numbers: for one request it costs a twentieth of an expression for each feature.
    """
    found = []
    for feature in features.features:
        if feature.about.expect is not None and feature.public:
            low, high = feature.about.expect
            for row, value in enumerate(frame.get_column(feature.name).to_list()):
                if value is not None and not low <= float(value) <= high:
                    found.append((row, feature.name, float(value)))
    return pl.DataFrame(found, NONE_BROKEN.schema, orient="row") if found else NONE_BROKEN


def warnings(features: FeatureSet, found: pl.DataFrame) -> Counter[str]:
    """How many values of each feature whose severity is `warn` are among those that `broken` found."""
    return Counter(name for name in found["feature"] if features.by_name[name].about.severity == "warn")


def refusals(features: FeatureSet, found: pl.DataFrame) -> dict[int, ContractError]:
    """For each row with a value that `broken` found of a feature whose severity is `fail`: why it has no answer."""
    refused = {}
    for row, name, value in reversed(found.rows()):
        about = features.by_name[name].about
        if about.severity == "fail":
            refused[row] = ContractError(
                f"{name} is {value:g}, outside of {list(about.expect or ())}", "mend its source, or lower the severity to warn"
            )
    return refused
