"""The outcome of a sweep on a terminal."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from interlock.cli.sweep_words import changed, setting, value
from interlock.evaluation.champion import BETTER, SAME
from interlock.sweeping.results import RESULT, TRIALS
from interlock.sweeping.trial import COMPLETE, Trial

BEST, NAMED = 5, 4
STYLES = {BETTER: "bold green", SAME: "bold yellow"}


def show(found: Mapping[str, Any], trials: list[Trial], page: Path, *, as_json: bool) -> None:
    """Print the best trials, the verdict, what the winner changes and the next command, or all of it as JSON."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({**found, "trials_at": str(TRIALS), "page": str(page)}), indent=2).decode())
        return
    console = Console(highlight=False, markup=False)
    console.print(_best(found, trials))
    console.print(Text("\n" + verdict(found), style=STYLES.get(found["outcome"], "bold red")), soft_wrap=True)
    for line in why(found):
        console.print(Text(f"  {line}"), soft_wrap=True)
    if found["changes"]:
        console.print(_changes(found))
    if important := _important(found):
        console.print(Text(f"\nWhat mattered most: {important}"), soft_wrap=True)
    console.print(Text(f"\nEvery trial: {TRIALS}, pictures: {page}, this as JSON: {RESULT}", style="dim"), soft_wrap=True)
    console.print(Text(f"next: {following(found)}"), soft_wrap=True)


def verdict(found: Mapping[str, Any]) -> str:
    """The outcome in one line, in the words of champion and candidate."""
    metric, winner, gain = found["metric"], found["winner"], found["gain"]
    if not winner["trial"]:
        return f"No gain: the current configuration is the best of {found['trials']} trials ({metric} {value(winner['validation'])})"
    told = {BETTER: "better than the current configuration", SAME: f"{SAME} from the current configuration"}
    word = told.get(found["outcome"], found["outcome"])
    return f"Trial {winner['trial']}, {metric} {value(winner['validation'])}: {word} ({value(gain['gain'], signed=True)})"


def why(found: Mapping[str, Any]) -> Iterator[str]:
    """What stands behind the verdict: the interval, and what the choice among many adds to it."""
    rows, gain, elsewhere = found["rows"], found["gain"], found["elsewhere"]
    if not found["winner"]["trial"]:
        return
    yield f"on the same {rows:,} validation rows trial 0 has {value(found['current']['validation'])}; the gain is {_told(gain)}"
    if elsewhere["gain"] is not None:
        yield f"the same rows chose it, which flatters; where some choose and the others judge, choosing gains {_told(elsewhere)}"
    yield "a gain is told where the interval, twice as wide for the luck of seeds, lies off zero, and the other rows gain as well"


def following(found: Mapping[str, Any]) -> str:
    """The next command to type."""
    if found["winner"]["trial"] and found["outcome"] == BETTER:
        return "interlock adopt sweep"
    return f"keep what is, or search on: the same command with --trials {2 * found['trials']}" + (
        " (interlock adopt sweep takes it over all the same)" if found["winner"]["trial"] else ""
    )


def _best(found: Mapping[str, Any], trials: list[Trial]) -> Table:
    ranked = sorted((one for one in trials if one.state == COMPLETE), key=lambda one: (-(one.value or 0.0), one.number))
    first = [one for one in ranked[BEST:] if not one.number]
    folds = [f"mean of {found['folds']}"] if found["folds"] > 1 else []
    told = ", ".join(f"{found[name]} {name}" for name in ("pruned", "failed") if found[name])
    title = f"{found['trials']} trials{f', {told}' if told else ''}"
    table = Table(
        "trial", *folds, found["metric"], "rounds", "what it changes", title=title, title_justify="left", box=None, padding=(0, 2, 0, 0)
    )
    for one in [*ranked[:BEST], *first]:
        values = [value(one.value)] * len(folds) + [value(one.validation)]
        table.add_row(str(one.number), *values, f"{one.rounds:,}", Text(changed(one.point), no_wrap=True, overflow="ellipsis"))
    return table


def _changes(found: Mapping[str, Any]) -> Table:
    table = Table("", "now", "winner", box=None, padding=(0, 2, 0, 0), title="\nWhat it changes", title_justify="left", title_style="")
    for key, change in found["changes"].items():
        table.add_row(f"model.{key}", setting(change["from"]), setting(change["to"]))
    return table


def _important(found: Mapping[str, Any]) -> str:
    named = list(found["importance"].items())[:NAMED]
    return ", ".join(f"{setting(name)} {part:.0%}" for name, part in named)


def _told(gain: Mapping[str, Any]) -> str:
    return f"{value(gain['gain'], signed=True)} ({_ends(gain)})"


def _ends(gain: Mapping[str, Any]) -> str:
    if gain["gain_low"] is None:
        return "of too few rows for an interval"
    return f"95 %: {value(gain['gain_low'], signed=True)} to {value(gain['gain_high'], signed=True)}"
