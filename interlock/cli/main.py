"""The command line: verbs by name, each in a thin module that is imported when it is asked for."""

import os
import sys
from copy import copy
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from interlock.errors import UNREAD, guard, unread

VERBS = {
    "Build": {
        "new": "interlock.cli.new:new",
        "run": "interlock.cli.run:run",
        "compose": "interlock.cli.compose:compose",
        "refresh": "interlock.cli.refresh:refresh",
        "upgrade": "interlock.cli.upgrade:upgrade",
    },
    "Look": {
        "features": "interlock.cli.features:features",
        "explain": "interlock.cli.explain:explain",
        "stress": "interlock.cli.stress:stress",
        "quarantine": "interlock.cli.quarantine:quarantine",
        "evaluate": "interlock.cli.evaluate:evaluate",
        "gates": "interlock.cli.gates:gates",
        "report": "interlock.cli.report:report",
        "catalog": "interlock.cli.catalog:catalog",
    },
    "Experiment": {
        "sweep": "interlock.cli.sweep:sweep",
        "adopt": "interlock.cli.adopt:adopt",
    },
    "Release": {
        "release": "interlock.cli.release:release",
        "promote": "interlock.cli.promote:promote",
        "rollback": "interlock.cli.rollback:rollback",
        "deployed": "interlock.cli.deployed:deployed",
    },
    "Serve": {
        "score": "interlock.cli.score:score",
        "store": "interlock.cli.store:store",
        "erase": "interlock.cli.erase:erase",
    },
    "Prove": {
        "trace": "interlock.cli.trace:trace",
        "replay": "interlock.cli.replay:replay",
        "prove": "interlock.cli.prove:prove",
        "parity": "interlock.cli.parity:parity",
        "pins": "interlock.cli.pins:pins",
        "check": "interlock.cli.check:check",
    },
}
ANYWHERE = {"new"}
PLACES = {verb: place for verbs in VERBS.values() for verb, place in verbs.items()}


class Verbs(click.Group):
    """A group whose commands stand in VERBS, and run in the project's folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return command(cmd_name) if cmd_name in PLACES else None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # click would end with 1
            if unread(error):
                sys.exit(UNREAD)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, PLACES))
        for title, verbs in VERBS.items():
            with formatter.section(title):
                formatter.write_dl([(verb.ljust(width), command(verb).get_short_help_str(limit=100)) for verb in verbs])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="interlock", message="interlock %(version)s")
def interlock() -> None:
    """A tabular model from notebook to production as one DVC project.

    Each command answers --help with an example. `make` is `interlock run`, after the environment is set up.
    """


@cache
def command(verb: str) -> click.Command:
    """The command of `verb`, as one that enters the project's folder before it runs."""
    module, _, name = PLACES[verb].partition(":")
    found = copy(getattr(import_module(module), name))
    if isinstance(found, click.Group):
        found.commands = {each: _in_project(inner) for each, inner in found.commands.items()}
        return found
    return found if verb in ANYWHERE else _in_project(found)


def start() -> None:
    """Run the command line's words, and exit; usage errors exit with 2 as click's do."""
    if sys.stdin is None:  # closed by who started the process: there is nothing to read
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - open to the end, as standard input is
    try:
        sys.exit(interlock.main(standalone_mode=False))
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


def main() -> None:
    guard(start)


def _in_project(found: click.Command) -> click.Command:
    """A copy of a command that runs in the project's folder; the command itself, which tests call, stays as it is."""
    made, callback = copy(found), found.callback

    @wraps(callback or found.invoke)
    def inside(*arguments: Any, **options: Any) -> Any:
        from interlock.project import enter

        enter()
        return callback(*arguments, **options) if callback else None

    made.callback = inside
    return made


if __name__ == "__main__":
    main()
