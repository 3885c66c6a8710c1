"""`interlock replay`: predictions made again to the last bit, or as another version would have made them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.logs import placed
from interlock.cli.replay_shown import lines, said, table
from interlock.cli.store_place import moment_of, say
from interlock.errors import ArtifactError, printable

if TYPE_CHECKING:
    from interlock.lineage.ground import Ground
    from interlock.serving.predictions import Logged

DIFFERS = 1


@click.command
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--sample", type=click.IntRange(min=1), help="So many predictions of the log, spread over it by hash.")
@click.option("--since", help="Those made from this moment on, such as 2026-03-01T00:00Z.")
@click.option("--until", help="Those made before this moment.")
@click.option("--with", "other", metavar="VERSION", help="What this version would have said: decisions that flip, scores that move.")
@click.option("--anyway", is_flag=True, help="Go on where this environment is not the one that a bundle was made with.")
@placed
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def replay(
    ids: tuple[str, ...],
    *,
    sample: int | None,
    since: str | None,
    until: str | None,
    other: str | None,
    anyway: bool,
    log: Path,
    events: Path,
    as_json: bool,
) -> None:
    """Make predictions again: of these IDs, of a sample, or of all that were made in a time.

    Bundle, source rows and events are those that each was made from; every feature, raw score and score must be the same to
    the last bit. Exits with 1 where one is not, and names the first thing that differs; with 6 where one cannot be made again.

    \b
    Example:
      interlock replay 12-0123456789ab
      interlock replay --sample 100
      interlock replay --with v1.3.0 --since 2026-03-01T00:00Z
    """
    from interlock.lineage.ground import Ground
    from interlock.params import load
    from interlock.serving import predictions

    moments = [None if text is None else moment_of(text) for text in (since, until)]
    if bool(ids) == any((sample, since, until, other)) and not (ids and other):
        raise click.UsageError("give IDs, or --sample, --since, --until, or --with VERSION")
    logged = chosen(ids, sample, moments[0], moments[1], log)
    ground = Ground(load("usecase.name", str), events, anyway)
    total = sample or len(ids) or predictions.count(log)
    if other:
        compared(logged, other, ground, total, as_json=as_json)
    else:
        again(logged, ground, total, as_json=as_json)


def chosen(ids: Sequence[str], sample: int | None, since: datetime | None, until: datetime | None, log: Path) -> "Iterable[Logged]":
    """The predictions that were asked for, in the order of the log."""
    import heapq
    from hashlib import blake2b

    from interlock.features.keys import micros
    from interlock.serving import predictions

    if ids:
        return [predictions.one(each, log) for each in ids]
    first, last = (None if moment is None else micros(moment) for moment in (since, until))
    window = (
        each
        for each in predictions.every(log)
        if first is last is None
        or ((made := each.prediction) and (first is None or made.time >= first) and (last is None or made.time < last))
    )
    if sample is None:
        return window
    found = heapq.nsmallest(
        sample, (each for each in window if not each.record.erased), key=lambda each: blake2b(each.id.encode()).digest()
    )
    return sorted(found, key=lambda each: each.position)


def again(logged: "Iterable[Logged]", ground: "Ground", total: int, *, as_json: bool) -> None:
    """Replay, and end the process as it went."""
    from interlock.lineage.replay import replay as made_again

    with _bar("replaying", total) as done:
        found = made_again(logged, ground, done)
    if not found:
        raise ArtifactError("the log has no prediction that this names", "interlock score makes them; see --since and --until")
    _loud(ground)
    differ, failed = [each for each in found if each.difference], [each for each in found if each.error]
    say(said(found, ground), as_json, list(lines(found, differ, failed)))
    if differ:
        sys.exit(DIFFERS)
    if failed and failed[0].error:
        raise failed[0].error


def compared(logged: "Iterable[Logged]", other: str, ground: "Ground", total: int, *, as_json: bool) -> None:
    """Print what another version would have said."""
    import json

    from interlock.lineage.flips import Columns, flips
    from interlock.modeling.groups import Slices
    from interlock.params import load

    slices = load("usecase.slices", Slices)
    with _bar("replaying", total) as done:
        found = flips(logged, other, Columns(slices.columns, slices.crossings), ground, done)
    _loud(ground)
    if not found:
        raise ArtifactError(
            f"the log has no prediction of another version than {other} that this names", "name another version, or another time"
        )
    if as_json:
        click.echo(json.dumps(found, indent=2, allow_nan=False))
        return
    for each in found:
        table(each)


def _loud(ground: "Ground") -> None:
    for version, found in ground.elsewhere.items():
        text = printable(f"ANOTHER ENVIRONMENT than that of {version}: {'; '.join(found)}. A difference may be of these versions.")
        click.secho(text, fg="red", bold=True, err=True)


@contextmanager
def _bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich.progress import Progress

    with Progress(transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task(what, total=total)
        yield lambda rows: progress.advance(bar, rows)
