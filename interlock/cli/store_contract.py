"""`interlock store contract`: what requests, or the rows of a table, are held to."""

import json

import click

from interlock.cli.store_place import features_of
from interlock.errors import ConfigError, listed


@click.command
@click.argument("table", default="requests")
def contract(table: str) -> None:
    """Print the contract of requests, or of the rows of a TABLE, as JSON Schema.

    It is what `interlock store add` and the service hold rows to, and any validator of JSON Schema (draft 2020-12) reads it.

    \b
    Example:
      interlock store contract
      interlock store contract flights
    """
    from interlock.features import contracted

    features = features_of()
    known = contracted.names(features)
    if table not in known:
        raise ConfigError(f"{listed([table])} has no contract", f"there is one of: {', '.join(known)}")
    click.echo(json.dumps(contracted.schema(features, table), indent=2, ensure_ascii=True))
