"""`interlock catalog`: datasets, features and models."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from interlock.lineage.entries import Found

KINDS = ("datasets", "features", "models")


@click.command
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--kind", type=click.Choice(KINDS), help="One of the three alone.")
@click.option("--owner", metavar="OWNER", help="What this owner answers for.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def catalog(names: tuple[str, ...], kind: str | None, owner: str | None, as_json: bool) -> None:
    """List datasets, features and models: owner, description, state, and what depends on what.

    Of datasets how fresh they are against what was promised, when their pin last changed, rows and rows set aside; of features
    where they come from, their rank in the model and the releases that have them as declared now; of models how good they are
    and where they run. NAME keeps what has it in its name. Reads files and git, and changes nothing.

    \b
    Example:
      interlock catalog                       everything
      interlock catalog delay --kind features features about delays
      interlock catalog --json                for a program
    """
    from datetime import UTC, datetime

    from interlock.lineage.catalogue import look

    found = _kept(look(datetime.now(UTC)), names, kind, owner)
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        from interlock.cli.catalog_table import show

        show(found, asked=bool(names or owner))


def _kept(found: "Found", names: tuple[str, ...], kind: str | None, owner: str | None) -> "Found":
    """What of the catalog was asked for."""
    import msgspec

    def mine(name: str, of: str) -> bool:
        return (not names or any(part.casefold() in name.casefold() for part in names)) and owner in (None, of)

    return msgspec.structs.replace(
        found,
        datasets=tuple(each for each in found.datasets if kind in (None, "datasets") and mine(each.name, each.owner)),
        features=tuple(each for each in found.features if kind in (None, "features") and mine(each.name, each.owner)),
        models=tuple(each for each in found.models if kind in (None, "models") and mine(each.version, each.owner)),
        notes=found.notes if kind in (None, "models") else (),
    )
