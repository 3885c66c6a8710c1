"""The page that `interlock evaluate` writes: the verdict first, then what it rests on, section by section."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from interlock.cli import evaluate_fairness as fairness
from interlock.cli import evaluate_quality as quality
from interlock.cli import evaluate_trust as trust
from interlock.cli import evaluate_verdict as binding
from interlock.cli import evaluate_why as why
from interlock.cli.evaluate_draw import Chart, render
from interlock.cli.evaluate_found import Found
from interlock.cli.evaluate_html import Html, cards, element, folded, joined, legend, table, told
from interlock.cli.evaluate_quality import Part
from interlock.cli.evaluate_words import verdict
from interlock.cli.page import shell

STYLES = ("quarantine.css", "evaluate.css")
STAGES = {"gates": "gate", "stress": "stress", "explain": "explain", "learning_curve": "train"}
# What a report of another version, or one edited by hand, breaks on.
SHAPES = (KeyError, TypeError, ValueError, AttributeError, IndexError)


@dataclass(frozen=True)
class Section:
    """A part of the page: the reports that it cannot do without, and the kinds of task that it is for."""

    name: str
    title: str
    parts: Callable[[Found], Iterator[Part]]
    needs: tuple[str, ...]
    kinds: tuple[str, ...] = ("binary", "multiclass", "regression")


SECTIONS = (
    Section("gates", "Verdict and gates", binding.gates, ("gates",)),
    Section("data", "Data and split", binding.data, ("metrics",)),
    Section("metrics", "How good it is", quality.headline, ("metrics",)),
    Section("ranking", "How well it ranks", quality.ranking, ("roc", "precision_recall"), ("binary",)),
    Section("calibration", "How far its scores can be believed", quality.calibration, ("calibration",)),
    Section("decision", "What its decisions find and cost", quality.decision, ("thresholds", "gain"), ("binary",)),
    Section("errors", "How far off it is", quality.errors, ("residuals",), ("regression",)),
    Section("classes", "What it takes for what", quality.classes, ("confusion", "classes"), ("multiclass",)),
    Section("slices", "Whom it serves worse", quality.slices, ("slices",)),
    Section("fairness", "How its decisions fall on protected groups", fairness.fairness, ("fairness",)),
    Section("leakage", "What it may have known", trust.leakage, ("leakage",)),
    Section("stress", "How it behaves under stress", trust.stress, ("stress",)),
    Section("explanation", "Why it scores as it does", why.explanation, ("explain",)),
    Section("provenance", "What all this was made from", binding.provenance, ("gates",)),
)


def sections(found: Found) -> list[Section]:
    """Those that this kind of task has."""
    return [section for section in SECTIONS if found.kind in section.kinds]


def page(found: Found, drawn: Iterable[tuple[Section, Html]]) -> str:
    """The whole page, of sections that are drawn."""
    look, line = verdict(found.get("gates"))
    title = f"{found.usecase}: {line}"
    catalog = (found.said.get("usecase") or {}).get("catalog") or {}
    about = f"{catalog.get('description', '')} {found.kind.capitalize()} task; owner: {catalog.get('owner', 'not said')}."
    parts = list(drawn)
    head = [element("h1", found.usecase), element("p", line, f"{look} verdict"), element("p", about, "dim"), *_odd(found), _contents(parts)]
    return shell(told(title), STYLES, [*head, *(section(one, content) for one, content in parts)])


def section(one: Section, content: Html) -> Html:
    return Html(f'<section id="{one.name}"><h2>{told(one.title)}</h2>\n{content}</section>')


def draw(found: Found, one: Section) -> Html:
    """A section with its pictures, or what it lacks and which command makes it."""
    missing = [name for name in one.needs if name not in found.reports]
    if len(missing) == len(one.needs):
        return _missing(missing)
    try:
        parts = [part for part in one.parts(found) if part]
    except SHAPES as error:
        said = f"{type(error).__name__}: {error}"
        return _lacking(f"{_paths(one.needs)} cannot be read by this version ({said})", "run: make")
    if not parts:
        return _lacking(f"{_paths(one.needs)} has nothing to show", "run: make")
    return joined([*_gathered(parts), *([_missing(missing)] if missing else [])], "\n")


def _missing(names: Sequence[str]) -> Html:
    stages = dict.fromkeys(STAGES.get(name, "evaluate") for name in names)
    return _lacking(f"{_paths(names)} is not here", f"run: dvc repro {' '.join(stages)}")


def _paths(names: Iterable[str]) -> str:
    return " and ".join(f"reports/{name}.json" for name in names)


def _lacking(what: str, todo: str) -> Html:
    return joined([element("p", f"! {what}", "warn"), element("p", f"→ {todo}", "dim")])


def _odd(found: Found) -> list[Html]:
    """What does not belong to the verdict, in a box above everything else."""
    lines = "".join(f'<li class="fail">✗ <span>{told(line, 1000)}</span></li>' for line in found.odd)
    return [Html(f'<ul class="findings">{lines}</ul><p class="dim">→ run: make</p>')] if found.odd else []


def _contents(parts: Iterable[tuple[Section, Html]]) -> Html:
    links = "".join(f'<li><a href="#{one.name}">{told(one.title)}</a></li>' for one, _ in parts)
    return Html(f'<nav aria-label="Contents"><ol>{links}</ol></nav>')


def _gathered(parts: Iterable[Html | Chart]) -> Iterator[Html]:
    """Pictures that follow each other stand beside each other."""
    row: list[Html] = []
    for part in parts:
        if isinstance(part, Chart):
            row.append(_figure(part))
            continue
        if row:
            yield cards(row)
        row = []
        yield part
    if row:
        yield cards(row)


def _figure(chart: Chart) -> Html:
    """A picture in a card, with the figures beneath."""
    keys = legend(chart.legend) if chart.legend else ""
    note = element("p", chart.note) if chart.note else ""
    numbers = folded("in figures", [table(chart.heads, chart.rows)])
    return joined([Html('<div class="card">'), element("h3", chart.title), keys, Html(render(chart)), note, numbers, Html("</div>")])
