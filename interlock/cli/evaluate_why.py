"""The section of the page on why the candidate scores as it does: of all rows, by class and slice, and of single rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interlock.cli import evaluate_groups as groups
from interlock.cli.evaluate_draw import Chart
from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_html import Html, element, folded, joined, table
from interlock.cli.evaluate_quality import Part
from interlock.cli.evaluate_words import amount, share
from interlock.contracts.evidence import text
from interlock.evaluation.paths import number

TOP, FEW, CLASSES = 20, 10, 6
WHAT = "mean |contribution|"
ENDS = ("highest", "lowest")


def explanation(found: Found) -> Iterator[Part]:
    """What drives the scores of all rows, of classes and of slices, and the way to the highest and the lowest scores."""
    report = found.get("explain")
    yield element("p", f"Exact contributions (TreeSHAP) to the raw scores of {amount(report.get('rows'))} rows.", "dim")
    yield groups.bars("What moves scores most", _top(report["global"], TOP), WHAT)
    for one in (report.get("classes") or [])[:CLASSES]:
        yield groups.bars(f"Class {one['class']}", _top(one["features"], FEW), WHAT)
    yield from _slices(report)
    for kind in ENDS:
        yield element("h3", f"Rows that score {kind}: from what is expected of any row to their own")
        yield from (_way(report, one) for one in report.get(kind) or [])
    rows = [[each["feature"], *_described(found, each["feature"]), each["importance"], each.get("splits")] for each in report["global"]]
    yield folded(f"{len(rows):,} features in figures", [table(["feature", "what it is", "unit", WHAT, "splits"], rows, texts=3)])
    told = [_told(found, one) for kind in ENDS for one in report.get(kind) or []]
    yield folded(f"{len(told):,} rows in figures", told)


def _slices(report: Mapping[str, Any]) -> Iterator[Part]:
    """The slices that are driven by something else than all rows, beside each other."""
    every = {str(each["slice"]): each for each in report.get("slices") or []}
    different = report.get("different") or []
    if different:
        yield element("h3", "Slices that are driven by something else")
        heads = ["slice", "more than elsewhere by", "rows", "distance", "share here", "share of all"]
        rows = ([one["slice"], *_more(one["more"])[:1], one["rows"], one["distance"], *_more(one["more"])[1:]] for one in different)
        yield table(heads, rows, texts=2)
    for one in different:
        if str(one["slice"]) in every:
            yield groups.bars(str(one["slice"]), _top(every[str(one["slice"])]["features"], FEW), WHAT)
    if every:
        drivers = (
            [name, _top(each["features"], 1)[0][0], each["rows"], each["distance"]] for name, each in every.items() if each["features"]
        )
        yield folded(f"What drives {len(every):,} slices", [table(["slice", "most of all", "rows", "distance"], drivers, texts=2)])


def _more(more: Mapping[str, Any]) -> list[str]:
    return [str(more["feature"]), share(more["share"]), share(more["share_of_all"])]


def _top(drivers: Sequence[Mapping[str, Any]], most: int) -> list[tuple[str, float]]:
    return [(str(each["feature"]), each["importance"]) for each in drivers if number(each.get("importance")) is not None][:most]


def _way(report: Mapping[str, Any], one: Mapping[str, Any]) -> Chart:
    parts = [
        (f"{text(each['feature'], 24)} = {text(_value(each.get('value')), 14)}", each["contribution"]) for each in one["contributions"]
    ]
    expected = number(one.get("expected_raw_score"))
    start: float = report["expected_raw_score"] if expected is None else expected
    return groups.waterfall(_score(one), start, parts, one[f"raw_score{_of(one)}"])


def _score(one: Mapping[str, Any]) -> str:
    return f"Score {amount(one.get(f'score{_of(one)}'))}" + (f", class {one['class']}" if one.get("class") else "")


def _of(one: Mapping[str, Any]) -> str:
    """What the column of a score ends with: its class, where there are several."""
    return f"_{one['class']}" if one.get("class") else ""


def _value(value: Any) -> str:
    return "missing" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _told(found: Found, one: Mapping[str, Any]) -> Html:
    """One row in figures: its key, its score and what moved it."""
    apart = {"contributions", "class", "expected_raw_score"}
    key = ", ".join(str(value) for name, value in one.items() if name not in apart and not name.startswith(("score", "raw_score")))
    rows = [
        [each["feature"], *_described(found, each["feature"]), _value(each.get("value")), each["contribution"]]
        for each in one["contributions"]
    ]
    return joined([element("p", f"{key}: {_score(one)}"), table(["feature", "what it is", "unit", "value", "adds"], rows, texts=3)])


def _described(found: Found, feature: str) -> tuple[str, str]:
    about = found.about.get(feature) or {}
    return str(about.get("description") or ""), str(about.get("unit") or "")
