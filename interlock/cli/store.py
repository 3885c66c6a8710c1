"""`interlock store`: the online store, filled, fed, folded, and kept safe."""

import click

from interlock.cli.store_contract import contract
from interlock.cli.store_copies import backup, restore, verify
from interlock.cli.store_rows import add
from interlock.cli.store_state import fold, materialize, status


@click.group(invoke_without_command=True)
@click.pass_context
def store(context: click.Context) -> None:
    """Fill the online store, feed it, and keep it safe.

    The store holds what features need of histories and references to be computed for a request at once. Rows that come in
    are first written to an event log beside it; one process at a time writes, any number read.

    \b
    Example:
      interlock store materialize
      interlock store add flights landed.parquet
      interlock store status
    """
    if context.invoked_subcommand is None:
        from interlock.project import enter

        enter()
        click.echo(context.get_help())


for verb in (materialize, add, contract, status, fold, backup, restore, verify):
    store.add_command(verb)
