"""The sections of the page on how good the candidate is: metrics, ranking, calibration, decision, errors, classes and slices."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from interlock.cli import evaluate_charts as charts
from interlock.cli import evaluate_groups as groups
from interlock.cli import evaluate_steps as steps
from interlock.cli.evaluate_confusion import confusion
from interlock.cli.evaluate_draw import Chart
from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_glyphs import span
from interlock.cli.evaluate_html import Html, element, folded, table
from interlock.cli.evaluate_words import HEADLINE, amount, called, ends, least, measured, metrics, shared
from interlock.evaluation.paths import number
from interlock.evaluation.words import baselines, over

Part: TypeAlias = Html | Chart | None
BRIEF = {
    "binary": ("base_rate", "auc", "brier", "ece"),
    "multiclass": ("accuracy", "balanced_accuracy", "auc", "ece"),
    "regression": ("mean", "r2", "mae", "bias"),
}
LACKS = {"recall": "no row is one", "precision": "none was predicted", "auc": "no row is one, or every row is"}
SCALED = {"selected", "precision", "recall", "false_positive_rate"}


def headline(found: Found) -> Iterator[Part]:
    """The metrics with intervals beside baselines, what is gained over each on the same rows, and how the model learned."""
    report = found.get("metrics")
    columns = {"test": "test", "validation": "validation", **baselines(found.task)}
    there = [name for name in columns if report.get(name)]
    names = metrics(report["test"])
    rows = ([called(name), *(measured(report[column], name) for column in there)] for name in names)
    yield table(["metric", *(columns[name] for name in there)], rows)
    yield element("p", "In brackets the 95 % interval of resampled rows. The baselines are scored on the test rows.", "dim")
    yield from _gains(found, report.get("gain") or [], names)
    yield steps.learning(found.get("learning_curve"))


def ranking(found: Found) -> Iterator[Part]:
    test, decision = _test(found), _decision(found)
    yield charts.roc(found.get("roc"), test, decision)
    yield charts.precision_recall(found.get("precision_recall"), test, decision)


def calibration(found: Found) -> Iterator[Part]:
    yield charts.calibration(found.get("calibration"), found.get("score_distribution"), _test(found), found.kind, unit_of(found))


def decision(found: Found) -> Iterator[Part]:
    """What the chosen threshold finds and costs, and what others would."""
    said = _decision(found)
    if said:
        yield table(["at the threshold", "test rows"], ([called(name), _figure(said, name)] for name in metrics(said)))
        how = said.get("chosen")
        yield element("p", f"Chosen: {how}." if how else "The threshold is stated.", "dim")
    yield steps.cost(found.get("thresholds"), said)
    yield steps.rates(found.get("thresholds"), said)
    yield steps.gain(found.get("gain"))
    yield steps.lift(found.get("gain"))


def errors(found: Found) -> Iterator[Part]:
    """Residuals of a regression, and how labels and scores lie."""
    yield charts.residuals(found.get("residuals"), unit_of(found))
    yield charts.distribution(found.get("score_distribution"), unit_of(found))


def classes(found: Found) -> Iterator[Part]:
    """What is taken for what, and each class by itself."""
    yield confusion(found.get("confusion"))
    records = found.get("classes") or []
    yield from (groups.forest("class", records, "class", metric, lacks=why) for metric, why in LACKS.items())
    if records:
        names = [name for name in metrics(records[0]) if name not in {"class", "rows"}]
        rows = ([each["class"], each.get("rows"), *(measured(each, name) for name in names)] for each in records)
        yield folded(f"{len(records):,} classes in figures", [table(["class", "rows", *map(called, names)], rows)])


def slices(found: Found) -> Iterator[Part]:
    """The headline metric of each slice, a picture a column; what is pooled says so."""
    records = [each | {"label": _label(each)} for each in found.get("slices") or []]
    metric, test = HEADLINE.get(found.kind, "auc"), _test(found)
    if not records:
        yield element("p", "The use case slices by nothing. → say usecase.slices in conf/usecase, then run: make")
    worst = found.get("metrics").get("worst_slice") or {}
    if worst.get("slice"):
        yield element("p", f"The worst is {worst['slice']}: {called(metric)} {least(worst, metric)} on {amount(worst.get('rows'))} rows.")
    for column in dict.fromkeys(str(each.get("column")) for each in records):
        mine = [each for each in records if str(each.get("column")) == column]
        yield groups.forest(column, mine, "label", metric, test.get(metric))
    brief = [name for name in BRIEF.get(found.kind, ()) if name in test]
    rows = ([each["slice"], each["rows"], *(measured(each, name) for name in brief)] for each in records)
    if records:
        yield folded(f"{len(records):,} slices in figures", [table(["slice", "rows", *map(called, brief)], rows)])


def _gains(found: Found, gains: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterator[Part]:
    """What the model gains over each baseline; above 0 it is better."""
    for gain in gains:
        known = [name for name in names if isinstance(gain.get(name), Mapping) and number(gain[name].get("gain")) is not None]
        if known:
            rows = [[called(name), measured(gain[name], "gain"), _gain(gain[name])] for name in known]
            yield table([f"gain over {over(str(gain['name']), found.task)}", "above 0 is better", ""], rows)


def _gain(one: Mapping[str, Any]) -> Html:
    found = ends(one, "gain")
    if found is None:
        return Html("")
    low, high = found
    reach = max(abs(low), abs(high)) * 1.05 or 1.0
    return span(one["gain"], low, high, [0.0], (-reach, reach), "good" if low > 0 else "gone" if high < 0 else "now")


def _figure(said: Mapping[str, Any], name: str) -> str:
    return shared(said, name) if name in SCALED else measured(said, name)


def _label(record: Mapping[str, Any]) -> str:
    pooled = record.get("values")
    return f"({pooled} others)" if isinstance(pooled, int) and pooled > 1 else str(record.get("value"))


def _test(found: Found) -> Mapping[str, Any]:
    return found.get("metrics").get("test") or {}


def _decision(found: Found) -> Mapping[str, Any]:
    return found.get("metrics").get("decision") or {}


def unit_of(found: Found) -> str:
    return str(found.task.get("unit", ""))
