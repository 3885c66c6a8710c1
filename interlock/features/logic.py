"""The creation logic of a feature in words, as the catalog and the reports print it."""

from interlock.durations import text as span
from interlock.features import expressions
from interlock.features.featureset import AnyFeature, Keys, Latest, Lookup, OnDemand, Window


def words(feature: AnyFeature) -> str:
    """One line: the expression, or what is read from where and how far back."""
    match feature:
        case OnDemand():
            return expressions.show(feature.expression)
        case Lookup():
            return f"{feature.reference}.{feature.column}{_by(feature.keys)}"
        case Latest():
            age = f", no older than {span(feature.max_age)}" if feature.max_age is not None else ""
            return f"latest {expressions.show(feature.value)} of {feature.history}{_by(feature.keys)}{_where(feature)}{age}{_ago(feature)}"
        case Window():
            measure = f" of {expressions.show(feature.measure)}" if feature.measure is not None else ""
            return f"{feature.statistic}{measure} over {span(feature.width)} of {feature.history}{_by(feature.keys)}{_where(feature)}{_ago(feature)}"


def _by(keys: Keys) -> str:
    return f" by {', '.join(ours if ours == theirs else f'{theirs} = {ours}' for theirs, ours in keys)}" if keys else ""


def _where(feature: Latest | Window) -> str:
    return f" where {expressions.show(feature.where)}" if feature.where is not None else ""


def _ago(feature: Latest | Window) -> str:
    return f", {span(feature.ago)} ago" if feature.ago else ""
