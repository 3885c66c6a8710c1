"""`interlock report`: what this branch changes, as Markdown for a pull request."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import click

PLACE = click.Path(path_type=Path, resolve_path=True)


@click.command
@click.option("--base", metavar="REV", help="A branch, tag or commit; without it the default branch of the remote, or main.")
@click.option("--output", metavar="FILE", type=PLACE, help="Write the Markdown to FILE instead of printing it.")
@click.option("--images", metavar="FOLDER", type=PLACE, help="Draw pictures as PNG into FOLDER, and refer to them.")
@click.option("--images-url", metavar="URL", help="Where the pictures will be found; without it they are referred to by their path.")
@click.option("--json", "as_json", is_flag=True, help="Print everything that was found as JSON.")
def report(*, base: str | None, output: Path | None, images: Path | None, images_url: str | None, as_json: bool) -> None:
    """Say what this branch changes, as Markdown for a pull request: the verdict first, then metrics, gates, slices and causes.

    Compared are the commit that is checked out and the last one that it shares with the base. Both models are measured on the test
    rows that both scored, drawn together, so the interval is that of the difference. Predictions come from the DVC cache or a remote;
    where they are not to be had it says so, and compares what lies in git. Gates against a champion are judged by the model that runs in
    prod. Exits with 0 whatever the verdict; with 2 where the two are of different use cases, with 7 where git cannot tell them apart.

    \b
    Example:
      interlock report                                   this branch against the default one
      interlock report --base flights@v1.0.0 --images pictures --output report.md
    """
    if as_json and (output or images or images_url):
        raise click.UsageError("--json goes with --base alone")
    if images_url and not images:
        raise click.UsageError("--images-url goes with --images")
    from interlock.reporting import pictures, shown
    from interlock.reporting.commits import ends
    from interlock.reporting.compared import compared

    between = ends(base)
    with _told() as say:
        found = compared(between, say)
        drawn = pictures.draw(found, images, say) if images else []
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    text = shown.markdown(found, found["kind"], pictures.places(drawn, output.parent if output else Path(), images_url))
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text)


def _write(path: Path, text: str) -> None:
    from interlock.files import write_text

    write_text(path, text)
    shown = os.path.relpath(path)
    click.echo(f"{shown}: {text.partition(chr(10))[0]}\n  → gh pr comment --body-file {shown}")


@contextmanager
def _told() -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done."""
    from rich.console import Console

    with Console(stderr=True).status("comparing", spinner="line") if sys.stderr.isatty() else nullcontext() as status:
        yield (lambda doing: status.update(f"comparing: {doing}")) if status else (lambda _: None)
