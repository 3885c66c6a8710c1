"""Where the project is: the nearest folder, from here upwards, that holds a dvc.yaml."""

import os
import sys
from pathlib import Path

from interlock import swaps
from interlock.errors import ConfigError

GRAPH = Path("dvc.yaml")
SCRATCH = Path(".interlock")


def root(start: Path | None = None) -> Path:
    """The project's folder, from `start` upwards; raises ConfigError where there is none."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / GRAPH).is_file():
            return folder
    raise ConfigError(f"{here} is not in an interlock project: no {GRAPH} here or in a folder above", "cd into the project, and run again")


def enter() -> None:
    """Make the project's folder the current one: every path of the library is relative to it.

    A change of several of its files that was interrupted is undone.
    """
    os.chdir(root())
    if swaps.undo():
        print("note: a change that was interrupted is undone: run its command again", file=sys.stderr)
