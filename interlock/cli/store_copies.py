"""`interlock store backup`, `restore` and `verify`: the store and its log kept safe."""

from dataclasses import asdict
from pathlib import Path

import click

from interlock.cli.store_place import features_of, opened, say, shared
from interlock.errors import ArtifactError


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@shared
def backup(folder: Path, place: str, log: Path, as_json: bool) -> None:
    """Copy the state and the log to a new FOLDER, and check the copy.

    An LMDB store may be read and written meanwhile; for another one writers have to wait.

    \b
    Example:
      interlock store backup backups/monday
    """
    from interlock.features import backup as library

    with opened(place) as store:
        made = library.backup(features_of(), store, log, folder)
    say(asdict(made), as_json, [f"{folder}: the state at position {made.position:,}, {made.records:,} records of the log"])


@click.command
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="Give up what the store and the log hold.")
@shared
def restore(folder: Path, replace: bool, place: str, log: Path, as_json: bool) -> None:
    """Put a backup in the place of the store and the log, after checking both.

    \b
    Example:
      interlock store restore backups/monday --replace
    """
    from interlock.features import backup as library

    with opened(place, new=True) as store:
        made = library.restore(features_of(), folder, store, log, replace=replace)
    say(asdict(made), as_json, [f"restored: the state at position {made.position:,}, {made.records:,} records of the log"])


@click.command
@shared
def verify(place: str, log: Path, as_json: bool) -> None:
    """Check every record of the log against its hash and the chain, and that the store follows it.

    Exits with 6, and names the first position that does not hold.

    \b
    Example:
      interlock store verify
    """
    from interlock.features import eventlog
    from interlock.features.state import State

    with opened(place) as store:
        position = State.of(features_of(), store).meta().position
    verdict = eventlog.verify(log)
    say({**asdict(verdict), "position": position}, as_json, [f"{verdict.records:,} records hold, {verdict.erased:,} of them erased"])
    if verdict.broken is not None:
        raise ArtifactError(
            f"{log}: the record at position {verdict.broken} is damaged: {verdict.reason}", "interlock store restore FOLDER"
        )
    if position > verdict.records:
        raise ArtifactError(f"the store is at position {position}, the log ends at {verdict.records}", "interlock store restore FOLDER")
