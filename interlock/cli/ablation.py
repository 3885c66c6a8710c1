"""What `interlock features --ablate` does: train without each part, say how long that takes, and print what each is worth."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

import click
import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.feature_samples import busy
from interlock.cli.sketch import percent
from interlock.errors import printable
from interlock.evaluation.ablation import ALL, SEED, Ablation, By
from interlock.evaluation.cost import Clock
from interlock.modeling.task import Scores

LEARNING = 400
LEAST = 16


def ablate(by: By, only: tuple[str, ...], rounds: int | None, *, as_json: bool) -> None:
    """Train once with everything, once by another seed, and once without each part; Ctrl-C keeps what is done."""
    ablation = Ablation.open(rounds)
    by, parts = _chosen(ablation, by, only)
    scores = _trained(ablation, parts)
    if len(scores) < 3:
        raise click.UsageError("nothing to compare: no part was trained without")
    told = ablation.told(scores, parts) | {"by": by, "rounds": ablation.model.rounds}
    clock = Clock.open(ablation.features)
    with busy("timing the online path"):
        told["parts"] = [{**one, "saves_us": clock.saved(one["features"]) if clock else None} for one in told["parts"]]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    else:
        show(told)


def _chosen(ablation: Ablation, by: By, only: tuple[str, ...]) -> tuple[By, dict[str, list[str]]]:
    """The parts that the model could do without: those of `only`, or all; by feature where one view is all that it reads.

    Raises UsageError where a part is not there, or the model reads nothing else.
    """
    every = ablation.parts(by)
    if unknown := [name for name in only if name not in every]:
        raise click.UsageError(f"--only {unknown[0]}: no {by} of the model is called so; there are: {', '.join(every)}")
    if parts := {name: every[name] for name in only or every if len(every[name]) < len(ablation.inputs)}:
        return by, parts
    if by == "feature" or len(ablation.inputs) < 2:
        raise click.UsageError(f"there is nothing to leave out: the model reads {', '.join(ablation.inputs)} alone")
    if only:
        raise click.UsageError(f"--only {only[0]}: the model reads nothing else; ask for its features: --ablate feature")
    _say(f"all that the model reads is of one view, {printable(', '.join(every))}: what is left out is each feature")
    return _chosen(ablation, "feature", ())


def _trained(ablation: Ablation, parts: Mapping[str, list[str]]) -> dict[str, Scores]:
    """The scores of every model that was trained, by the part that it does without; fewer where it was interrupted."""
    asked: dict[str, tuple[list[str], int]] = {ALL: ([], 0), SEED: ([], 1)} | {name: (dropped, 0) for name, dropped in parts.items()}
    _say(f"{len(asked)} trainings on {len(ablation.train.label):,} rows, each of at most {ablation.model.rounds:,} rounds: "
         f"roughly {_time(ablation.expected(len(asked), LEARNING))}; --only and --rounds make it less, Ctrl-C keeps what is done")  # fmt: skip
    scores: dict[str, Scores] = {}
    start = monotonic()
    try:
        for number, (name, (dropped, seed)) in enumerate(asked.items(), 1):
            scores[name] = ablation.scores(dropped, seed=seed)
            left = (monotonic() - start) / number * (len(asked) - number)
            without = f"without {name}" if name in parts else f"with {name}"
            _say(f"{number:>3} of {len(asked)}  {printable(without)}" + (f", {_time(left)} left" if left >= 1 else ""))
    except KeyboardInterrupt:
        _say("interrupted: this is what was done")
    return scores


def show(told: Mapping[str, Any]) -> None:
    """Print the table, and which losses cannot be told from noise."""
    console, metric = Console(highlight=False, markup=False), told["metric"]
    console.print(Text(f"{metric} {_number(told[metric])} on {told['rows']:,} validation rows; what is lost without each {told['by']}\n", style="bold"))  # fmt: skip
    lines = [_cells(one) for one in told["parts"]]
    heads = (told["by"], "features", "lost", "95 % interval", "null", "µs")
    wide = [max(cell_len(line[place]) for line in (heads, *lines)) for place in range(len(heads))]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(heads[0], no_wrap=True, overflow="ellipsis", max_width=max(LEAST, console.width - sum(wide[1:]) - 2 * len(heads)))
    for head, width in zip(heads[1:], wide[1:], strict=True):
        table.add_column(head, justify="right", no_wrap=True, min_width=width)
    for one, line in zip(told["parts"], lines, strict=True):
        table.add_row(*(Text(cell, style="" if one["sure"] else "dim") for cell in line))
    console.print(table)
    console.print(Text("\n" + "\n".join(_remarks(told)), style="dim"))


def _cells(one: Mapping[str, Any]) -> list[str]:
    saved = "–" if one["saves_us"] is None else f"{one['saves_us']:,.0f}" if one["saves_us"] >= 1 else "~0"
    lost = _number(one["loss"], signed=True)
    return [printable(one["name"]), str(len(one["features"])), lost, _ends(one), percent(one["null_share"]), saved]


def _remarks(told: Mapping[str, Any]) -> list[str]:
    seed, unsure = told["another_seed"], [one["name"] for one in told["parts"] if not one["sure"]]
    better = [one["name"] for one in told["parts"] if one["sure"] and one["loss"] < 0]
    known = [one["name"] for one in told["parts"] if one["sure"] and seed and abs(one["loss"]) <= abs(seed["loss"] or 0.0)]
    said = (
        [f"Another seed alone: {_number(seed['loss'], signed=True)} lost ({_ends(seed)}). Of twenty such intervals one is wrong by chance."]
        if seed
        else []
    )
    said += [f"Cannot be told from noise, their interval holds 0: {printable(', '.join(unsure))}."] if unsure else []
    said += [f"Surely, but no more than another seed makes: {printable(', '.join(known))}."] if known else []
    said += [f"Better without, on these rows: {printable(', '.join(better))}."] if better else []
    said += [f"Not done: {printable(', '.join(told['not_done']))}."] if told["not_done"] else []
    said += ["µs is what a request takes less online without the features; features of one view share most of it."]
    return said


def _ends(one: Mapping[str, Any]) -> str:
    return "–" if one["low"] is None else f"{_number(one['low'], signed=True)} to {_number(one['high'], signed=True)}"


def _number(value: float | None, *, signed: bool = False) -> str:
    return "–" if value is None else (f"{value:+.4f}" if signed else f"{value:.4f}").replace("-", "−")


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _say(text: str) -> None:
    click.echo(text, err=True)
