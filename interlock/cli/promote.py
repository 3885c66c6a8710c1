"""`interlock promote`: a version runs in the next stage of life."""

import click

from interlock.cli.moved import show


@click.command
@click.argument("version")
@click.option("--to", metavar="STAGE", help="The stage of life; without, the next one that does not run it.")
@click.option("--reason", default="promoted", show_default=True, help="Why, in a line; it stands in deployed.yaml.")
@click.option("--push", is_flag=True, help="Push the commit; where somebody else was first it is taken back.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def promote(version: str, to: str | None, reason: str, *, push: bool, as_json: bool) -> None:
    """Let a stage of life run a version: a commit of deployed.yaml.

    The bundle is fetched by its hash and proves itself before. A version must have run in the stage before, as usecase.stages
    orders them; to an earlier one leads only `interlock rollback`. What runs there already stays, and exits with 0.

    \b
    Example:
      interlock promote v1.2.0
      interlock promote v1.2.0 --to prod --reason "a week in staging without an alarm"
    """
    from interlock.params import load
    from interlock.releases import moves
    from interlock.releases.stages import Stages

    stages = load("usecase.stages", Stages, default=Stages())
    show(moves.promote(load("usecase.name", str), stages, version, to, reason, push=push), as_json=as_json)
