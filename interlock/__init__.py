"""interlock: a tabular model from notebook to production as one DVC project.

The one package file that is not empty: `interlock.open()` is where a notebook begins. It imports nothing until it is called.
"""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlock.notebook import Project


def open(path: str | os.PathLike[str] = ".") -> "Project":  # noqa: A001 - interlock.open() reads best
    """The project that `path` lies in, for notebooks; raises ConfigError where it lies in none."""
    from interlock.notebook import Project

    return Project.open(path)
