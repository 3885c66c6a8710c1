"""`interlock new`: from tables and a label to a project whose first run ends in a verdict."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.drafting.place import Made
    from interlock.drafting.plan import Choices, Note, Plan


@click.command
@click.argument("name")
@click.option("--from", "source", required=True, metavar="TABLES", help="Files, a folder, a glob in quotes, or env:VARIABLE of a database.")
@click.argument("more", nargs=-1, metavar="[TABLES]...")
@click.option("--label", metavar="[TABLE.]COLUMN", help="The column that is to be predicted.")
@click.option("--task", type=click.Choice(["binary", "multiclass", "regression"]), help="What kind of prediction it is.")
@click.option("--time", metavar="COLUMN", help="When a row is asked about; none: time plays no part.")
@click.option("--key", metavar="COLUMN[,…]", help="What tells one row from every other, beside the time.")
@click.option("--horizon", metavar="LENGTH", help="How long after that its outcome is known, such as 30d.")
@click.option("--into", type=click.Path(path_type=Path), metavar="FOLDER", help="Where to make the project; by default ./NAME.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the best guess.")
@click.option("--json", "as_json", is_flag=True, help="Ask nothing, and print JSON.")
def new(  # noqa: PLR0913 - one option each
    name: str, source: str, more: tuple[str, ...], *, label: str | None, task: str | None, time: str | None, key: str | None,
    horizon: str | None, into: Path | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Draft a use case from tables of your own.

    Looks at the tables, says what it takes each for and why, asks what it cannot tell, and writes a project that runs at once:
    the contract of each table with ranges from the data, requests and outcomes, a handful of features, a split, default gates.
    What it was not sure of is marked `# unsure` in the files. Inside an interlock project the use case joins the others there.

    Tables are Parquet, CSV, TSV or NDJSON, text also as .gz or .zip. Of a database env:VARIABLE names the environment variable
    that holds its address, and the words after it name tables, all of them where there are none.

    \b
    Example:
      interlock new churn --from customers.parquet events.parquet labels.parquet --label churned
      interlock new churn --from exports/ --yes
      interlock new churn --from env:WAREHOUSE_URI customers events labels
    """
    from interlock.drafting import drawn, given, names, place
    from interlock.drafting.plan import Choices
    from interlock.errors import ConfigError

    if wrong := names.usecase(name):
        raise ConfigError(f"{name!r} cannot name a use case: {wrong}", "take another name, such as churn")
    project = place.project_of(Path.cwd()) if into is None else None
    folder = (into or Path(name)).absolute()
    place.free(folder, name, project)
    quiet = as_json or yes
    told = {"label": label, "task": task, "time": time, "key": key, "horizon": horizon}
    choices = Choices({what: value for what, value in told.items() if value is not None}, _guess if quiet else _ask)
    with _busy(hidden=as_json) as say:
        tables = given.given([source, *more], say)
    plan = drawn.draw(name, tables, choices)
    if not as_json:
        _explain(choices.notes)
        where = f"the use case to {project}" if project else f"the project to {folder}"
        if not yes:
            with _answered(f"write {where}?"):
                click.confirm(f"\nWrite {where}?", default=True, abort=True)
    with _busy(hidden=as_json) as say:
        say("writing")
        made = place.join(project, plan) if project else place.begin(folder, plan)
    _json(plan, choices, made) if as_json else _end(plan, made)


def _guess(question: str, guess: str, options: Sequence[str]) -> str:  # noqa: ARG001 - asked alike
    return guess


def _ask(question: str, guess: str, options: Sequence[str]) -> str:
    from interlock.errors import printable

    shown = f" ({', '.join(map(printable, options[:8]))}{', …' if len(options) > 8 else ''})" if options else ""
    while True:
        with _answered(question):
            answer: str = click.prompt(f"{printable(question)}{shown}", default=guess)
        if not options or answer in options:
            return answer
        click.echo(f"{printable(answer)} is none of them")


@contextmanager
def _answered(question: str) -> Iterator[None]:
    """Raise ConfigError where a question has no answer, since nobody sits before a terminal."""
    import sys

    from interlock.errors import ConfigError

    try:
        yield
    except click.Abort:
        if sys.stdin.isatty():
            raise
        remedy = "take the best guesses: --yes; or answer beforehand: --label, --task, --time, --key, --horizon"
        raise ConfigError(f"nobody answers the question: {question}", remedy) from None


def _explain(notes: Iterable["Note"]) -> None:
    """Each guess in a line, those that were not sure with a question mark."""
    from interlock.errors import printable

    for note in notes:
        sign = click.style("·", dim=True) if note.sure else click.style("?", fg="yellow", bold=True)
        click.echo(f"{sign} {printable(note.said)}")


@contextmanager
def _busy(*, hidden: bool) -> Iterator[Callable[[object], None]]:
    """Something that turns on a terminal while the block runs, beside what the block says it is doing."""
    if hidden:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.text import Text

    from interlock.errors import printable

    with Console(stderr=True).status("reading") as status:
        yield lambda what: status.update(Text(printable(str(what))))


def _end(plan: "Plan", made: "Made") -> None:
    """What was written, what to look at, and the next command."""
    import os

    where = os.path.relpath(made.folder)
    click.echo()
    for path in made.files:
        click.echo(f"  {path}")
    for line in made.said:
        click.echo(line)
    click.secho("\nLook at", bold=True)
    click.echo(f"  usecases/{plan.name}/schema.py    what each table is taken for; each `# unsure` is a question to you")
    click.echo(f"  usecases/{plan.name}/features.py  the features: keep what makes sense, add what you know")
    click.echo(f"  conf/usecase/{plan.name}.yaml     the split, the slices, and what was left out and why")
    click.secho("\nNext", bold=True)
    if made.joined:
        model = f" -S model={plan.name}" if f"conf/model/{plan.name}.yaml" in made.files else ""
        click.echo(f"  git add . && git commit -m 'Draft {plan.name}' && dvc exp run -S usecase={plan.name}{model}")
    else:
        click.echo(f"  cd {where} && make")


def _json(plan: "Plan", choices: "Choices", made: "Made") -> None:
    import json

    notes = [{"said": note.said, "sure": note.sure} for note in choices.notes]
    told = {"name": plan.name, "folder": str(made.folder), "files": made.files, "joined": made.joined, "notes": notes, "said": made.said}
    click.echo(json.dumps(told, indent=2, ensure_ascii=True))
