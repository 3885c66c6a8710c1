"""The pictures of a sweep as one page: how the best grew, what mattered, and every trial."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from interlock.cli.evaluate_draw import Chart, axis, lane, lanes, layered, level, line, mark, points, render
from interlock.cli.page import said, shell
from interlock.cli.sweep_shown import verdict, why
from interlock.cli.sweep_words import changed, value
from interlock.sweeping.trial import COMPLETE, Trial

LONG, SHOWN, HIGH = 1000, 200, 260


def page(found: Mapping[str, Any], trials: list[Trial]) -> str:
    """The whole page; what comes from data or conf is escaped."""
    return shell(said(f"Sweep: {verdict(found)}", LONG), ["evaluate.css"], _body(found, trials))


def _body(found: Mapping[str, Any], trials: list[Trial]) -> Iterator[str]:
    yield f"<h1>Sweep</h1>\n<p>{said(verdict(found), LONG)}</p>"
    yield "".join(f'<p class="dim">{said(text, LONG)}</p>' for text in why(found))
    for chart in (history(found["metric"], trials), importance(found["importance"])):
        if chart:
            yield f"<h2>{said(chart.title)}</h2>\n<div class='scroll'>{render(chart)}</div>\n<p class='dim'>{said(chart.note, LONG)}</p>"
    heads = "".join(f"<th>{said(head)}</th>" for head in ("trial", found["metric"], "rounds", "", "what it changes"))
    rows = "".join(_row(trial) for trial in _ranked(trials)[:SHOWN])
    yield f'<h2>Trials</h2>\n<div class="scroll"><table><tr>{heads}</tr>{rows}</table></div>'


def history(metric: str, trials: list[Trial]) -> Chart:
    """The value of each trial in turn, and the best so far."""
    ended = [trial for trial in trials if trial.state == COMPLETE]
    high = list(accumulate((trial.value or 0.0 for trial in ended), max))
    records = [{"n": trial.number, "value": trial.value, "best": top} for trial, top in zip(ended, high, strict=True)]
    x, y = axis("x", "trial"), axis("y", metric)
    layers = [
        level(y, records[0]["value"] or 0.0),
        mark("point", points(records, x="n", y="value"), 1, encoding={"x": x, "y": y}, filled=True, opacity=0.7),
        line(points(records, x="n", y="best"), x, y, 2, interpolate="step-after"),
    ]
    label = f"{len(ended)} trials; the best {metric} is {value(high[-1])}, the current configuration has {value(ended[0].value)}"
    note = f"Each point is a trial, the line the best so far, dashed the current configuration. {len(trials) - len(ended)} ended early."
    return Chart("How the best grew", label, layered(layers, HIGH, 560), (), (), note=note)


def importance(parts: Mapping[str, float]) -> Chart | None:
    """The part of each name in what parts good trials from others; None where trials were too few."""
    if not parts:
        return None
    records = [{"part": part, "name": name, "order": place} for place, (name, part) in enumerate(list(parts.items())[:20])]
    data = points(records, x="part", name="name", order="order")
    bars = mark("bar", data, 1, encoding={"x": axis("x", "", percent=True, zero=True), "y": lane()}, height=9)
    label = ", ".join(f"{record['name']} {record['part']:.0%}" for record in records)
    note = "Of what parts the best tenth of the trials from the others, the part that lies in each (PED-ANOVA). Few trials say it roughly."
    return Chart("What mattered", label, lanes([bars], data), (), (), note=note)


def _ranked(trials: list[Trial]) -> list[Trial]:
    return sorted(trials, key=lambda trial: (trial.state != COMPLETE, -(trial.value or 0.0), trial.number))


def _row(trial: Trial) -> str:
    state = "" if trial.state == COMPLETE else trial.why or trial.state
    cells = [str(trial.number), value(trial.value), f"{trial.rounds:,}"]
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    return f"<tr>{numbers}<td>{said(state, 200)}</td><td>{said(changed(trial.point), LONG)}</td></tr>"
