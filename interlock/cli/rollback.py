"""`interlock rollback`: an earlier version runs again."""

import click

from interlock.cli.moved import show


@click.command
@click.option("--stage", help="The stage of life; without, the last one.")
@click.option("--to", "version", metavar="VERSION", help="The version that is to run; without, the one that ran before.")
@click.option("--reason", required=True, help="Why, in a line; it stands in deployed.yaml and in the postmortem.")
@click.option("--push", is_flag=True, help="Push the commit; where somebody else was first it is taken back.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def rollback(stage: str | None, version: str | None, reason: str, *, push: bool, as_json: bool) -> None:
    """Let a stage of life run an earlier version again: a commit of deployed.yaml, with the draft of a postmortem.

    The earlier bundle is fetched by its hash and proves itself before anything changes. It says whether that version needs
    another state of the online store than the one that runs now.

    \b
    Example:
      interlock rollback --reason "flags half of all flights since noon"
      interlock rollback --stage staging --to v1.0.0 --reason "trying the old one again"
    """
    from datetime import UTC, datetime

    from interlock.params import load
    from interlock.releases import moves
    from interlock.releases.stages import Stages

    stages, today = load("usecase.stages", Stages, default=Stages()), datetime.now(UTC).date()
    show(moves.rollback(load("usecase.name", str), stages, stage, version, reason, today, push=push), as_json=as_json)
