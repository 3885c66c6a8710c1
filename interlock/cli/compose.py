"""`interlock compose`: params.yaml from conf/."""

import click

SHOWN = 8


@click.command
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 and show the difference where params.yaml is out of date.")
def compose(check: bool) -> None:
    """Write params.yaml from conf/.

    Composes the choices of conf/config.yaml into params.yaml, checks every key and type, and says what changed.

    \b
    Example:
      interlock compose            after an edit in conf/
      interlock compose --check    in CI
    """
    from interlock import compose as library

    if check:
        library.check()
        click.echo("params.yaml is what conf/ composes to")
        return
    keys = library.write(library.compose())
    click.echo(f"params.yaml: {spoken(keys)} changed" if keys else "params.yaml is up to date")


def spoken(keys: list[str]) -> str:
    """The keys in words: the first few, and how many more."""
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more
