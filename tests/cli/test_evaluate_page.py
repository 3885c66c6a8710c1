"""The page of `interlock evaluate` over reports that hold anything, and its pictures against what they draw."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock import params
from interlock.cli import evaluate_charts as charts
from interlock.cli import evaluate_groups as groups
from interlock.cli import evaluate_steps as steps
from interlock.cli.evaluate_confusion import confusion
from interlock.cli.evaluate_draw import Chart, figures, points, render
from interlock.cli.evaluate_found import Found, find
from interlock.cli.evaluate_glyphs import EDGE, bullet, span
from interlock.cli.evaluate_glyphs import WIDTH as GLYPH
from interlock.cli.evaluate_html import element, told
from interlock.cli.evaluate_page import SECTIONS, STYLES, draw, page, sections
from interlock.cli.evaluate_words import amount, verdict
from interlock.cli.page import shell
from interlock.evaluation import charts as written
from interlock.evaluation.bootstrap import Evaluation
from interlock.modeling.decision import Decision
from interlock.modeling.task import Task
from tests.cli.evaluated import CLASSES, NAMED, TASKS, fairness, project, reports
from tests.cli.pages import OURS, Page
from tests.examples import fewer

KINDS = tuple(TASKS)
TAGS = OURS | {"nav", "ol", "a", "section", "line"}
INJECTED = [
    "<i>",
    "</svg>",
    "</text><i>",
    '"><i>',
    '" onload="alert(1)',
    "' onload='alert(1)",
    "<!--",
    "</style>",
    "&lt;i&gt;",
    "datum.x",
    "a.b[0]",
    "${x}",
]
TEXTS = st.sampled_from(INJECTED) | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.none() | st.booleans()
ANY = st.recursive(NUMBERS | TEXTS, lambda of: st.lists(of, max_size=3) | st.dictionaries(TEXTS, of, max_size=3), max_leaves=6)


class Links(HTMLParser):
    """Where a page points to, and the names of its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: list[str | None] = []
        self.names: set[str] = set()
        self.ids: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the signature is the parser's
        self.names |= {name for name, _ in attrs}
        self.places += [value for name, value in attrs if name in {"href", "src", "xlink:href"}]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    with contextlib.chdir(folder):
        params.read_yaml.cache_clear()
        yield
    params.read_yaml.cache_clear()


def shown(kind: str, said: dict[str, Any]) -> Found:
    """What is found where these are the reports."""
    usecase = {"name": "commuters", "task": TASKS[kind], "catalog": {"owner": "a", "description": "b", "tables": {}}}
    return Found("commuters", TASKS[kind], {"usecase": usecase}, {}, said)


def whole(found: Found) -> str:
    return page(found, [(one, draw(found, one)) for one in sections(found)])


def checked(text: str) -> Page:
    """A page without a tag, a script or an address that is not its own."""
    found, links = Page(text), Links(text)
    assert found.tags <= TAGS
    assert not any(name.startswith("on") for name in links.names)
    assert all(place and place.startswith("#") for place in links.places)
    assert {f"#{name}" for name in links.ids} == set(links.places)
    assert len(links.ids) == len(set(links.ids))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_whole_and_its_own(tmp_path: Path, kind: str) -> None:
    """Every section of the kind is drawn from its reports, nothing lacks, nothing is from elsewhere, and it is below 1.5 MB."""
    with inside(project(tmp_path, kind)):
        found = find()
    text = whole(found)
    parsed = checked(text)
    assert found.odd == ()
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert len(text.encode()) < 1_500_000
    assert [one.title for one in SECTIONS if kind in one.kinds and one.title not in parsed.texts] == []
    assert not any(phrase in text for phrase in ("cannot be read by", "has nothing to show", "is not here"))
    assert text.count('class="chart" role="img" aria-label="') > 10
    assert text == whole(found)


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_stands_first_and_figures_are_those_of_the_reports(tmp_path: Path, kind: str) -> None:
    """One line before everything else, and each test metric with its interval, each slice, gate, case and class is on the page."""
    with inside(project(tmp_path, kind)):
        found = find()
    texts = checked(whole(found)).texts
    assert texts.index(verdict(found.get("gates"))[1]) < texts.index("Verdict and gates")
    everything = "\n".join(texts)
    test = found.get("metrics")["test"]
    for name in (name for name in test if not name.endswith(("_low", "_high", "rows"))):
        assert f"{amount(test[name])} ({amount(test[f'{name}_low'])} to {amount(test[f'{name}_high'])})" in everything
    for said in (
        *(one["slice"] for one in found.get("slices")),
        *(one["why"] for one in found.get("gates")["gates"]),
        *(one["claim"] for one in found.get("stress")["cases"]),
        *(CLASSES if kind == "multiclass" else ()),
    ):
        assert said in everything


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_stage_writes_is_drawn(kind: str) -> None:
    """Chart data as evaluation makes it, of a few hundred rows, has a picture for every chart that is not empty."""
    task: Task = params.convert(TASKS[kind], Task, "usecase.task")  # type: ignore[arg-type] # a union is no type[T]
    numbers = np.random.default_rng(7)
    classes = numbers.integers(0, len(CLASSES), 600)
    likely = np.full((600, len(CLASSES)), 0.5 / (len(CLASSES) - 1))
    likely[np.arange(600), np.where(numbers.random(600) < 0.6, classes, 0)] = 0.5
    labels, scores = {
        "binary": (classes > 2, np.clip(classes / 9 + numbers.random(600) / 2, 0, 1)),
        "multiclass": (classes, likely),
        "regression": (classes * 100.0, classes * 90.0 + numbers.random(600) * 50),
    }[kind]
    made = written.charts(written.Charted(task, Decision(), Evaluation(20, 7), labels, scores))
    found = shown(kind, {**reports(kind), **json.loads(json.dumps(made))})
    filled = [name for name, records in made.items() if records]
    drawn = [one for one in sections(found) if set(one.needs) & set(filled)]
    assert len(drawn) >= 2
    for one in drawn:
        assert 'role="img"' in draw(found, one)
        assert "cannot be read" not in draw(found, one)


@settings(max_examples=fewer(8))
@given(kind=st.sampled_from(KINDS), name=TEXTS, data=st.data())
def test_no_name_becomes_a_tag(kind: str, name: str, data: st.DataObject) -> None:
    """Whatever features, slices, groups, classes, claims and gates are called, the page keeps its own tags and addresses."""

    def renamed(value: Any) -> Any:
        match value:
            case str():
                return data.draw(st.sampled_from([name, value, f"{value}{name}"])) if value not in {"base_rate", "linear"} else value
            case list():
                return [renamed(one) for one in value]
            case dict():
                return {key: renamed(one) for key, one in value.items()}
        return value

    said = reports(kind)
    said["fairness"] = fairness([name, f"{name} × a"])
    checked(whole(shown(kind, {report: renamed(value) for report, value in said.items()})))


@settings(max_examples=fewer(3))
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_no_report_stops_the_page(kind: str, data: st.DataObject) -> None:
    """A report that is absent, empty, or of any other content leaves a section that says so, and the others as they are."""
    every = reports(kind)
    broken = data.draw(st.lists(st.sampled_from(sorted(every)), min_size=len(every) - 4, max_size=len(every), unique=True))
    lists = {name for name, value in every.items() if isinstance(value, list)}
    records = st.dictionaries(TEXTS | st.sampled_from(["x", "rows", "name", "test", "groups"]), ANY, max_size=3)
    changed = {name: data.draw(st.none() | (st.lists(records, max_size=2) if name in lists else records)) for name in broken}
    said = {name: value for name, value in {**every, **changed}.items() if value is not None}
    parsed = checked(whole(shown(kind, said)))
    assert [one.title for one in SECTIONS if kind in one.kinds and one.title not in parsed.texts] == []


@given(name=TEXTS.map("§{}".format))  # as no word of a specification begins
def test_a_name_from_data_is_a_value_and_nothing_else(name: str) -> None:
    """In what Vega-Lite reads, names of slices, classes and features stand among values alone: in no expression, field or scale."""
    told_ = [{"label": name, "rows": 3, "auc": 0.5, "auc_low": 0.4, "auc_high": 0.6}]
    cells = [{"actual": name, "predicted": other, "rows": 2, "share": 0.5} for other in (name, "b")] + [
        {"actual": "b", "predicted": "b", "rows": 1, "share": 1.0}
    ]
    drawn = [
        groups.forest("a column", told_, "label", "auc", 0.5),
        groups.bars("Importance", [(name, 1.0)], "gain"),
        groups.beyond("Alone", [(name, 0.7)], "AUC", 0.5, 0.8),
        groups.waterfall("Score", 0.0, [(name, 1.0)], 1.0),
        confusion(cells),
    ]
    for chart in drawn:
        assert isinstance(chart, Chart)
        assert "values" in json.dumps(chart.spec)
        assert name not in plain(bare(chart.spec))


def plain(spec: Any) -> list[Any]:
    """Every key and value in a specification."""
    match spec:
        case dict():
            return [part for key, value in spec.items() for part in (key, *plain(value))]
        case list():
            return [part for value in spec for part in plain(value)]
    return [spec]


def bare(spec: Any) -> Any:
    """A specification without the values that it draws."""
    match spec:
        case dict():
            return {key: bare(value) for key, value in spec.items() if key != "values"}
        case list():
            return [bare(value) for value in spec]
    return spec


def test_a_curve_is_drawn_to_scale() -> None:
    """The ROC curve's path begins at the lower left, ends at the upper right, and has its points where they belong."""
    records = [{"false_positive_rate": x, "true_positive_rate": y} for x, y in ((0.0, 0.0), (0.25, 0.8), (1.0, 1.0))]
    chart = charts.roc(records, {}, {})
    assert chart is not None
    paths = re.findall(r'd="(M[^"]*)"[^>]*stroke="var\(--c1\)"|stroke="var\(--c1\)"[^>]*d="(M[^"]*)"', render(chart))
    (path,) = [one or other for one, other in paths]
    assert [float(number) for number in re.findall(r"-?[\d.]+", path)] == [0, 210, 75, 42, 300, 0]


def test_the_decision_is_a_point_on_the_curve() -> None:
    """The rates of the decision are drawn in its own colour, and named beside the curve's."""
    records = [{"false_positive_rate": x, "true_positive_rate": x} for x in (0.0, 1.0)]
    chart = charts.roc(records, {}, {"false_positive_rate": 0.5, "recall": 0.75})
    assert chart is not None
    assert chart.legend == ("model", "the decision")
    assert re.search(r'translate\(150,52\.5\)"[^>]*fill="var\(--c2\)"', render(chart))


@given(parts=st.lists(st.tuples(st.text(max_size=5), st.floats(-9, 9)), max_size=8), expected=st.floats(-9, 9), rest=st.floats(-9, 9))
def test_a_waterfall_ends_at_the_raw_score(parts: list[tuple[str, float]], expected: float, rest: float) -> None:
    """Each step begins where the one before ended; together with all others they lead from what is expected to the raw score."""
    raw = expected + sum(part for _, part in parts) + rest
    chart = groups.waterfall("Score", expected, parts, raw)
    values = [value for layer in chart.spec["layer"] for value in layer["data"]["values"] if "size" in value and "to" in value]
    ordered = sorted({value["order"]: value for value in values}.values(), key=lambda value: value["order"])
    assert all(one["to"] == pytest.approx(other["x"], abs=1e-9) for one, other in pairwise(ordered))
    if ordered:
        assert (ordered[0]["x"], ordered[-1]["to"]) == (pytest.approx(expected), pytest.approx(raw, abs=2e-6))


@given(value=st.floats(-1e6, 1e6), judged=st.floats(-1e6, 1e6), bound=st.floats(-1e6, 1e6), upper=st.booleans())
def test_what_passes_is_judged_on_the_shaded_side(value: float, judged: float, bound: float, *, upper: bool) -> None:
    """The end of the bar that is judged lies in the shaded part if and only if it keeps the bound."""
    passed = judged <= bound if upper else judged >= bound
    svg = bullet(value, judged, bound, upper=upper, passed=passed)
    (allowed,) = re.findall(r'class="allowed" x="([\d.]+)" width="([\d.]+)"', svg)
    (bar,) = re.findall(r'x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="4"', svg)
    (point,) = re.findall(r'x="([\d.]+)" y="[\d.]+" width="4" height="8"', svg)
    start, stop = float(allowed[0]), float(allowed[0]) + float(allowed[1])
    ends = {float(bar[0]), float(bar[0]) + float(bar[1])}
    worse = max(ends, key=lambda end: abs(end - float(point) - 2))
    assert 0 <= start <= stop <= GLYPH
    assert (start - 0.3 <= worse <= stop + 0.3) or not passed
    assert ('class="good"' in svg) == passed


def test_an_interval_lies_where_its_ends_are() -> None:
    """A point in the middle of its room lies in the middle, its bar from end to end, with a stroke at the mark."""
    svg = span(0.5, 0.25, 0.75, [0.0], (0.0, 1.0))
    room = GLYPH - 2 * EDGE
    assert f'x="{EDGE + room / 4:.1f}"' in svg
    assert f'width="{room / 2:.1f}" height="4"' in svg
    assert f'x="{GLYPH / 2 - 2:.1f}"' in svg
    assert f'd="M{EDGE:.1f} 1' in svg


def test_what_is_no_number_is_no_point() -> None:
    """Null, text and Booleans as coordinates are left out; a long list is told by twelve figures, its ends among them."""
    records = [{"a": 1.0, "b": 2}, {"a": None, "b": 1}, {"a": "x", "b": None}, {"a": True, "b": 1}, {"b": 3}]
    assert points(records, x="a", y="b") == [{"x": 1.0, "y": 2}]
    many = [{"x": k, "y": -k} for k in range(1000)]
    told_ = figures(many, "x", "y")
    assert (len(told_), told_[0], told_[-1]) == (12, [0, 0], [999, -999])


def test_many_slices_show_the_worst() -> None:
    """Of a hundred slices the forty worst are drawn, and the table has all."""
    records = [{"label": str(k), "rows": k, "auc": k / 100, "auc_low": None, "auc_high": None} for k in range(100)]
    chart = groups.forest("a", records, "label", "auc")
    assert chart is not None
    drawn = {value["name"] for layer in chart.spec["layer"] for value in layer["data"]["values"] if "name" in value}
    assert drawn == {f"{k} ({k})" for k in range(40)}
    assert (len(chart.rows), chart.note) == (100, "the worst 40 of 100")


def test_what_a_picture_cannot_show_is_in_its_table() -> None:
    """A class that was never predicted has a dash in the table, and stands with the reason beneath the picture."""
    told_ = {"bus": 0.5, "train": None, "<i>car</i>": None, "walk": 0.7}
    records = [{"class": name, "rows": 30, "precision": value, "recall": 0.2, "auc": 0.6} for name, value in told_.items()]
    texts = checked(draw(shown("multiclass", {"classes": records}), next(one for one in SECTIONS if one.name == "classes"))).texts
    assert "not drawn, since none was predicted: train, <i>car</i>" in texts
    place = texts.index("precision: class")
    assert texts[place:].index("train") < texts[place:].index("AUC: class")
    chart = groups.forest("class", records, "class", "precision")
    assert chart is not None
    assert [row[:3] for row in chart.rows] == [[name, 30, value] for name, value in told_.items()]


def test_a_gap_of_some_groups_stands_beside_that_of_all() -> None:
    """In the table of gaps: how many of the measured groups are compared, and gap and ratio of all of them, next to the judged ones."""
    section = next(one for one in SECTIONS if one.name == "fairness")
    texts = checked(draw(shown("regression", {"fairness": fairness(["SEX"], least=3500)}), section)).texts
    place = texts.index("between 1 of the 2 groups of SEX")
    heads = ["largest less smallest, of 1", "of all 2", "smallest over largest, of 1", "of all 2", "gate"]
    assert texts[place + 1 : place + 6] == heads
    rates = [texts.index(name, place) for name in ("selection rate", "equalized odds")]
    assert [texts[at + 2 : at + 5 : 2] for at in rates] == [["0.0200", "0.9583"], ["0.0320", "0.9583"]]
    assert "calibration error, people/h" in texts
    assert "of all 2" not in checked(draw(shown("binary", {"fairness": fairness(["SEX"])}), section)).texts


def test_a_gate_that_is_not_judged_has_a_cell_that_wraps(tmp_path: Path) -> None:
    """What a phone has no room for: the verdict in place of a figure breaks its lines, and the words of the gate stand in its first cell."""
    with inside(project(tmp_path, "binary")):
        found = find()
    drawn = draw(found, next(one for one in SECTIONS if one.name == "gates"))
    assert '<td class="number"><div class="unjudged">judged at release</div></td>' in drawn
    style = shell("", STYLES, []).partition("<style>")[2]
    assert re.search(r"td \.unjudged {[^}]*white-space: normal", style)
    assert "test.auc: a drop of at most 0.01 against the champion is asked, and judged at release" in checked(drawn).texts


def test_the_page_has_every_baseline_and_no_line_of_python() -> None:
    """A column and a table of gains each, titled by what it says; a split within a split in words."""
    split = {"by": "row", "shares": {"train": 0.6, "test": 0.4}}
    found = replace(
        shown("regression", reports("regression")), said={"usecase": {"split": split}, "model": {"exclude": [], "more": {"a": 1}}}
    )
    texts = checked(whole(found)).texts
    place = texts.index("metric")
    assert texts[place : place + 6] == ["metric", "test", "validation", "mean", "a line", NAMED]
    assert [text.removeprefix("gain over ") for text in texts if text.startswith("gain over ")] == ["mean", "a line", NAMED]
    assert "Split by row, shares (train 0.6, test 0.4). World: None." in texts
    assert not any(mark in text for text in texts for mark in ("{'", "['", "[]"))


def test_charts_of_no_points_are_none() -> None:
    """Where a kind has no such report there is no picture, and no empty frame."""
    assert [charts.roc([], {}, {}), charts.precision_recall([], {}, {}), charts.calibration([], [], {}, "binary", "")] == [None] * 3
    assert [steps.cost([], {}), steps.rates([], {}), steps.gain([]), steps.lift([]), steps.learning([])] == [None] * 5
    assert [charts.residuals([], "m"), charts.distribution([], "m"), confusion([])] == [None] * 3


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "–"),
        (0.0, "0"),
        (12, "12"),
        (1234567, "1,234,567"),
        (0.74557, "0.7456"),
        (0.00012, "0.00012"),
        (412.512, "412.51"),
        (-4.2, "-4.2000"),
        (98765.4, "98,765"),
    ],
)
def test_figures_are_told_as_people_read_them(value: float | None, said: str) -> None:
    """Four places below ten, fewer above, whole thousands, and a dash for what is not known."""
    assert amount(value) == said


def test_what_is_not_marked_as_html_is_escaped() -> None:
    """Texts are escaped once, elements of the page are left alone."""
    assert told("<b>") == "&lt;b&gt;"
    assert element("p", "<b>") == "<p>&lt;b&gt;</p>"
    assert told(element("b", "x")) == "<b>x</b>"


def test_a_verdict_is_told_in_one_line() -> None:
    """How many of the judged gates pass, which do not, and what waits for the release."""
    gate = {"name": "a", "verdict": "pass"}
    gates = [gate, {**gate, "name": "b", "verdict": "not enough evidence"}, {**gate, "name": "c", "verdict": "judged at release"}]
    assert verdict({"verdict": "not enough evidence", "gates": gates}) == (
        "fail",
        "✗ not enough evidence: 1 of 2 gates pass, not b; 1 is judged at release",
    )
    assert verdict({"verdict": "pass", "gates": [gate]}) == ("pass", "✓ pass: 1 of 1 gate passes")
    assert verdict(None) == ("warn", "? no verdict: reports/gates.json is not here")
