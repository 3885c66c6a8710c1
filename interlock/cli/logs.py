"""Where the logs of predictions and of events lie: the options that all verbs have that read both."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FOLDER = click.Path(path_type=Path, file_okay=False)


def placed(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--log` and `--events`."""
    log = click.option("--log", type=FOLDER, default=Path("online/predictions"), show_default=True, help="The prediction log.")
    events = click.option("--events", type=FOLDER, default=Path("online/log"), show_default=True, help="The event log.")
    return log(events(command))
