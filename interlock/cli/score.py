"""`interlock score`: files of requests, scored by what runs somewhere, by a version, or by a bundle that is tried out."""

import glob
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interlock.cli.logs import placed
from interlock.cli.store_place import say
from interlock.errors import ContractError, SourceError

if TYPE_CHECKING:
    from interlock.serving.batch import Batch, Told
    from interlock.serving.known import Known
    from interlock.serving.model import Model
    from interlock.serving.snapshot import Rows

MAGIC = "*?["


@click.command
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True, type=click.Path(resolve_path=True))
@click.argument("output", type=click.Path(path_type=Path, resolve_path=True, dir_okay=False))
@click.option("--stage", help="Score with what this stage of life runs. Without: the last one that runs anything.")
@click.option("--version", help="Score with this version, deployed or not.")
@click.option("--bundle", type=click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True), help="Try this bundle: no log.")
@placed
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def score(
    inputs: tuple[str, ...],
    output: Path,
    *,
    stage: str | None,
    version: str | None,
    bundle: Path | None,
    log: Path,
    events: Path,
    as_json: bool,
) -> None:
    """Score the requests in INPUT, Parquet, CSV or JSON lines, into OUTPUT.

    INPUT is one file, several, or a glob. OUTPUT is Parquet: the key of each request, its scores, the id of its prediction
    and the version, in the order of INPUT; it is written whole or not at all. Each request is held to the contract of the
    bundle: one that breaks it goes to OUTPUT's name with .rejected.ndjson, with the reason, and the command exits with 5.

    Features are those that were known: source rows as the commit that is checked out has them, and all that the event log
    adds. Each prediction goes to the log with what made it, once: the same request, version and snapshot keep their id when
    they are scored again. Scores of a bundle that is no release say so, and stay out of the log.

    \b
    Example:
      interlock score requests.parquet scores.parquet
      interlock score "new/*.csv" scores.parquet --version v1.2.0
      interlock score requests.ndjson tried.parquet --bundle models/bundle
    """
    if sum(option is not None for option in (stage, version, bundle)) > 1:
        raise click.UsageError("--stage, --version and --bundle are three ways to say the same: give one")
    files = found(inputs)
    with ExitStack() as stack:
        batch = _tried(bundle, events) if bundle else _released(stage, version, log, events, stack)
        told = shown(batch, files, output)
    tell(batch, told, output, as_json=as_json)
    if told.rejected:
        raise ContractError(f"{told.rejected:,} requests were rejected", "the others are scored; mend these and score them")


def found(inputs: Sequence[str]) -> list[Path]:
    """The files that are named, each once; those of a glob in the order of their names."""
    named = [_globbed(each) for each in inputs]
    files = list(dict.fromkeys(Path(name) for names in named for name in sorted(names) if not Path(name).is_dir()))
    if missing := next((each for each, names in zip(inputs, named, strict=True) if not names), None):
        raise SourceError(f"no file is named like {missing}", "quote a glob, and see what it names with ls")
    if absent := next((file for file in files if not file.is_file()), None):
        raise SourceError(f"{absent} does not exist", "name a file, or a glob in quotes")
    if not files:
        raise SourceError(f"{inputs[0]} is a folder", "name its files by a glob, in quotes: 'folder/*.parquet'")
    return files


def _globbed(named: str) -> list[str]:
    if Path(named).exists() or not any(sign in named for sign in MAGIC):
        return [named]
    return glob.glob(named, recursive=True)  # noqa: PTH207 - a pattern may begin anywhere


def shown(batch: "Batch", files: Sequence[Path], output: Path) -> "Told":
    """Score, with a progress bar on a terminal."""
    from rich.progress import Progress

    with Progress(transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("scoring", total=1.0)
        return batch.score(files, output, lambda done: progress.update(bar, completed=done))


def tell(batch: "Batch", told: "Told", output: Path, *, as_json: bool) -> None:
    """Say what was done."""
    from interlock.serving.batch import rejects

    logged = batch.journal.log.folder if batch.journal else None
    said: dict[str, Any] = {
        "version": batch.version, "bundle": batch.model.bundle, "released": batch.journal is not None, "scored": told.scored,
        "rejected": told.rejected, "new": told.new, "position": batch.known.position, "output": str(output),
        "rejects": str(rejects(output)) if told.rejected else None, "first_rejected": told.first,
    }  # fmt: skip
    lines = [f"{told.scored:,} requests scored by {batch.version} into {output}"]
    if logged:
        again = f"; {told.scored - told.new:,} were made before and keep their id" if told.new < told.scored else ""
        lines.append(f"{told.new:,} new predictions in {logged}{again}")
    lines += [f"{told.rejected:,} rejected, told in {rejects(output)}"] if told.rejected else []
    lines += [f"{each['file']} row {each['row']}: {each['reason']}" for each in told.first]
    say(said, as_json, lines)


def _tried(folder: Path, events: Path) -> "Batch":
    """A bundle that is no release."""
    from interlock.serving.batch import Batch
    from interlock.serving.model import Model
    from interlock.serving.snapshot import Rows

    model = Model.open(folder)
    click.secho(f"NOT A RELEASE: scores of {folder} are for trying out; they are marked so, and not logged", fg="red", bold=True, err=True)
    return Batch(model, _known(model, Rows.checked_out(), events), f"not released: bundle {model.bundle[:12]}", None)


def _released(stage: str | None, version: str | None, log: Path, events: Path, stack: ExitStack) -> "Batch":
    """A release, whose predictions are logged."""
    from interlock.params import load
    from interlock.releases import bundles
    from interlock.serving.batch import Batch
    from interlock.serving.journal import Journal, Stamp
    from interlock.serving.model import Model
    from interlock.serving.predictions import writer
    from interlock.serving.record import Snapshot
    from interlock.serving.snapshot import Rows

    found = bundles.resolve(load("usecase.name", str), stage=stage, version=version)
    model, rows, release = Model.open(found.folder, verified=True), Rows.checked_out(), found.release
    opened = stack.enter_context(writer(log))
    known = _known(model, rows, events)
    snapshot = Snapshot(rows.commit, rows.raw, rows.quarantine, known.position, known.chain)
    stamp = Stamp("batch", release.tag, release.commit, release.bundle, model.features.fingerprint, snapshot, known.watermarks())
    return Batch(model, known, release.tag, Journal.of(opened, stamp))


def _known(model: "Model", rows: "Rows", events: Path) -> "Known":
    from interlock.serving.known import Known

    return Known.of(model.features, rows.valid(model.features), events)
