"""The last predictions of the log, and what a source row has reached, in the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from interlock.cli.trace_tree import console
from interlock.contracts.evidence import text
from interlock.errors import ArtifactError

if TYPE_CHECKING:
    from interlock.lineage.forwards import Forwards, ReachedRelease

LONG = 400


def last(log: Path, many: int) -> list[dict[str, Any]]:
    """The last predictions, the latest last."""
    from interlock.features import records
    from interlock.lineage.asked import moment
    from interlock.serving import predictions

    end = records.last(log) if log.is_dir() else None
    if end is None:
        raise ArtifactError(f"{log} has no prediction yet", "a released model makes some: interlock score INPUT OUTPUT")
    return [
        {"id": each.id, "made": moment(made.time), "version": made.version, "channel": made.channel, "scores": made.scores, "erased": False}
        if (made := each.prediction)
        else {"id": each.id, "made": "", "version": "", "channel": "", "scores": {}, "erased": True}
        for each in predictions.every(log, max(end.position - many, 0))
    ]


def show_list(found: list[dict[str, Any]]) -> None:
    """Print them."""
    table = _table("prediction", "made", "version", "channel", "scores")
    for each in found:
        scores = ", ".join(f"{name} {text(value)}" for name, value in each["scores"].items())
        table.add_row(
            each["id"],
            each["made"],
            text(each["version"], LONG) if each["version"] else "",
            text(each["channel"], LONG) if each["channel"] else "",
            scores or "erased",
        )
    console().print(table)


def show_forwards(found: "Forwards") -> None:
    """Print what a source row has reached."""
    terminal = console()
    terminal.print(Text(f"{text(found.table, LONG)}:{found.row}", style="bold"), Text(f"as in {found.meant}"))
    terminal.print(Text(", ".join(f"{name}={text(value)}" for name, value in found.values.items())))
    terminal.print(Text("\nReleases", style="bold"))
    for release in found.releases:
        terminal.print(Text(f"  {text(release.tag, LONG)}: {_held(release)}", style="" if release.held else "dim"))
    if not found.releases:
        terminal.print(Text("  there is none", style="dim"))
    terminal.print(
        Text("\nPredictions", style="bold"),
        Text(f"of {found.looked:,} in the log" + (f", {found.erased:,} of them erased" if found.erased else "")),
    )
    table = _table("version", "feature", "read as", "predictions", "the first")
    for use in found.uses:
        table.add_row(
            text(use.version, LONG),
            text(use.feature, LONG) if use.feature else "",
            text(use.part, LONG),
            f"{use.predictions:,}",
            ", ".join(use.first),
        )
    terminal.print(table if found.uses else Text("  none has counted it", style="dim"))
    for line in found.notes:
        terminal.print(Text(text(line, LONG), style="yellow"))


def _held(release: "ReachedRelease") -> str:
    if not release.held:
        return release.why
    place, dated = "it lay in the raw data", release.dated
    if dated is None:
        return f"{place}; {release.why or 'no time tells whether training could see it'}"
    return (
        f"{place}, dated {dated.time} ({dated.history}), {'before' if dated.before else 'AFTER'} the end of training at {dated.train_until}"
    )


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold")
    return table
