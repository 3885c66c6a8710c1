"""How a sweep goes on: a table that lives on a terminal, lines elsewhere; both on standard error."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from interlock.cli.sweep_words import changed, span, value
from interlock.sweeping.ground import Ground
from interlock.sweeping.space import Point
from interlock.sweeping.trial import COMPLETE, Trial

BEST = 5


class Lines:
    """A line for each trial that ends, and what is left."""

    def __init__(self, metric: str) -> None:
        self.metric = metric
        self.trials: list[Trial] = []
        self.running: dict[int, tuple[Point, str]] = {}
        self.count, self.kept, self.start = 0, 0, monotonic()
        self.lock = threading.Lock()

    def began(self, trials: int, kept: int) -> None:
        self.count, self.start = trials, monotonic()
        if kept:
            self.say(f"{kept} trials are kept from before; `interlock sweep --new` would forget them")

    def started(self, number: int, point: Point) -> None:
        with self.lock:
            self.running[number] = point, "binning"

    def round(self, number: int, fold: int, done: int) -> None:
        with self.lock:
            self.running[number] = self.running[number][0], f"round {done:,}" + (f" of fold {fold + 1}" if fold else "")

    def ended(self, trial: Trial, *, kept: bool) -> None:
        with self.lock:
            self.running.pop(trial.number, None)
            self.trials.append(trial)
        self.kept += kept
        if not kept:
            self.note(trial)

    def tick(self) -> None:
        """Nothing happens between lines."""

    def say(self, text: str) -> None:
        click.echo(text, err=True)

    def note(self, trial: Trial) -> None:
        told = f"{self.metric} {value(trial.value)}" if trial.state == COMPLETE else trial.state
        more = f", {self.left}" if self.left else ""
        self.say(
            f"{len(self.trials):>4} of {self.count}  trial {trial.number}: {told}, {trial.rounds:,} rounds, {span(trial.seconds)}{more}"
        )

    @property
    def left(self) -> str:
        done, here = len(self.trials), len(self.trials) - self.kept
        if not here or done == self.count:
            return ""
        return f"{span((monotonic() - self.start) / here * (self.count - done))} left"

    def leave(self) -> None:
        done = len(self.trials)
        if 0 < done < self.count:
            self.say(f"{done} of {self.count} trials are kept; the same command goes on with the others")


class Shown(Lines):
    """The best trials, those that run and what is left, in a table that changes."""

    def __init__(self, metric: str, live: Live) -> None:
        super().__init__(metric)
        self.live = live

    def say(self, text: str) -> None:
        self.live.console.print(Text(text))

    def note(self, trial: Trial) -> None:
        """The table shows it."""

    def tick(self) -> None:
        self.live.update(self.table())

    def table(self) -> Table:
        with self.lock:
            trials, running = list(self.trials), dict(self.running)
        title = f"{len(trials)} of {self.count} trials{f', {self.left}' if self.left else ''}"
        table = Table("trial", self.metric, "rounds", "what it changes", title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
        ranked = sorted((one for one in trials if one.state == COMPLETE), key=lambda one: (-(one.value or 0.0), one.number))
        for one in ranked[:BEST]:
            table.add_row(str(one.number), value(one.value), f"{one.rounds:,}", Text(changed(one.point), overflow="ellipsis", no_wrap=True))
        for number, (point, doing) in sorted(running.items()):
            table.add_row(str(number), "…", doing, Text(changed(point), overflow="ellipsis", no_wrap=True), style="dim")
        return table


@contextmanager
def watching(ground: Ground, workers: int) -> Iterator[Lines]:
    """Who shows how the sweep goes on; what is kept is said however it ends."""
    own, metric, console = ground.folds[-1], ground.said.task.headline, Console(stderr=True)
    rows = f"{len(own.train[1]):,} training and {len(own.validation[1]):,} validation rows, {len(ground.inputs)} features"
    console.print(Text(f"{rows}; {workers} at a time, {ground.said.base.threads} threads each; the test rows stay shut"), soft_wrap=True)
    if not console.is_terminal:
        lines = Lines(metric)
        try:
            yield lines
        finally:
            lines.leave()
        return
    with Live(console=console, transient=True, refresh_per_second=5) as live:
        shown = Shown(metric, live)
        try:
            yield shown
        finally:
            shown.leave()
