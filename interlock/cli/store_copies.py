"""`interlock store backup`, `restore` and `verify`: the store and its log kept safe."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from interlock.cli.store_place import features_of, opened, say, shared
from interlock.errors import ArtifactError

if TYPE_CHECKING:
    from interlock.features.backup import Backup


KINDS = ("events", "predictions")
predicted = click.option(
    "--predictions", type=click.Path(path_type=Path, file_okay=False), default=Path("online/predictions"), show_default=True,
    help="The prediction log.",
)  # fmt: skip


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@predicted
@shared
def backup(folder: Path, predictions: Path, place: str, log: Path, as_json: bool) -> None:
    """Copy the state, the event log and the prediction log to a new FOLDER, and check the copy.

    An LMDB store may be read and written meanwhile; for another one writers have to wait.

    \b
    Example:
      interlock store backup backups/monday
    """
    from interlock.features import backup as library

    with opened(place) as store:
        made = library.backup(features_of(), store, log, folder, predictions)
    say(asdict(made), as_json, [f"{folder}: {_told(made)}, {made.predictions.records if made.predictions else 0:,} predictions"])


@click.command
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("kind", type=click.Choice(KINDS), default="events")
@click.option("--replace", is_flag=True, help="Give up what is there.")
@predicted
@shared
def restore(folder: Path, kind: str, *, replace: bool, predictions: Path, place: str, log: Path, as_json: bool) -> None:
    """Put what a backup holds in its place, after checking it: the store and the event log, or the prediction log.

    They are put back apart, since the one may be damaged and the other have more than the backup.

    \b
    Example:
      interlock store restore backups/monday --replace
      interlock store restore backups/monday predictions --replace
    """
    from interlock.features import backup as library

    if kind == "predictions":
        held = library.restore_predictions(folder, predictions, replace=replace)
        say(asdict(held), as_json, [f"restored: {held.records:,} predictions"])
        return
    with opened(place, new=True) as store:
        made = library.restore(features_of(), folder, store, log, replace=replace)
    say(asdict(made), as_json, [f"restored: {_told(made)}"])


def _told(made: "Backup") -> str:
    return f"the state at position {made.position:,}, {made.records:,} records of the log"


@click.command
@predicted
@shared
def verify(predictions: Path, place: str, log: Path, as_json: bool) -> None:
    """Check every record of both logs against its hash and the chain, and that the store follows the event log.

    Exits with 6, and names the log and the first position that does not hold.

    \b
    Example:
      interlock store verify
    """
    from interlock.features import eventlog
    from interlock.features.state import State

    with opened(place) as store:
        position = State.of(features_of(), store).meta().position
    found = {folder: eventlog.verify(folder) for folder in (log, predictions)}
    events, predicted = found.values()
    lines = [f"{each.records:,} records of {folder} hold, {each.erased:,} of them erased" for folder, each in found.items()]
    say({**asdict(events), "position": position, "predictions": asdict(predicted)}, as_json, lines)
    for (folder, each), kind in zip(found.items(), KINDS, strict=True):
        if each.broken is not None:
            remedy = f"interlock store restore FOLDER {kind} --replace"
            raise ArtifactError(f"{folder}: the record at position {each.broken} is damaged: {each.reason}", remedy)
    if position > events.records:
        raise ArtifactError(
            f"the store is at position {position}, the log ends at {events.records}", "interlock store restore FOLDER --replace"
        )
