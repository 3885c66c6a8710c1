"""What git says of many things at once: files of commits, pins, tags."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from interlock.git import contents, git
from interlock.lineage.code import blamed, day


def committed(objects: Iterable[str]) -> dict[str, Any]:
    """The JSON of files in git, each named by its commit and path, in one go; those that are not there are left out."""
    return {name: json.loads(content) for name, content in contents(objects).items()}


def pinned(usecase: str) -> dict[str, tuple[str, str]]:
    """When and by whom the pin of each table was last changed."""
    path = Path(f"data/sources/{usecase}.yaml")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    changes, found, table = blamed("HEAD", path.as_posix()), dict[str, tuple[int, str]](), ""
    for number, line in enumerate(lines, start=1):
        if line.endswith(":") and not line.startswith((" ", "-", "#")):
            table = line.removesuffix(":").strip("'\"")
        if table and number in changes:
            when, _, who = changes[number]
            found[table] = max(found.get(table, (0, "")), (when, who))
    return {name: (day(when), who) for name, (when, who) in found.items()}


def tagged(usecase: str) -> dict[str, tuple[str, str]]:
    """When and by whom each version of a use case was tagged."""
    told = git("for-each-ref", "--format=%(refname:short)%1f%(taggerdate:iso-strict)%1f%(taggername)", f"refs/tags/{usecase}@v*")
    return {name: (when, who) for name, when, who in (line.split("\x1f") for line in told.splitlines())}
