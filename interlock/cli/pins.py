"""`interlock pins`: which versions can change a byte."""

import click


@click.command
@click.option("--check", is_flag=True, help="Write nothing; exit with 6 and show the difference where pins.yaml is out of date.")
def pins(check: bool) -> None:
    """Write pins.yaml from requirements.txt.

    Lists for each stage the locked versions that can change a byte of what it writes, as parameters that DVC watches.

    \b
    Example:
      interlock pins            after a change of requirements.txt or of a stage's imports
      interlock pins --check    in CI
    """
    from interlock import pins as library

    if check:
        library.check()
        click.echo("pins.yaml is up to date")
    else:
        click.echo("pins.yaml is written" if library.write() else "pins.yaml is up to date")
